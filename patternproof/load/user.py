"""What the users of all scenarios share."""

from __future__ import annotations

import time
from typing import Any

import gevent
import msgspec
from locust import FastHttpUser, constant

from patternproof.load.session import Session

INTERVAL = 0.05
"""Real seconds between two looks at whether it is known when requests are due."""
_encode = msgspec.json.Encoder().encode


class Working(FastHttpUser):
    """Asks for one piece of work after the other; of each what became of it is gathered."""

    abstract = True
    wait_time = constant(0)
    arrives = False
    """Whether its requests come at the times that the open model has set, where it is asked for."""
    session: Session

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.session = Session.of(environment)
        self._due: float | None = None

    def on_start(self) -> None:
        """Wait for the first time that it is due."""
        if self.arrives and self.session.wanted.rate:
            self.wait_time = self._until_due  # type: ignore[method-assign]  # locust asks the user itself
            gevent.sleep(self._until_due())

    def _until_due(self) -> float:
        """Seconds until the next piece of work is due; 0: that was before."""
        while self.session.arrivals is None:  # a worker's master tells it of its share
            gevent.sleep(INTERVAL)
        self._due = self.session.arrivals.following()
        return max(0.0, self._due - time.perf_counter())

    def work(self, work: str, **piece: Any) -> dict[str, Any]:
        """Have a piece of work done, and give what became of it; empty where the server failed."""
        body = _encode({"work": work, **piece})
        sent = time.perf_counter()
        due, self._due = self._due or sent, None
        done: dict[str, Any] = {}
        headers = {"content-type": "application/json"}
        client: Any = self.client
        with client.post(self.session.path, data=body, name=work, headers=headers, catch_response=True) as answer:
            over = time.perf_counter()
            if answer.status_code != 200 or answer.content is None:
                answer.failure(f"{answer.status_code}: {(answer.text or '')[:200]}")
                self.session.fail(work, f"{answer.status_code}: {(answer.text or answer.error or '')}"[:200])
            else:
                answer.success()
                done = msgspec.json.decode(answer.content)
        self.session.take(done, over - sent, over - min(due, sent), self.arrives)
        return done
