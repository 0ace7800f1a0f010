"""What if: other settings and budgets side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from restock.service.access import CanPlan, TheHost
from restock.service.once import DESCRIPTION, Once
from restock.service.problems import documented
from restock.service.routes.jobs import accepted, started
from restock.service.shapes.base import Asked, Short
from restock.service.shapes.jobs import Job
from restock.workflows.whatif import MOST, check_scenarios

router = APIRouter(tags=["scenarios"], route_class=Once)
ONCE: dict[str, Any] = {"parameters": [DESCRIPTION]}
EXAMPLE: dict[str, Any] = {
    "scenarios": [
        {"name": "half the money", "budget": 5000},
        {"name": "service first", "settings": {"costs.goodwill": 5.0}},
        {"name": "dear storage", "settings": {"costs.holding_rate": 0.6}},
    ]
}


Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class ScenarioAsked(Asked):
    """The shop with other settings, another budget, or another policy."""

    name: Short = Field(min_length=1)
    settings: dict[Short, Number | Short | None] = Field(
        default={}, max_length=20, description="`costs.holding_rate`, `supply.lead_time`, ... and their values"
    )
    budget: float | None = Field(
        default=None, gt=0, le=1e12, description="Money that all orders may cost; none: the shop's own budget"
    )
    policy: Short | None = Field(default=None, description="None: as chosen in training")


class ScenariosAsked(Asked):
    """Up to twelve scenarios; the shop as it is stands beside them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    scenarios: list[ScenarioAsked] = Field(min_length=1, max_length=MOST)


@router.post("/scenarios", status_code=202, responses={**documented(401, 403, 409), **accepted}, openapi_extra=ONCE)
def compare(desk: CanPlan, host: TheHost, asked: ScenariosAsked, response: Response, request: Request) -> Job:
    """Plan today under each scenario; 202 with the job, whose result has their totals side by side."""
    wanted = asked.model_dump()["scenarios"]
    check_scenarios(desk.project.config, wanted)
    return started(desk, host, "whatif", {"scenarios": wanted}, response, request)
