"""What can be wrong with a broker."""

from __future__ import annotations


class BrokerError(Exception):
    """A broker cannot be used; the kinds below say why."""


class BrokerAddressError(BrokerError, ValueError):
    """An address that is none of such a broker; the message has one that is."""


class BrokerUnreachableError(BrokerError, ConnectionError):
    """Nobody answers at the address, or has answered for as long as was waited."""


class BrokerProtocolError(BrokerError):
    """Whoever answers speaks another protocol, or refuses what a bus needs."""
