"""What an error says, as the kit reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from patternproof.history import shown
from patternproof.ports.error_propagation import ComponentError, Context, beneath, directly_beneath

from .dependency import Part, Work
from .events import RELEASE, Failure


def members(error: BaseException) -> list[ComponentError]:
    """The component errors that come out of a request: itself, or the members of a group; none where anything else is among."""
    if isinstance(error, ComponentError):
        return [error]
    if not isinstance(error, BaseExceptionGroup):
        return []
    found = [members(each) for each in error.exceptions]
    return [each for some in found for each in some] if all(found) else []


def reachable(error: BaseException) -> list[BaseException]:
    """An error and all that can be reached from it: as tracebacks go, and in attributes, where several errors may be kept."""
    found: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if id(each) not in found:
            found[id(each)] = each
            waiting += [*beneath(each), *_kept(each)]
    return list(found.values())


def _kept(error: BaseException) -> Iterable[BaseException]:
    for value in (*error.args, *getattr(error, "__dict__", {}).values()):
        values = list(value.values()) if isinstance(value, dict) else value
        for each in values if isinstance(values, list | tuple | set | frozenset) else (values,):
            if isinstance(each, BaseException):
                yield each


def texts(errors: Iterable[BaseException]) -> str:
    """Everything that errors say in words."""
    return "\n".join(
        str(text) for each in errors for text in (_text(each), getattr(each, "message", ""), *getattr(each, "__notes__", ()))
    )


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # a str of the implementation's may do anything
        return ""


def is_reached(part: Part, errors: Sequence[BaseException], words: str) -> bool:
    """Whether what went wrong with a part is among errors: its own error, all members of its group, or its reason in words."""
    if part.error is None:
        return part.result.reason in words
    members = list(part.error.exceptions) if isinstance(part.error, BaseExceptionGroup) else [part.error]
    present = {id(each) for each in errors}
    return id(part.error) in present or all(id(each) in present for each in members)


def notes(errors: Iterable[BaseException]) -> str:
    """The notes of errors, in which others may be told that came at the same time."""
    return "\n".join(str(note) for each in errors for note in getattr(each, "__notes__", ()))


def is_noted(part: Part, noted: str) -> bool:
    """Whether the error of a part stands in notes."""
    return part.error is not None and _text(part.error) in noted


def way_to(error: BaseException, original: BaseException) -> list[BaseException] | None:
    """The errors from one down to another, both included; None where no traceback would lead there."""
    waiting: list[list[BaseException]] = [[error]]
    seen = {id(error)}
    while waiting:
        way = waiting.pop(0)
        if way[-1] is original:
            return way
        for each in directly_beneath(way[-1]):
            if id(each) not in seen:
                seen.add(id(each))
                waiting.append([*way, each])
    return None


def contexts(error: BaseException, part: Part) -> list[Context]:
    """The contexts from an error down to the original of a part, that one's own left out."""
    way = way_to(error, part.error) if part.error is not None else None
    chain = way[:-1] if way is not None else list(beneath(error))
    return [context for each in chain if isinstance(each, ComponentError) and each is not part.error for context in each.contexts]


def fault_of_chain(found: Sequence[Context], layers: Sequence[str]) -> str:
    """What is wrong with the layers that contexts name; others that are named as well do no harm."""
    named = [context.component for context in found if context.component in layers]
    if len(named) != len(set(named)):
        return "twice"
    if len(named) < len(layers):
        return "missing"
    return "" if named == list(layers) else "order"


def unnamed(error: ComponentError, layers: Sequence[str], operation: str, resource: str) -> tuple[str, ...]:
    """What of component, operation and resource an error does not name; which of the layers it names is for the chain to say."""
    outermost = error.contexts[0] if error.contexts else Context("", "")
    named = {
        "component": any(layer in str(outermost.component) for layer in layers),
        "operation": operation in str(outermost.operation),
        "resource": resource in str(outermost.resource),
    }
    return tuple(what for what, right in named.items() if not right)


def word(value: Any) -> str:
    """A kind or a code as text, whatever its type."""
    return str(value.value if isinstance(value, Enum) else value)


def has_sentence(error: ComponentError) -> bool:
    """Whether there are words for people, which are more than the code."""
    said: object = error.message
    return isinstance(said, str) and said.strip() not in ("", word(error.code), word(error.kind))


def read(error: BaseException, work: Work) -> Failure:
    """What the error of a request, of which `members` gives some, is and what it comes from."""
    errors = reachable(error)
    words = texts(errors)
    failing = [part for part in work.parts if part.raised]
    noted = notes(errors) if len(failing) > 1 else ""
    origins = [part for part in failing if is_reached(part, errors, words) or is_noted(part, noted)]
    released = work.release_error is not None and any(each is work.release_error for each in errors)
    return Failure(
        kinds=tuple(sorted({word(each.kind) for each in members(error)})),
        origins=(*([RELEASE] if released else []), *(part.number for part in origins)),
        lost=tuple(part.number for part in failing if part not in origins),
    )


def inspect(error: BaseException, work: Work, failing: Sequence[Part], layers: Sequence[str], aspect: str) -> tuple[Any, str]:
    """What is found of an aspect of the error of a request, and more words about it.

    Args:
        error: it, of which `members` gives some.
        work: the request.
        failing: the parts of it that had failed when the error was raised.
        layers: the names of the components, outermost first.
        aspect: context, chain, sentence or hint.
    """
    found = members(error)
    if aspect == "sentence":
        silent = [each for each in found if not has_sentence(each)]
        return ("it has no sentence for people", shown(silent[0].message)) if silent else ("", "")
    if len(failing) != 1 or len(found) != 1:
        return None if aspect == "hint" else "", ""  # what several errors come to together is for the component to say
    (one,), (part,) = found, failing
    if aspect == "hint":
        return None if one.retryable is None else bool(one.retryable), ""
    if one is part.error and len(layers) == 1:
        return "", ""  # of a known kind: there is but one layer, and it had nothing to add
    if aspect == "context":
        missing = unnamed(one, layers, work.request.operation, part.name)
        wanted = f"{' or '.join(layers)}, {work.request.operation!r} and {part.name!r}"
        told = f"expected {wanted}, seen {shown(list(map(tuple, one.contexts)))}"
        return (f"it names another {' and '.join(missing)}", told) if missing else ("", "")
    if "component" in unnamed(one, layers, work.request.operation, part.name):
        return "", ""  # that is another requirement's
    named = contexts(one, part)
    fault = fault_of_chain(named, layers)
    return fault and _CHAINS[fault], f"contexts: {shown([context.component for context in named])}" if fault else ""


_CHAINS = {
    "missing": "the context of a layer is missing",
    "twice": "the context of a layer is there twice",
    "order": "the contexts are not in the order of the layers, outermost first",
}
