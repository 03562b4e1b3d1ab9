"""Runs of locust against a server of work."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec

from patternproof.adapter import Adapter
from patternproof.binding.wire import Wire
from patternproof.load import VERSION
from patternproof.load.messages import INSTANCE, WANTED, Result, Wanted
from patternproof.outcome import AdapterError, KitError, NotApplicable, NotOffered, Outcome, Status, Unavailable, Way
from patternproof.patterns import PATTERNS
from patternproof.ports import Unsupported
from patternproof.requirements import Requirement, catalogue

USERS = {"connection_pool": 30}
"""Users of a scenario that needs so many for its requirements to be exercised at all."""
USUAL_USERS = 12
SECONDS = 8.0
"""Of a short run."""
LONGEST_START = 60.0
"""Real seconds in which a server has to say where it listens."""
LONGEST_END = 60.0
"""Real seconds beyond its time that a run may take."""
STOP = 25
"""Real seconds in which users finish what they are about."""
LAST_LINES = 20


@dataclass(frozen=True, slots=True)
class Load:
    """What a load run is asked for."""

    users: int | None = None
    """None: as many as the scenario needs."""
    seconds: float = SECONDS
    rate: float = 0.0
    profile: str = "steady"
    seed: int = 0
    locust: tuple[str, ...] = ()
    """Further arguments of locust's own."""
    quiet: bool = False
    web: bool = False


def scenarios(offered: Iterable[str]) -> list[str]:
    """Those of the patterns that there is a load scenario for."""
    return [stem for stem in offered if stem in PATTERNS and _file(stem) is not None]


def _file(stem: str) -> Path | None:
    found = find_spec(f"patternproof.loadtests.{stem}")
    return Path(found.origin) if found is not None and found.origin else None


def require() -> None:
    """Refuse to begin without what load needs.

    Raises:
        Unavailable: locust, or what serves, is not installed.
    """
    for name in ("locust", "hdrh", "faker", "litestar", "granian"):
        if find_spec(name) is None:
            raise Unavailable(f"load needs {name}: pip install 'patternproof[load]'")


@contextmanager
def serving(spec: str) -> Iterator[str]:
    """The address of a server of an adapter's work, started for the scope.

    Raises:
        AdapterError: it does not start; its last output.
    """
    with tempfile.TemporaryFile("w+") as output:
        command = [sys.executable, "-m", "patternproof.load", spec]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, text=True, start_new_session=True)
        try:
            yield _address(process, output, spec)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _address(process: subprocess.Popen[str], output: Any, spec: str) -> str:
    heard: list[str] = []
    assert process.stdout is not None
    reader = Thread(target=lambda: heard.append(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]  # as above
    reader.start()
    reader.join(LONGEST_START)
    if heard and heard[0].startswith("http"):
        return heard[0].strip()
    output.seek(0)
    last = output.read().strip().splitlines()[-LAST_LINES:]
    raise AdapterError("\n".join([f"{spec}: the server did not start; its last output:", *(last or ["(none)"])]))


def description(address: str) -> dict[str, Any]:
    """What a server of work says that it is.

    Raises:
        AdapterError: nothing answers there, or something else.
    """
    told = Wire(address).ask("GET", "/", None, dict[str, Any])
    if told.get("work") != VERSION:
        raise AdapterError(
            f"{address}: expected a server of work of version {VERSION}, such as `python -m patternproof.load ADAPTER`"
        )
    return told


def performed(address: str, stem: str, load: Load) -> Result:
    """Let locust's users loose on a server of work.

    Raises:
        AdapterError: nothing answers there, or the implementation cannot be made.
        KitError: locust ended without a result; its last output.
    """
    try:
        Wire(address).ask("POST", "/instances", {"pattern": stem, "instance": INSTANCE}, dict[str, Any])
    except Unsupported as error:
        return Result(stem, 0, 0, 0.0, 0.0, {}, [], [], 0, refused=str(error.args[0]))
    users = load.users or USERS.get(stem, USUAL_USERS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        wanted = Wanted(str(path), load.profile, load.seconds, load.rate, load.seed)
        environment = os.environ | {WANTED: msgspec.json.encode(wanted).decode()}
        output = None if load.web else subprocess.PIPE
        # What locust would print as a summary is told otherwise.
        command = [*_locust(stem, users, load), "--json-file", str(Path(folder) / "locust"), "--host", address, *load.locust]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=None if not load.quiet else output, text=True)
        try:
            told, noise = process.communicate(timeout=None if load.web else load.seconds + STOP + LONGEST_END)
        except BaseException:  # Ctrl-C above all: locust has heard it too, and writes what it has
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=STOP + LONGEST_END)
            if not path.exists():
                raise
            return msgspec.structs.replace(msgspec.json.decode(path.read_bytes(), type=Result), interrupted=True)
        if not path.exists():
            last = [*(told or "").splitlines(), *(noise or "").splitlines()][-LAST_LINES:]
            raise KitError("\n".join([f"locust ended with {process.returncode} and without a result; its last output:", *last]))
        return msgspec.json.decode(path.read_bytes(), type=Result)


def _locust(stem: str, users: int, load: Load) -> list[str]:
    file = _file(stem)
    assert file is not None, "it is one of `scenarios`"
    command = [sys.executable, "-m", "locust", "-f", str(file), "-u", str(users), "-r", str(users), "-t", f"{load.seconds:g}"]
    return [*command, "-s", str(STOP), "--loglevel", "WARNING", *(() if load.web else ("--headless", "--only-summary"))]


def outcomes(result: Result, claims: Collection[str] | None = None, replay: str = "") -> list[Outcome]:
    """What a run says of each requirement that load exercises.

    Args:
        result: of the run.
        claims: leave out what promises anything else; None: leave out nothing.
        replay: the command that shows it again.
    """
    said = {each.requirement: each for each in result.said}
    if result.refused:
        return [Outcome(each.id, Way.LOAD, Status.NOT_OFFERED, result.refused) for each in _concerned(result, claims)]
    found = []
    for requirement in _concerned(result, claims):
        each = said.get(requirement.id)
        if each is None or not each.times:
            what = "; ".join(result.faults[:1])
            message = "the load never came to where it could be broken" + (f"; requests failed: {what}" if what else "")
            found.append(Outcome(requirement.id, Way.LOAD, Status.NOT_EXERCISED, message))
        else:
            status, again = (Status.FAILED, replay) if each.message else (Status.PASSED, "")
            found.append(Outcome(requirement.id, Way.LOAD, status, each.message, each.evidence, each.times, again))
    return found


def _concerned(result: Result, claims: Collection[str] | None) -> list[Requirement]:
    concerned = [each for each in catalogue().values() if each.pattern == result.scenario and Way.LOAD in each.ways]
    return [each for each in concerned if claims is None or each.claim is None or each.claim in claims]


def run_load(
    adapter: Adapter, stem: str, profile: str, seed: int | None, measured: Callable[[Result], None] | None = None
) -> list[Outcome]:
    """A short load on one pattern, as part of a run.

    Args:
        adapter: of the implementation.
        stem: the pattern's.
        profile: of the run; a load is as short in each.
        seed: of the run.
        measured: told what was found.

    Raises:
        NotOffered: there is no load scenario for it.
        NotApplicable: the implementation is behind the HTTP binding.
        Unavailable: what load needs is not installed.
        AdapterError: the server does not start.
    """
    if adapter.remote is not None:
        raise NotApplicable("load needs a server of work; see docs/load.md")
    if _file(stem) is None:
        raise NotOffered(f"there is no load scenario for {PATTERNS[stem].title} yet")
    require()
    with serving(adapter.spec) as address:
        wanted = Load(seed=seed or 0, quiet=True)
        result = performed(address, stem, wanted)
    if measured is not None:
        measured(result)
    return outcomes(result, replay=replay(adapter.spec, [stem], wanted))


def replay(spec: str, stems: Iterable[str], load: Load) -> str:
    """The command that shows it again; without stems, all scenarios."""
    scenarios = [word for stem in stems for word in ("--scenario", stem)]
    words = ["patternproof", "load", "--adapter", spec, *scenarios, "--time", f"{load.seconds:g}"]
    words += ["--users", str(load.users)] if load.users is not None else []
    words += ["--open", f"{load.rate:g}"] if load.rate else []
    words += ["--profile", load.profile] if load.profile != Load().profile else []
    words += ["--seed", str(load.seed)] if load.seed else []
    return shlex.join([*words, *(["--", *load.locust] if load.locust else [])])
