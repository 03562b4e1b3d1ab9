"""What the services of several libraries are about."""

from __future__ import annotations

ORDERS = {1: "an apple"}
"""By number, what there is."""


class NoSuchOrder(Exception):
    """There is no order of a number; an error of the service's own, which its library has to be told of."""


def found(number: int) -> str:
    """What was ordered.

    Raises:
        NoSuchOrder: there is nothing of that number.
    """
    if number not in ORDERS:
        raise NoSuchOrder(f"order {number}")
    return ORDERS[number]


def counted(amount: int) -> int:
    """How many orders there are then.

    Raises:
        OSError: of a database driver, for what nobody has thought of; its text is for whoever runs the database.
    """
    if amount < 1:
        raise OSError("connection to postgres://orders:hunter2@10.1.2.3:5432/orders failed, see /etc/orders/database.conf")
    return amount + len(ORDERS)
