"""A circuit breaker for many processes, over Redis.

Every decision is one script, which Redis runs whole: nothing comes between its reading and its writing. Durations are measured by
the clock of the store, so that the clocks of the processes do not matter.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar
from uuid import uuid4

import redis
from redis.asyncio import Redis

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

T = TypeVar("T")
_MICROSECONDS: Final = 1_000_000
_RENEWALS: Final = 3
"""How often in a lease it is renewed: two may be late or lost."""

# A circuit is a hash of `state`, `generation`, `opened_at` (microseconds), `failures` and `successes`; beside it a sorted set has
# the probes in flight, by the time at which their leases run out.
_COMMON: Final = """
local circuit, probes = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local state = redis.call('HGET', circuit, 'state') or 'closed'
local generation = tonumber(redis.call('HGET', circuit, 'generation') or 0)

local function move(to)
  state, generation = to, generation + 1
  redis.call('HSET', circuit, 'state', to, 'generation', generation, 'opened_at', now, 'failures', 0, 'successes', 0)
  redis.call('DEL', probes)
end
"""

# ARGV: call, reset_timeout, half_open_max_calls. Gives the generation that admits the call, or -1 and how long to wait.
_ADMIT: Final = f"""{_COMMON}
local call, timeout, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if state == 'open' then
  local left = redis.call('HGET', circuit, 'opened_at') + timeout - now
  if left > 0 then return {{-1, left}} end
  move('half_open')
end
if state == 'half_open' then
  redis.call('ZREMRANGEBYSCORE', probes, '-inf', now)
  if redis.call('ZCARD', probes) >= most then return {{-1, 0}} end
  redis.call('ZADD', probes, now + timeout, call)
end
return {{generation, 0}}
"""

# ARGV: call, its generation, success | failure | nothing, failure_threshold, success_threshold.
_FINISH: Final = f"""{_COMMON}
local call, admitted, outcome, failures, successes = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('ZREM', probes, call)
if admitted ~= generation then return end
if state == 'closed' and outcome == 'success' then
  redis.call('HSET', circuit, 'failures', 0)
elseif state == 'closed' and outcome == 'failure' then
  if redis.call('HINCRBY', circuit, 'failures', 1) >= failures then move('open') end
elseif state == 'half_open' and outcome == 'failure' then
  move('open')
elseif state == 'half_open' and outcome == 'success' then
  if redis.call('HINCRBY', circuit, 'successes', 1) >= successes then move('closed') end
end
"""

# ARGV: call, lease.
_RENEW: Final = f"""{_COMMON}
redis.call('ZADD', probes, 'XX', now + ARGV[2], ARGV[1])
"""

_log = logging.getLogger(__name__)


class SharedCircuitBreaker:
    """One circuit for all breakers of one name over one Redis.

    Failures are counted over all processes. A call's outcome counts only in the generation that admitted it; each transition
    begins a new one. A probe holds its slot by a lease of reset_timeout, renewed while it runs, so that the slot of a process
    that died comes free.

    Args:
        address: of Redis, as its clients take it.
        name: of the circuit; begins the names of its two keys.
        settings: see `CircuitBreakerSettings`; consecutive failures alone are counted.

    Raises:
        ValueError: settings ask for a failure rate.
    """

    def __init__(self, address: str, name: str, settings: CircuitBreakerSettings) -> None:
        if settings.failure_rate is not None:
            raise ValueError(
                f"failure_rate must be None, got {settings.failure_rate!r}: a shared circuit counts consecutive failures"
            )
        self._settings = settings
        self._timeout = int(settings.reset_timeout * _MICROSECONDS)
        self._keys = [f"{name}:circuit", f"{name}:probes"]
        self._store = Redis.from_url(address)
        self._reader = redis.Redis.from_url(address)
        self._admit, self._finish, self._renew = map(self._store.register_script, (_ADMIT, _FINISH, _RENEW))

    @property
    def state(self) -> CircuitState:
        """The state now, by a round trip that blocks: the port's is no coroutine."""
        stored: Any = self._reader.hget(self._keys[0], "state")
        return CircuitState.CLOSED if stored is None else CircuitState(stored.decode())

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Run ``operation()`` or reject the call.

        Raises:
            CircuitOpenError: the operation was not run; ``retry_after`` is 0.0 where only the probes in flight are waited for.
            redis.RedisError: Redis cannot be asked; the operation was not run.
            Exception: whatever the operation raised, the very same object.
        """
        call = uuid4().hex
        generation = await self._admitted(call)
        try:
            async with self._leased(call):
                result = await operation()
        except BaseException as error:
            await self._finished(call, generation, self._outcome(error))
            raise
        await self._finished(call, generation, "success")
        return result

    async def close(self) -> None:
        """Close the connections to Redis."""
        self._reader.close()
        await self._store.aclose()

    async def _admitted(self, call: str) -> int:
        arguments: list[str | int] = [call, self._timeout, self._settings.half_open_max_calls]
        try:
            generation, left = await _undisturbed(self._admit(self._keys, arguments))
        except asyncio.CancelledError:
            await self._finished(call, -1, "nothing")  # it may have a probe's slot by now
            raise
        if generation < 0:
            raise CircuitOpenError(left / _MICROSECONDS)
        return int(generation)

    async def _finished(self, call: str, generation: int, outcome: str) -> None:
        arguments: list[str | int] = [
            call,
            generation,
            outcome,
            self._settings.failure_threshold,
            self._settings.success_threshold,
        ]
        try:
            await _undisturbed(self._finish(self._keys, arguments))
        except redis.RedisError:
            _log.exception("a %s is not counted", outcome)  # what the operation gave matters more

    def _outcome(self, error: BaseException) -> str:
        ignored = not isinstance(error, Exception) or isinstance(error, self._settings.ignored_errors)
        return "nothing" if ignored else "failure"

    @asynccontextmanager
    async def _leased(self, call: str) -> AsyncIterator[None]:
        """A scope in which the call's lease, if it is a probe's, is renewed."""
        renewing = asyncio.create_task(self._renew_for_ever(call))
        try:
            yield
        finally:
            renewing.cancel()

    async def _renew_for_ever(self, call: str) -> None:
        while True:
            await asyncio.sleep(self._settings.reset_timeout / _RENEWALS)
            with suppress(redis.RedisError):  # the next time may go better
                await self._renew(self._keys, [call, self._timeout])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._keys[0].rpartition(':')[0]!r}>"


async def _undisturbed(work: Coroutine[Any, Any, T]) -> T:
    """Let work go to its end, and only then take notice of a cancellation."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
