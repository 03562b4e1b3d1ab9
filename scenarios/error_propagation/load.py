"""Failures of all kinds crossing a boundary, under load."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from patternproof.flavour import resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import Workshop
from patternproof.outcome import NotOffered
from patternproof.ports.error_propagation import ComponentError, ErrorPropagationSettings, Request

from .crossing import TRACEBACK
from .events import RESOURCES
from .originals import Marks, Result, original
from .reading import members

How = Literal["ok", "failure", "outage", "not_found", "denied", "failed", "invalid", "puzzling", "foreign", "group"]
WANTED = (
    ErrorPropagationSettings(("gateway", "orders"), concurrent=2),
    ErrorPropagationSettings(concurrent=2),
    ErrorPropagationSettings(("gateway", "orders")),
    ErrorPropagationSettings(),
)
"""Of components; the first that there is."""
INSIDES = {
    "a traceback": TRACEBACK,
    "the text of the dependency's error": re.compile(r"hush-text-\d+x\d+z"),
    "the text of its cause": re.compile(r"hush-cause-\d+x\d+z"),
    "a secret in an attribute": re.compile(r"hush-attribute-\d+x\d+z"),
    "the result": re.compile(r"hush-result-\d+x\d+z"),
    "an internal address": re.compile(r"10\.20\.30\.40"),
    "a file path": re.compile(r"/driver\.conf"),
}
"""What stays inside, whichever request it is of, and how it is known: the dependency alone has such words."""
SHOWN = 80
"""Characters of a document that are shown on either side of what it should not hold."""


class Perform(msgspec.Struct, tag_field="work", tag="perform", forbid_unknown_fields=True):
    """Make a request for a resource or two, and let its error cross."""

    ends: Annotated[list[How], msgspec.Meta(min_length=1, max_length=2)]
    """How the dependency's calls end, by resource."""
    takes: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    """Seconds that each takes."""


class Crossed(NamedTuple):
    """A request, and what of its errors has crossed."""

    operation: str
    ends: list[str]
    outcome: str
    """returned, raised, or raised something else."""
    documents: int
    """How many have crossed."""
    inside: list[str]
    """What of the inside they held."""
    text: str
    """Of the first that held any of it."""
    asked: int
    over: int

    def __str__(self) -> str:
        ends = " and ".join(each.replace("_", " ") for each in self.ends)
        return f"ticks {self.asked} to {self.over}: {self.operation}, the dependency: {ends}; what crossed: {self.text}"


class Dependency:
    """Ends each call as the request wants it.

    Args:
        shop: whose flavour it is of.
    """

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._takes: dict[str, float] = {}
        self._ends: dict[tuple[str, str], tuple[str, BaseException | None, Result]] = {}
        self.call = shop.flavoured(self._call)
        self.release = shop.flavoured(self._release)

    def expect(self, number: int, request: Request, piece: Perform) -> None:
        """Know how the calls of a request end."""
        self._takes[request.operation] = piece.takes
        for index, (resource, how) in enumerate(zip(request.resources, piece.ends, strict=True)):
            marks = Marks(number, index)
            error = original(how, marks, request.operation, resource)
            result = Result(marks, how, f"The amount of {resource} is missing.")
            self._ends[request.operation, resource] = how, error, result

    def forget(self, request: Request) -> None:
        """Have nothing more to do with a request."""
        self._takes.pop(request.operation, None)
        for resource in request.resources:
            self._ends.pop((request.operation, resource), None)

    async def _call(self, operation: str, resource: str) -> Any:
        how, error, result = self._ends[operation, resource]
        if takes := self._takes.get(operation):
            await self._shop.pause(takes)
        if error is not None and how != "puzzling":
            raise error
        return result

    def objection(self, result: Any) -> str | None:
        """Why a result is not valid."""
        how, error = next(((how, error) for how, error, given in [*self._ends.values()] if given is result), ("ok", None))
        if how == "puzzling" and error is not None:
            raise error
        return str(result.reason) if how == "invalid" else None

    async def _release(self, operation: str) -> None:
        return


class Bench:
    """A component at work, over a dependency that fails in every way.

    Args:
        shop: where.
        stack: closed with it.

    Raises:
        NotOffered: there is none whose errors cross a boundary.
    """

    decoder = msgspec.json.Decoder(Perform)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop
        self._numbers = count(1)
        self._dependency = Dependency(shop)
        self._component, self._most = self._made(stack)
        if not hasattr(self._component, "to_problem"):
            raise NotOffered("the implementation has no 'to_problem'")

    def _made(self, stack: ExitStack) -> tuple[Any, int]:
        for settings in WANTED[:-1]:
            try:
                return self._shop.made(stack, "error_propagation", self._dependency, settings), settings.concurrent
            except NotOffered:
                continue
        return self._shop.made(stack, "error_propagation", self._dependency, WANTED[-1]), WANTED[-1].concurrent

    async def do(self, piece: Perform) -> Any:
        """Do a piece of work."""
        piece = msgspec.structs.replace(piece, ends=piece.ends[: self._most])
        number = next(self._numbers)
        request = Request(f"operation-{number}", RESOURCES[: len(piece.ends)])
        self._dependency.expect(number, request, piece)
        asked = self._shop.tick()
        try:
            await resolved(self._component.perform(request))
            outcome, errors = "returned", []
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            errors = members(error)
            outcome = "raised" if errors else f"raised something else: {type(error).__name__}"
        finally:
            self._dependency.forget(request)
        return {"crossed": [self._crossed(request, piece, outcome, errors, asked)]}

    def _crossed(self, request: Request, piece: Perform, outcome: str, errors: Sequence[ComponentError], asked: int) -> Crossed:
        texts = [text for each in errors if (text := self._document(each))]
        leaking = [text for text in texts if insides(text)]
        inside = [what for text in leaking for what in insides(text)]
        shown = _excerpt(leaking[0]) if leaking else ""
        ends = [str(each) for each in piece.ends]
        return Crossed(request.operation, ends, outcome, len(texts), inside, shown, asked, self._shop.tick())

    def _document(self, error: ComponentError) -> str:
        """What crosses of an error; empty where nothing does, which is another requirement's (EP-09)."""
        try:
            document = self._component.to_problem(error)
            return json.dumps(dict(document) if isinstance(document, Mapping) else document)
        except Exception:  # noqa: BLE001  # whatever it raises, nothing has crossed
            return ""


def insides(text: str) -> list[str]:
    """What of the inside is in a text."""
    return [what for what, words in INSIDES.items() if words.search(text)]


def _excerpt(text: str) -> str:
    first = min((found for words in INSIDES.values() if (found := words.search(text))), key=lambda found: found.start())
    return text[max(0, first.start() - SHOWN) : first.end() + SHOWN]


class Evidence(msgspec.Struct):
    """What all users were told."""

    crossed: list[Crossed] = []


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    return [said("EP-10", _nothing_of_the_inside(seen.crossed))]


def _nothing_of_the_inside(crossed: Sequence[Crossed]) -> Iterator[int]:
    for each in crossed:
        if each.inside:
            expected = "expected an error that crosses with nothing of the inside"
            raise Broken(f"{expected}; seen: {' and '.join(dict.fromkeys(each.inside))}", [each])
        yield each.documents
