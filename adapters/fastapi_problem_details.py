"""fastapi-problem-details: a FastAPI application with problem details."""

from __future__ import annotations

from typing import Any

import fastapi_problem_details as problem
from fastapi import FastAPI
from patternproof.adapters._orders import NoSuchOrder, counted, found
from pydantic import BaseModel

ADAPTS = {"fastapi", "fastapi-problem-details"}


class Order(BaseModel):
    """What is ordered."""

    amount: int


def error_propagation_service() -> Any:
    app = FastAPI(title="Orders")
    problem.init_app(app)

    @app.get("/orders/{number}")
    def find(number: int) -> dict[str, str]:
        try:
            return {"what": found(number)}
        except NoSuchOrder as error:
            raise problem.ProblemException(status=404, title="There is no such order", detail=str(error)) from error

    @app.post("/orders")
    def add(order: Order) -> dict[str, int]:
        return {"count": counted(order.amount)}

    return app
