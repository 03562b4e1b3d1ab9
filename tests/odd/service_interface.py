"""Message services that are unusual and right."""

from __future__ import annotations

from patternproof.reference.service_interface import MessageService

from tests.odd import Registry

ODD = Registry()
odd = ODD.add


@odd
class Plain(MessageService):
    """As the reference."""
