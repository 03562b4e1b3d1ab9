"""Components that tell of errors wrongly, each in one way."""

from __future__ import annotations

import asyncio
import traceback
from itertools import count
from typing import Any

from patternproof.reference.error_propagation import Component, from_problem, to_problem
from patternproof.reference.error_propagation.telling import rejected, told

from patternproof.ports import Unsupported
from patternproof.ports.error_propagation import (
    ComponentError,
    Dependency,
    DependencyFailure,
    ErrorPropagationSettings,
    Kind,
    Request,
    beneath,
)
from tests.faulty import Registry

FAULTY = Registry()
faulty = FAULTY.add
BOTH = "histories feature"


class Base(Component):
    """The reference, with what a subclass replaces in methods of its own."""

    async def perform(self, request: Request) -> Any:
        if self._below is None:
            return await self._work(request)
        try:
            return await self._below.perform(request)
        except Exception as error:
            raise self.above(error, request) from error

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            result = await self.ask(request, resource)
            objection = self._dependency.objection(result)
        except Exception as error:
            raise self.caught(error, request, resource) from error
        if objection is not None:
            raise self.rejected(objection, result, request, resource)
        return result

    async def ask(self, request: Request, resource: str) -> Any:
        return await self._dependency.call(request.operation, resource)

    def caught(self, error: Exception, request: Request, resource: str | None) -> Exception:
        return told(error, self._name, request, resource)

    def above(self, error: Exception, request: Request) -> Exception:
        return told(error, self._name, request, None)

    def rejected(self, objection: str, result: object, request: Request, resource: str) -> Exception:
        return rejected(objection, self._name, request, resource)


class Without(Base):
    """Loses what some errors come from."""

    loses: tuple[type[Exception], ...] = ()

    async def _one(self, request: Request, resource: str) -> Any:
        error: Exception
        try:
            return await super()._one(request, resource)
        except Exception as caught:
            if not isinstance(caught.__cause__, self.loses):
                raise
            error = caught
        error.__cause__ = error.__context__ = None
        raise error


# EP-01: failures of the dependency


@faulty("EP-01", "reaches the caller as it is, and not as an error of the component")
class LetsFailuresThrough(Base):
    """Catches what it was written for, and not what the client library raises (httpx.ConnectError in many a service)."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            if isinstance(error.__cause__, DependencyFailure):
                raise error.__cause__ from error.__cause__.__cause__
            raise

    def above(self, error: Exception, request: Request) -> Exception:
        return super().above(error, request) if isinstance(error, ComponentError) else error


@faulty("EP-01", "is told as another kind than dependency_error")
class FailuresAreUnexpected(Base):
    """One handler for everything, which says "internal error" (FastAPI's default)."""

    def caught(self, error: Exception, request: Request, resource: str | None) -> Exception:
        made = told(error, self._name, request, resource)
        if isinstance(error, DependencyFailure):
            made.kind = made.code = Kind.UNEXPECTED
        return made


@faulty("EP-01", "is not the cause of what the caller gets")
class RaisesFromNone(Without):
    """``raise ... from None``, to keep tracebacks short."""

    loses = (DependencyFailure,)


@faulty("EP-01", "is not the cause of what the caller gets", BOTH)
class KeepsTextOnly(Base):
    """Makes the error later, from the text that it has kept."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            kept = error
        if isinstance(kept.__cause__, DependencyFailure):
            raise ComponentError(
                *(getattr(kept, each) for each in ("kind", "message", "component", "operation", "resource", "retryable"))
            )
        raise kept


# EP-02: context


class Renamed(Base):
    """Changes the errors that it makes."""

    def change(self, error: ComponentError) -> None:
        raise NotImplementedError

    def caught(self, error: Exception, request: Request, resource: str | None) -> Exception:
        made = told(error, self._name, request, resource)
        self.change(made)
        return made

    def above(self, error: Exception, request: Request) -> Exception:
        made = told(error, self._name, request, None)
        self.change(made)
        return made

    def rejected(self, objection: str, result: object, request: Request, resource: str) -> Exception:
        made = rejected(objection, self._name, request, resource)
        self.change(made)
        return made


@faulty("EP-02", "does not name the component, the operation and the resource")
class NamesNoResource(Renamed):
    """An error with a text and nothing more."""

    def change(self, error: ComponentError) -> None:
        error.resource = None


@faulty("EP-02", "does not name the component, the operation and the resource")
class NamesItsMethod(Renamed):
    """The operation is always that of the layer's own method."""

    def change(self, error: ComponentError) -> None:
        error.operation = "perform"


@faulty("EP-02", "does not name the component, the operation and the resource", BOTH)
class NamesNoComponentWhenInvalid(Base):
    """One error is made elsewhere, in a helper that does not know whom it helps."""

    def rejected(self, objection: str, result: object, request: Request, resource: str) -> Exception:
        return rejected(objection, "validator", request, resource)


@faulty("EP-02", "where one of several resources fails, the error names another", BOTH)
class NamesTheFirstResource(Base):
    """Takes the request's first resource for the one that failed."""

    def caught(self, error: Exception, request: Request, resource: str | None) -> Exception:
        return told(error, self._name, request, request.resources[0])


# EP-03: codes and sentences


_numbers = count()


class Coded(Renamed):
    """Has codes of its own; on the other side the type of a document says which kind it was."""

    @staticmethod
    def from_problem(document: Any) -> ComponentError:
        error = first = from_problem(document)
        while isinstance(error, ComponentError) and "chain" in document:
            error.kind = Kind(document["type"].rpartition(":")[2])
            error.message = error.message.partition(": ")[2] or error.message
            error = error.__cause__  # type: ignore[assignment]  # of the same type, or none
        return first


@faulty("EP-03", "one kind has a code that changes")
class NumbersItsErrors(Coded):
    """The code is that of the one occurrence, for the help desk."""

    def change(self, error: ComponentError) -> None:
        error.code = f"E-{next(_numbers)}"


@faulty("EP-03", "two kinds share one code")
class CodesAreStatuses(Coded):
    """The code is the HTTP status, which is 500 for more than one kind."""

    def change(self, error: ComponentError) -> None:
        statuses = {Kind.RESOURCE_NOT_FOUND: 404, Kind.PERMISSION_DENIED: 403}
        error.code = str(statuses.get(Kind(error.kind), 500))


@faulty("EP-03", "has no sentence for people")
class SaysItsCode(Renamed):
    """The sentence is the code once more."""

    def change(self, error: ComponentError) -> None:
        if error.kind != Kind.OPERATION_FAILED:
            error.message = str(error.code)
            error.args = (error.message,)


# EP-04: results that are not valid


@faulty("EP-04", "is returned")
class ReturnsWhatIsInvalid(Base):
    """Logs what is wrong with a result, and returns it."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            result = await self.ask(request, resource)
            self._dependency.objection(result)
        except Exception as error:
            raise self.caught(error, request, resource) from error
        return result


@faulty("EP-04", "is told as another kind than operation_failed")
class InvalidIsUnexpected(Base):
    """A validation error goes through the handler for what nobody expected (pydantic's, in a service's own code)."""

    def rejected(self, objection: str, result: object, request: Request, resource: str) -> Exception:
        return ComponentError(Kind.UNEXPECTED, objection, self._name, request.operation, resource)


@faulty("EP-04", "comes without the reason")
class HidesTheReason(Base):
    """Says that the validation failed, and no more."""

    def rejected(self, objection: str, result: object, request: Request, resource: str) -> Exception:
        return rejected("The validation of the result failed.", self._name, request, resource)


@faulty("EP-04", "reaches the caller as no error of the component", BOTH)
class RaisesValueError(Base):
    """The check is an assertion, and the layers know nothing of it."""

    def rejected(self, objection: str, result: object, request: Request, resource: str) -> Exception:
        return ValueError(objection)

    def above(self, error: Exception, request: Request) -> Exception:
        return error if isinstance(error, ValueError) else super().above(error, request)

    def _raise(self, failed: Any, request: Request) -> None:
        for each in failed:
            if isinstance(each, ValueError):
                raise each
        super()._raise(failed, request)


# EP-05: what nobody knows


@faulty("EP-05", "reaches the caller as it is, and not as an error of the component")
class KnowsTwoTypes(Base):
    """Catches the two types that it knows."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            cause = error.__cause__
            if cause is not None and not isinstance(cause, DependencyFailure | ComponentError):
                raise cause from cause.__cause__
            raise

    def above(self, error: Exception, request: Request) -> Exception:
        return super().above(error, request) if isinstance(error, ComponentError) else error


@faulty("EP-05", "reaches the caller as it is, and not as an error of the component", BOTH)
class ValidatesOutside(Base):
    """The validation stands below the ``except``, and its own errors with it."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            result = await self.ask(request, resource)
        except Exception as error:
            raise self.caught(error, request, resource) from error
        objection = self._dependency.objection(result)
        if objection is not None:
            raise self.rejected(objection, result, request, resource)
        return result

    def above(self, error: Exception, request: Request) -> Exception:
        return super().above(error, request) if isinstance(error, ComponentError) else error


@faulty("EP-05", "is swallowed")
class Swallows(Base):
    """``except Exception: pass``, with None for a result."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            if error.__cause__ is None:
                raise
            return None


@faulty("EP-05", "is told as a known kind")
class TakesTheUnknownForKnown(Base):
    """What is no failure of the dependency must be one of the operation."""

    def caught(self, error: Exception, request: Request, resource: str | None) -> Exception:
        made = told(error, self._name, request, resource)
        if made.kind == Kind.UNEXPECTED:
            made.kind = made.code = Kind.PERMISSION_DENIED
        return made


@faulty("EP-05", "is not the cause of what the caller gets", BOTH)
class LosesUnknownErrors(Without):
    """Says "unexpected", logs the rest, and lets go of it."""

    async def _one(self, request: Request, resource: str) -> Any:
        error: Exception
        try:
            return await Base._one(self, request, resource)
        except ComponentError as caught:
            if caught.__cause__ is None or isinstance(caught.__cause__, DependencyFailure | ComponentError):
                raise
            error = caught
        error.__cause__ = error.__context__ = None
        raise error


@faulty("EP-05", "a problem document of an unknown code is restored as no error", BOTH)
class KnowsItsOwnDocuments(Base):
    """Restores what it knows, and gives None for the rest, which callers take for no error."""

    @staticmethod
    def from_problem(document: Any) -> Any:
        return from_problem(document) if "chain" in document else None


# EP-06: what is no error


class Interrupted(Base):
    """Takes some of what is no error for one."""

    takes: tuple[type[BaseException], ...] = ()

    async def _work(self, request: Request) -> Any:
        try:
            return await super()._work(request)
        except self.takes as error:
            raise ComponentError(
                Kind.UNEXPECTED, "It was interrupted.", self._name, request.operation, request.resources[0]
            ) from error


@faulty("EP-06", "a cancellation comes out as an error of the component", "histories feature interleavings")
class CatchesBaseException(Interrupted):
    """``except BaseException``, and asyncio.wait_for() waits for ever."""

    takes = (asyncio.CancelledError, KeyboardInterrupt, SystemExit)


@faulty("EP-06", "KeyboardInterrupt comes out as an error of the component", BOTH)
class CatchesCtrlC(Interrupted):
    """Ctrl-C is answered with an error of its own."""

    takes = (KeyboardInterrupt,)


@faulty("EP-06", "SystemExit comes out as an error of the component", BOTH)
class CatchesExit(Interrupted):
    """A plugin that calls sys.exit() must not end the server."""

    takes = (SystemExit,)


@faulty("EP-06", "a cancelled request returns", "histories feature interleavings")
class SwallowsCancellation(Base):
    """``suppress(CancelledError)`` around too much."""

    async def _work(self, request: Request) -> Any:
        try:
            return await super()._work(request)
        except asyncio.CancelledError:
            return []


# EP-07: chains


@faulty("EP-07", "does not hold each layer's context once")
class WrapsTwice(Base):
    """The decorator is there twice: on the class and on the method."""

    def caught(self, error: Exception, request: Request, resource: str | None) -> Exception:
        made = super().caught(error, request, resource)
        made.__cause__ = error
        return made

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            raise told(error, self._name, request, resource) from error


@faulty("EP-07", "does not hold the context of each of several layers once, outermost first")
class SkipsLayers(Base):
    """An error of the right type needs no handling, and passes without a trace."""

    async def perform(self, request: Request) -> Any:
        return await self._work(request) if self._below is None else await self._below.perform(request)


@faulty("EP-07", "cannot be reached from the outermost of several layers", BOTH)
class LayersForget(Base):
    """The outer layers keep a copy of what they catch, as one that has crossed a boundary is, and the copy has no root."""

    async def perform(self, request: Request) -> Any:
        if self._below is None:
            return await self._work(request)
        try:
            return await self._below.perform(request)
        except ComponentError as error:
            raise told(error, self._name, request, None) from copied(error)


def copied(error: BaseException | None) -> ComponentError | None:
    """The component errors of a chain, anew."""
    if not isinstance(error, ComponentError):
        return None
    copy = ComponentError(
        error.kind, error.message, error.component, error.operation, error.resource, error.retryable, error.code
    )
    copy.__cause__ = copied(error.__cause__)
    return copy


@faulty("EP-07", "from below cannot be reached from above")
class RebuildsKnownKinds(Without):
    """Known kinds are made anew, and the one from below is dropped."""

    loses = (ComponentError,)


@faulty("EP-07", "outermost first", "histories feature")
class InnermostFirst(Base):
    """Puts itself below what it has caught, and not above."""

    def above(self, error: Exception, request: Request) -> Exception:
        if not isinstance(error, ComponentError):
            return super().above(error, request)
        below = error.component
        error.component = self._name
        return ComponentError(error.kind, error.message, below, request.operation, error.resource, error.retryable, error.code)


# EP-08: known kinds


@faulty("EP-08", "becomes another kind on the way up")
class EverythingIsTheDependency(Base):
    """All that comes from the dependency is one error, whatever it says (the text's own map_err, see AsWritten)."""

    def caught(self, error: Exception, request: Request, resource: str | None) -> Exception:
        made = told(error, self._name, request, resource)
        if isinstance(error, ComponentError):
            made.kind = made.code = Kind.DEPENDENCY_ERROR
        return made


@faulty("EP-08", "changes its kind on the way through several layers", BOTH)
class EachLayerIsADependency(Base):
    """To each layer the one below is a dependency, and what comes from it a dependency error."""

    def above(self, error: Exception, request: Request) -> Exception:
        made = told(error, self._name, request, None)
        made.kind = made.code = Kind.DEPENDENCY_ERROR
        return made


# EP-09: over a process boundary


@faulty("EP-09", "does not survive the way over a process boundary")
class LosesTheChain(Base):
    """The document tells of the outermost error only."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        document = dict(to_problem(error))
        return {**document, "chain": document["chain"][:1]}


@faulty("EP-09", "does not survive the way over a process boundary")
class LosesTheContext(Base):
    """The members of RFC 9457, and no others."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        document = dict(to_problem(error))
        return {**document, "chain": [{"code": each["code"], "message": each["message"]} for each in document["chain"]]}


@faulty("EP-09", "does not survive the way over a process boundary")
class RestoresTitles(Base):
    """The sentence on the other side is the title of the type."""

    @staticmethod
    def from_problem(document: Any) -> ComponentError:
        error = from_problem(document)
        error.message = document["title"]
        return error


@faulty("EP-09", "does not survive the way over a process boundary")
class RefusesWhatItDoesNotKnow(Base):
    """Documents are read strictly (msgspec's forbid_unknown_fields, pydantic's extra="forbid")."""

    @staticmethod
    def from_problem(document: Any) -> ComponentError:
        unknown = set(document) - {"type", "title", "status", "detail", "retryable", "chain"}
        if unknown:
            raise ValueError(f"unknown members: {unknown}")
        return from_problem(document)


@faulty("EP-09", "that has passed several layers does not survive the way over a process boundary", BOTH)
class ChainsAreShort(Base):
    """The chain is cut after its first link, where that is not the last."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        document = dict(to_problem(error))
        links = document["chain"]
        return {**document, "chain": links[:1] if len({each["component"] for each in links} - {"store"}) > 1 else links}


# EP-10: what is to stay inside


@faulty("EP-10", "crosses with what is to stay inside")
class TellsTheCause(Base):
    """The detail is the text of what was caught (str(exc) in many an exception handler)."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        return {**to_problem(error), "debug": [str(each) for each in beneath(error)]}


@faulty("EP-10", "crosses with what is to stay inside")
class AnswersWithTracebacks(Base):
    """A server in debug mode (Starlette's debug=True, Flask's debugger)."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        return {
            **to_problem(error),
            "traceback": "".join(traceback.format_tb(error.__traceback__)) or "Traceback (most recent call last):",
        }


@faulty("EP-10", "crosses with what is to stay inside", BOTH)
class TellsTheResult(Base):
    """The whole result stands in the sentence, for debugging."""

    def rejected(self, objection: str, result: object, request: Request, resource: str) -> Exception:
        return rejected(f"{objection} It is {result!r}.", self._name, request, resource)


@faulty("EP-10", "that has passed several layers crosses with what is to stay inside", BOTH)
class TellsWhatIsFarBelow(Base):
    """The text of the root cause helps, where there are many layers."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        chain = list(beneath(error))
        layers = [each for each in chain if isinstance(each, ComponentError) and each.component != "store"]
        return {**to_problem(error), **({"root": str(chain[-1])} if len(layers) > 1 else {})}


# EP-11: several errors


@faulty("EP-11", "of several errors one is told, and another is lost", "histories feature interleavings")
class FirstOfGather(Base):
    """``asyncio.gather()``: the first error comes out, and the others are never asked for."""

    async def _all(self, request: Request) -> Any:
        return await asyncio.gather(*(self._one(request, resource) for resource in request.resources))


@faulty("EP-11", "of several errors one is told, and another is lost", "histories feature interleavings")
class WaitsAndTellsOne(Base):
    """Waits for all, and raises the first error that it finds."""

    async def _all(self, request: Request) -> Any:
        asked = (self._one(request, resource) for resource in request.resources)
        results = await asyncio.gather(*asked, return_exceptions=True)
        for each in results:
            if isinstance(each, BaseException):
                raise each
        return results


# EP-12: statuses


@faulty("EP-12", "has an HTTP status that does not fit, or none")
class EverythingIs500(Base):
    """One handler, one status."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        return {**to_problem(error), "status": 500}


@faulty("EP-12", "has an HTTP status that is none of an error, or none", BOTH)
class RejectsWith200(Base):
    """An operation that has failed is sent as a success, with the error in the body (as GraphQL has it)."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        document = to_problem(error)
        return {**document, "status": 200 if error.kind == Kind.OPERATION_FAILED else document["status"]}


@faulty("EP-12", "has an HTTP status that does not fit, or none")
class HasNoStatus(Base):
    """Leaves the status to whoever sends the document."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        return {name: value for name, value in to_problem(error).items() if name != "status"}


# EP-13: retries


@faulty("EP-13", "does not say what is known of whether a retry can help")
class NeverHints(Renamed):
    """Leaves it to the caller to try."""

    def change(self, error: ComponentError) -> None:
        error.retryable = None


@faulty("EP-13", "does not say what is known of whether a retry can help")
class AlwaysRetry(Renamed):
    """Whatever went wrong may go right the next time."""

    def change(self, error: ComponentError) -> None:
        error.retryable = True


@faulty("EP-13", "loses on the way through several layers whether a retry can help", BOTH)
class LayersLoseTheHint(Base):
    """Each layer makes its own error, and copies what it thinks of."""

    def above(self, error: Exception, request: Request) -> Exception:
        made = told(error, self._name, request, None)
        made.retryable = False
        return made


# EP-14: cleaning up


@faulty("EP-14", "an error raised while cleaning up hides the first one", "histories feature interleavings")
class CleansUpInFinally(Base):
    """``try: ... finally: await release()``."""

    async def _work(self, request: Request) -> Any:
        try:
            return await self._all(request)
        finally:
            if self._cleans_up:
                await self._clean_up(request)


@faulty("EP-14", "nothing is cleaned up once the calls of the dependency are over", BOTH)
class CleansUpAfterSuccess(Base):
    """The cleaning up stands at the end of the happy path."""

    async def _work(self, request: Request) -> Any:
        return await self._all(request)


class Literal(Component):
    """The component of the pattern's text."""

    async def perform(self, request: Request) -> Any:
        (resource,) = request.resources
        try:
            result = await self._dependency.call(request.operation, resource)
        except Exception as error:
            raise ComponentError(Kind.DEPENDENCY_ERROR, f"Dependency error: {error}", "", "") from error
        if self._dependency.objection(result) is not None:
            message = f"Operation failed: Validation failed for result: {result!r}"
            raise ComponentError(Kind.OPERATION_FAILED, message, "", "")
        return [result]


@faulty("EP-02 EP-04 EP-05 EP-08 EP-10 EP-13", "becomes another kind on the way up", BOTH)
def AsWritten(dependency: Dependency, settings: ErrorPropagationSettings) -> Component:  # noqa: N802  # an implementation's name
    """The pattern's text, literally.

    ``map_err`` makes a DependencyError of whatever comes from the dependency, so that not found does not stay not found; a result
    that is not valid is printed whole, and why it is not valid is not said; no error knows component, operation or resource, nor
    whether to try again; and Unexpected is made nowhere.
    """
    if settings != ErrorPropagationSettings():
        raise Unsupported("anything but one layer over one call")
    return Literal(dependency, settings)
