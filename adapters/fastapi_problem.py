"""fastapi-problem: a FastAPI application with problem details."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi_problem.error import NotFoundProblem
from fastapi_problem.handler import add_exception_handler, new_exception_handler
from patternproof.adapters._orders import NoSuchOrder, counted, found
from pydantic import BaseModel

ADAPTS = {"fastapi", "fastapi-problem"}


class NoOrderProblem(NotFoundProblem):
    """There is no such order."""

    title = "There is no such order"


class Order(BaseModel):
    """What is ordered."""

    amount: int


def error_propagation_service() -> Any:
    app = FastAPI(title="Orders")
    add_exception_handler(app, new_exception_handler())

    @app.get("/orders/{number}")
    def find(number: int) -> dict[str, str]:
        try:
            return {"what": found(number)}
        except NoSuchOrder as error:
            raise NoOrderProblem(str(error)) from error

    @app.post("/orders")
    def add(order: Order) -> dict[str, int]:
        return {"count": counted(order.amount)}

    return app
