"""Settings as messages, made of the ports' own."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

from msgspec import Struct, defstruct

from patternproof.binding.messages.common import Message

S = TypeVar("S")


def message_of(settings: type, leave_out: tuple[str, ...] = (), **replaced: Any) -> type[Struct]:
    """A message with the fields of a settings class.

    Args:
        settings: a dataclass of a port.
        leave_out: fields that the binding has not.
        **replaced: types of those that JSON cannot say.
    """
    hints = {**get_type_hints(settings), **replaced}
    made = [(each.name, hints[each.name], _default(each)) for each in fields(settings) if each.name not in leave_out]
    return defstruct(
        settings.__name__,
        made,
        bases=(Message,),
        module=__name__,
        namespace={"__doc__": settings.__doc__, "__made_of__": settings},
    )


def _default(field: Any) -> Any:
    assert field.default is not MISSING, "every setting has a default"
    return field.default


def settings_of(settings: type[S], message: Any, **replaced: Any) -> S:
    """The settings of a port that a message stands for."""
    return settings(**{**{name: getattr(message, name) for name in message.__struct_fields__}, **replaced})
