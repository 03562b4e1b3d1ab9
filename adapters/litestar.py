"""litestar: an application with its own plugin for problem details."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Litestar, get, post
from litestar.openapi.config import OpenAPIConfig
from litestar.plugins.problem_details import ProblemDetailsConfig, ProblemDetailsException, ProblemDetailsPlugin
from patternproof.adapters._orders import NoSuchOrder, counted, found

ADAPTS = {"litestar"}


@dataclass
class Order:
    """What is ordered."""

    amount: int


def error_propagation_service() -> Any:
    @get("/orders/{number:int}", sync_to_thread=False)
    def find(number: int) -> dict[str, str]:
        try:
            return {"what": found(number)}
        except NoSuchOrder as error:
            raise ProblemDetailsException(status_code=404, title="There is no such order", detail=str(error)) from error

    @post("/orders", sync_to_thread=False)
    def add(data: Order) -> dict[str, int]:
        return {"count": counted(data.amount)}

    plugin = ProblemDetailsPlugin(ProblemDetailsConfig(enable_for_all_http_exceptions=True))
    return Litestar([find, add], plugins=[plugin], openapi_config=OpenAPIConfig(title="Orders", version="1"))
