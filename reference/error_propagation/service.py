"""A service over HTTP whose errors are problem details."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig

from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.ports.error_propagation import Request as Asked

from .problems import to_problem
from .telling import told

PROBLEM = "application/problem+json"
MOST = 1_000_000
"""The highest amount of an order, in cents."""


@dataclass
class Order:
    """What is ordered."""

    amount: int
    note: str = ""


class Orders:
    """Orders in memory, the dependency of the service."""

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {1: Order(1200, "the first")}

    def find(self, number: int) -> Order:
        """The order of a number.

        Raises:
            ComponentError: there is none.
        """
        if number not in self._orders:
            raise ComponentError(
                Kind.RESOURCE_NOT_FOUND, f"There is no order {number}.", "orders", "find", str(number), retryable=False
            )
        return self._orders[number]

    def add(self, order: Order) -> int:
        """Take an order, and give it a number.

        Raises:
            ComponentError: its amount is none that can be ordered.
        """
        if not 0 < order.amount <= MOST:
            sentence = f"An order is for 1 to {MOST} cents."
            raise ComponentError(Kind.OPERATION_FAILED, sentence, "orders", "add", "amount", retryable=False)
        number = len(self._orders) + 1
        self._orders[number] = order
        return number


def made() -> Litestar:
    """The application; its OpenAPI document is at /schema/openapi.json."""
    orders = Orders()

    @get("/orders/{number:int}", sync_to_thread=False)
    def find(number: int) -> dict[str, Any]:
        return asdict(orders.find(number))

    @post("/orders", sync_to_thread=False)
    def add(data: Order) -> dict[str, int]:
        return {"number": orders.add(data)}

    return Litestar(
        [find, add],
        exception_handlers={HTTPException: _refused, Exception: _failed},
        openapi_config=OpenAPIConfig(title="Orders", version="1"),
        debug=False,
    )


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework has refused; of what it says of its own faults nothing is told."""
    phrase = HTTPStatus(error.status_code).phrase
    told_so = error.detail if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else phrase
    document = {"type": "about:blank", "title": phrase, "status": error.status_code, "detail": told_so}
    return Response(document, status_code=error.status_code, media_type=PROBLEM)


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """What a component tells of, or what nobody knows."""
    asked = Asked(request.method, (request.url.path,))
    known = error if isinstance(error, ComponentError) else told(error, "service", asked, request.url.path)
    document = to_problem(known)
    return Response(dict(document), status_code=int(document["status"]), media_type=PROBLEM)
