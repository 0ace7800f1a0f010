"""Decisions for a live state: stock, pipeline and latest sales in, orders out, from the compiled policy."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json

from restock.errors import MissingError, UsageError
from restock.language import Text
from restock.service.access import CanDecide, TheHost, desk_of_program, host_of
from restock.service.host import Host
from restock.service.problems import Said, documented
from restock.workflows.approval.desk import Desk
from restock.workflows.asked import Asked
from restock.workflows.today import Today


class AtOnce(APIRoute):
    """A route that reads its JSON in one go: hundreds of items, hundreds of times a second."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Instead of the usual one."""

        async def handle(request: Request) -> Response:
            desk = await desk_of_program(request)
            return await run_in_threadpool(self._answer, request, desk, await request.body())

        return handle

    def _answer(self, request: Request, desk: Desk, body: bytes) -> Response:
        try:
            asked = Asked.model_validate_json(body)
        except ValidationError as error:
            wrong = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
            raise RequestValidationError(wrong) from None
        return self.endpoint(desk, host_of(request), asked)


router = APIRouter(tags=["decisions"], route_class=AtOnce)
MOST = 8192  # items of one call
EXAMPLE = {
    "period": "day",
    "today": "2026-11-24",
    "items": [
        {
            "item": "A-1",
            "site": "SH",
            "on_hand": 12,
            "on_order": [{"periods_ago": 1, "quantity": 24}],
            "sales": [3, 5, 4, 6, 2, 7, 9],
            "terms": {"price": 10, "unit_cost": 6, "lead_time": 3, "pack": 6},
        }
    ],
}


class Decision(BaseModel):
    """What to order of one item now, and what that rests on."""

    item: str
    site: str
    quantity: float = Field(description="Units that the supplier takes: packs, minimum, order day")
    wanted: float = Field(description="Before that")
    price: float = Field(
        description="Money per unit that a customer pays this period, less a discount: planned, or assumed; no policy"
        " sets it yet"
    )
    policy: str
    periods_seen: int
    expected_demand: float = Field(description="Over lead time and review period")
    spread: float
    assumptions: list[Said]
    warnings: list[Said]


class Decisions(BaseModel):
    """In the order in which they were asked for."""

    decisions: list[Decision]


@router.post("/decisions", response_model=Decisions, responses=documented(401, 403))
def decide(desk: CanDecide, host: TheHost, asked: Annotated[Asked, Body(examples=[EXAMPLE])]) -> Response:
    """Orders for items as they stand now, by the policy of the project or the pretrained one; nothing is kept.

    What is not given is assumed, and said.
    """
    from restock.workflows.decisions_of_shop import decide_in_shop

    if not 0 < len(asked.items) <= MOST:
        raise UsageError(
            Text(
                f"{len(asked.items)} items in one call, of 1 to {MOST}",
                f"一次请求 {len(asked.items)} 个商品，应为 1 到 {MOST} 个",
            ),
            hint=Text("send them in several calls", "请分多次请求"),
        )
    content = to_json({"decisions": [one.to_json() for one in decide_in_shop(asked, _today(host))]})
    return Response(content, media_type="application/json")


def _today(host: Host) -> Today | None:
    try:
        return host.today_of_trained()
    except MissingError:  # a policy, and no data any more
        return None
