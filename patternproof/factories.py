"""Calling an adapter's factories, and cleaning up after them."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patternproof.drivers import Driver, Hang, Raised
from patternproof.flavour import plainly, resolved
from patternproof.outcome import AdapterError, KitError, NotOffered, NoVerdict
from patternproof.ports import Unsupported

CleanUp = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Factory:
    """One factory of an adapter module."""

    function: Callable[..., Any]
    pattern: str
    runtime: str
    file: str
    then: Callable[[], Any] | None = None
    """What is done as soon as it has returned, before anything else can happen; None: nothing."""

    def make(self, driver: Driver, arguments: tuple[Any, ...]) -> tuple[Any, CleanUp | None]:
        """Call it inside an entered driver's loop.

        Returns:
            What it returned or yielded, and what cleans that up, if it has anything to.

        Raises:
            NotOffered: it refused a setting with `Unsupported`.
            Unavailable: it asked for a server that is missing.
            AdapterError: it failed, with the line of the adapter at which it did.
        """
        try:
            return self._called(driver, arguments)
        except Unsupported as error:
            raise NotOffered(str(error)) from error
        except (AdapterError, KitError, NoVerdict):
            raise
        except Exception as error:
            unfilled = isinstance(error, NotImplementedError)
            what = f"the factory {self.pattern!r} {'is not filled in yet; it failed' if unfilled else 'failed'}"
            raise AdapterError(self._told(error, what)) from error
        except Hang as error:
            raise AdapterError(f"{self.file}: the factory {self.pattern!r} does not come back: {error}") from error

    def _called(self, driver: Driver, arguments: tuple[Any, ...]) -> tuple[Any, CleanUp | None]:
        function = self.function
        if inspect.isasyncgenfunction(function):
            self._refuse_async()
            asynchronous = function(*arguments)
            return driver.complete(self._followed(lambda: anext(asynchronous))), lambda: anext(asynchronous, None)
        if inspect.isgeneratorfunction(function):
            plain = function(*arguments)
            return self._run(driver, lambda: next(plain)), lambda: next(plain, None)
        if inspect.iscoroutinefunction(function):
            self._refuse_async()
            return driver.complete(self._followed(lambda: function(*arguments))), None
        made = self._run(driver, lambda: function(*arguments))
        return (driver.complete(lambda: made) if inspect.iscoroutine(made) else made), None

    def _refuse_async(self) -> None:
        if self.runtime == "threads":
            raise AdapterError(
                f"{self.file}: RUNTIME is 'threads', and the factory {self.pattern!r} is async; make it plain, "
                "or set RUNTIME = 'asyncio'"
            )

    def _run(self, driver: Driver, function: Callable[[], Any]) -> Any:
        """Call a plain function: under asyncio inside a task, since libraries look for the current one."""
        if self.runtime == "threads":
            return driver.now(self._followed(function))
        return driver.complete(self._followed(lambda: [function()]))[0]

    def _followed(self, call: Callable[[], Any]) -> Callable[[], Any]:
        """The call, and what is to be done then."""
        then = self.then
        if then is None:
            return call

        async def both() -> Any:
            made = await resolved(call())
            await resolved(then())
            return made

        return (lambda: plainly(both())) if self.runtime == "threads" else both

    def clean(self, driver: Driver, clean_up: CleanUp, strict: bool) -> None:
        """Run a clean-up; unless `strict`, calls may still be in flight, and what does not end is left to the driver's own end.

        Raises:
            AdapterError: it failed, or does not end, and `strict` is set.
        """
        try:
            pending = driver.start(clean_up)
        except Hang as hang:
            if strict:
                raise AdapterError(f"{self.file}: the clean-up of {self.pattern!r}, after its yield, hangs: {hang}") from hang
            return
        if not strict:
            return
        if pending.outcome is None:
            raise AdapterError(f"{self.file}: the clean-up of {self.pattern!r}, after its yield, does not end")
        if isinstance(pending.outcome, Raised):
            error = pending.outcome.error
            raise AdapterError(self._told(error, f"the clean-up of {self.pattern!r}, after its yield, failed")) from error

    def _told(self, error: BaseException, what: str) -> str:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.file]
        place = f"{self.file}:{frames[-1].lineno}" if frames else self.file
        line = f"\n    {frames[-1].line}" if frames else ""
        return f"{place}: {what} with {type(error).__name__}: {error}{line}"
