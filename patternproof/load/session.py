"""One run of locust, as each process sees it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
import msgspec
from locust import events
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, MasterRunner, WorkerRunner

from patternproof.load.arrivals import Arrivals
from patternproof.load.evidence import Said
from patternproof.load.latency import Latencies, at, summed_up
from patternproof.load.messages import INSTANCE, WANTED, Result, Wanted
from patternproof.outcome import AdapterError
from patternproof.patterns import PATTERNS
from patternproof.ports import Unsupported

INTERVAL = 1.0
"""Real seconds between two looks at the evidence."""
RESTS = 20.0
"""How many times as long as it has looked it rests: there is ever more to look at, and the users are to have the time."""
LONGEST_ENDING = 30.0
"""Real seconds that the last pieces of work may take."""
SHARE = "patternproof-share"
"""What a master tells each worker: its part of the rate of arrivals, and a seed."""
OF_THE_KIT = "patternproof"
MOST_FAULTS = 20
"""Failed requests that are told of, each."""


def wanted() -> Wanted:
    """What the run is to be."""
    return msgspec.json.decode(os.environ.get(WANTED, "{}"), type=Wanted)


class Session:
    """What one process has seen; on the master, what all have.

    Args:
        environment: of locust.
        stem: the pattern's.
    """

    def __init__(self, environment: Any, stem: str) -> None:
        self.wanted = wanted()
        self.stem = stem
        self.path = f"/instances/{INSTANCE}/work"
        self.arrivals: Arrivals | None = None
        self._environment = environment
        self._scenario = PATTERNS[stem].scenarios("load")
        self._evidence: Any = self._scenario.Evidence()
        self._latencies = Latencies()
        self._told: dict[str, Said] = {}
        self._faults: list[str] = []
        self._seconds: dict[int, list[float]] = {}
        """Response times by second."""
        self._began = self._ended = 0.0
        self._lost: set[str] = set()
        """Workers that are heard of no more."""
        self._over = False
        self.broken = False
        """Whether the run is to end, since a requirement is broken; its shape sees to that."""

    @staticmethod
    def of(environment: Any) -> Session:
        """The session of an environment."""
        found: Session = environment.patternproof
        return found

    # What users tell

    def take(self, done: dict[str, Any], service: float, response: float, counts: bool) -> None:
        """Gather what became of a piece of work.

        Args:
            done: as the server tells it.
            service: seconds from sending to answer.
            response: seconds from when it was due.
            counts: whether its latency is looked at.
        """
        self._add(done)
        if counts:
            self._latencies.record(service, response)
            self._seconds.setdefault(int(time.time()), []).append(response)

    def _add(self, done: dict[str, Any]) -> None:
        more = msgspec.convert(done, self._scenario.Evidence)
        for name in more.__struct_fields__:
            getattr(self._evidence, name).extend(getattr(more, name))

    def fail(self, work: str, fault: str) -> None:
        """Note that the server did not do a piece of work."""
        if len(self._faults) < MOST_FAULTS:
            self._faults.append(f"{work}: {fault}")

    # Begin and end

    def begin(self) -> None:
        """Make what is worked with, and look at the evidence from now on; in a worker, only begin."""
        self._began = time.perf_counter()
        runner = self._environment.runner
        if isinstance(runner, MasterRunner):  # Poisson processes add up to one of the sum of their rates
            for number, worker in enumerate(runner.clients):
                share = {"rate": self.wanted.rate / len(runner.clients), "seed": self.wanted.seed + number}
                runner.send_message(SHARE, share, worker)
        elif not self._is_worker:
            self.arrive(self.wanted.rate, self.wanted.seed)
        if self._is_worker:
            return
        if not self.wanted.result:  # otherwise it is there already
            self._ask("POST", "/instances", {"pattern": self.stem, "instance": INSTANCE})
        gevent.spawn(self._watch)

    def arrive(self, rate: float, seed: int) -> None:
        """Let requests come at times of their own."""
        self.arrivals = Arrivals(rate, time.perf_counter(), seed) if rate else None

    @property
    def _is_worker(self) -> bool:
        return isinstance(self._environment.runner, WorkerRunner)

    def _watch(self) -> None:
        rest = INTERVAL
        while not self._over:
            gevent.sleep(rest)
            began = time.perf_counter()
            if self._judged():
                self.broken = True
                return
            self._show()
            self._look_for_workers()
            rest = max(INTERVAL, RESTS * (time.perf_counter() - began))

    def _judged(self) -> bool:
        """Judge what there is; whether anything is broken."""
        for each in self._scenario.judge(self._evidence):
            if not self._told.get(each.requirement, each).message or each.message:
                self._told[each.requirement] = each
        return any(each.message for each in self._told.values())

    def _show(self) -> None:
        stats, seconds = self._environment.stats.total, time.perf_counter() - self._began
        users = self._environment.runner.user_count
        slow = at(self._latencies.response, 99.0) * 1000 if self._latencies.count else 0.0
        line = f"{seconds:4.0f} s  {users:3} users  {stats.current_rps:7.0f} requests/s  p99 {slow:7.1f} ms"
        sys.stderr.write(f"{line}\n")

    def _look_for_workers(self) -> None:
        missing = {node.id for node in getattr(getattr(self._environment.runner, "clients", None), "missing", ())}
        for worker in sorted(missing - self._lost):
            sys.stderr.write(f"worker {worker} is lost: what it had not reported yet is missing\n")
        self._lost |= missing

    def end(self) -> None:
        """Do the last pieces of work, judge all, and write what was found."""
        self._ended = time.perf_counter()
        self._over = True
        if self._is_worker or not self._began:
            return
        if self._environment.runner.state not in (STATE_STOPPED, STATE_STOPPING, STATE_CLEANUP):  # Ctrl-C
            self._environment.runner.stop()
        with suppress(AdapterError, Unsupported):  # it is gone, and that was told of
            for piece in () if any(each.message for each in self._told.values()) else getattr(self._scenario, "AFTER", ()):
                self._add(self._ask("POST", self.path, piece))
            self._judged()
            self._ask("DELETE", f"/instances/{INSTANCE}", None)
        if self.wanted.result:
            Path(self.wanted.result).write_bytes(msgspec.json.encode(self.result()))

    def result(self) -> Result:
        """What was found."""
        total, seconds = self._environment.stats.total, max(1e-9, self._ended - self._began)
        return Result(
            scenario=self.stem,
            requests=total.num_requests,
            failed=total.num_failures,
            seconds=seconds,
            throughput=total.num_requests / seconds,
            latencies=self._latencies.percentiles() if self._latencies.count else {},
            said=sorted(self._told.values()),
            faults=self._faults,
            lost=len(self._lost),
            users=self._environment.parsed_options.num_users or 0,
            rate=self.wanted.rate,
            profile=self.wanted.profile,
            timeline=[summed_up(second - min(self._seconds), times) for second, times in sorted(self._seconds.items())],
            histogram=self._latencies.bins() if self._latencies.count else {},
        )

    def _ask(self, method: str, path: str, message: Any) -> dict[str, Any]:
        """Ask the server as no user does: it is in no statistics."""
        from patternproof.binding.wire import Wire

        wire = Wire(self._environment.host, LONGEST_ENDING)
        try:
            return wire.ask(method, path, message, dict[str, Any])
        finally:
            wire.close()

    # Workers and their master

    def send(self, data: dict[str, Any]) -> None:
        """Put what a worker has seen into its report."""
        gathered = msgspec.to_builtins(self._evidence)
        self._evidence = self._scenario.Evidence()
        seconds, self._seconds = self._seconds, {}
        faults, self._faults = self._faults, []
        data[OF_THE_KIT] = [gathered, self._latencies.taken(), list(seconds.items()), faults]

    def receive(self, data: dict[str, Any]) -> None:
        """Take in what a worker has reported."""
        gathered, latencies, seconds, faults = data.get(OF_THE_KIT) or ({}, None, [], [])
        self._add(gathered)
        if latencies is not None:
            self._latencies.add(*latencies)
        for second, times in seconds:
            self._seconds.setdefault(int(second), []).extend(times)
        self._faults = [*self._faults, *faults][:MOST_FAULTS]


def begins(stem: str) -> None:
    """Hold what locust's users do to a pattern's requirements; called by a scenario's file, once."""

    @events.init.add_listener  # type: ignore[untyped-decorator]  # locust's, as below
    def initialise(environment: Any, **_: Any) -> None:
        session = environment.patternproof = Session(environment, stem)
        if isinstance(environment.runner, MasterRunner):
            environment.events.worker_report.add_listener(lambda client_id, data: session.receive(data))
        elif isinstance(environment.runner, WorkerRunner):
            environment.events.report_to_master.add_listener(lambda client_id, data: session.send(data))
            environment.runner.register_message(SHARE, lambda environment, msg, **_: session.arrive(**msg.data))

    @events.test_start.add_listener  # type: ignore[untyped-decorator]  # as above
    def start(environment: Any, **_: Any) -> None:
        Session.of(environment).begin()

    @events.quitting.add_listener  # type: ignore[untyped-decorator]  # as above
    def stop(environment: Any, **_: Any) -> None:
        Session.of(environment).end()  # not at `test_stop`: a master's comes before its workers have stopped
