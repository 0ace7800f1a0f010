"""Trained policies: which one decides, which ones wait, and the way back."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from restock.service.access import CanLearn, CanRead
from restock.service.once import DESCRIPTION, Once
from restock.service.paging import Cursor, Limit, page, read_cursor
from restock.service.problems import documented
from restock.service.shapes.base import Asked, Page, Words, without_nul
from restock.workflows.registry import find_registered, list_registered, promote_policy, rollback_policy

router = APIRouter(tags=["policies"], route_class=Once)
ONCE: dict[str, Any] = {"parameters": [DESCRIPTION]}
Name = Annotated[str, AfterValidator(without_nul), Path(max_length=200)]


class Policy(BaseModel):
    """A trained policy. The champion decides; the others are challengers."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    champion: bool = Field(description="It decides: somebody promoted it, or it is the newest")
    newest: bool
    card: dict[str, Any] = Field(description="Data, seeds, scores")


class Reasoned(Asked):
    """Why somebody decides so; it stands in the trail."""

    reason: Words = Field(default="", examples=["it earned more on the validation periods"])


@router.get("/policies", responses=documented(401, 403))
def list_policies(desk: CanRead, limit: Limit = 50, cursor: Cursor = None) -> Page[Policy]:
    """Trained policies with their cards; the newest first."""
    before = read_cursor(cursor)
    wanted = [one for one in list_registered(desk.project) if before is None or one.name < before][: limit + 1]
    return Page[Policy](**page(wanted, limit, lambda one: one.name, Policy.model_validate))


@router.get("/policies/{policy}", responses=documented(401, 403, 404))
def get_policy(desk: CanRead, policy: Name) -> Policy:
    """One trained policy."""
    return Policy.model_validate(find_registered(desk.project, policy))


@router.post("/policies/{policy}/promote", responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def promote(desk: CanLearn, policy: Name, asked: Reasoned | None = None) -> Policy:
    """Let it decide from now on, whatever is trained later. Plans of another policy go out of date."""
    return Policy.model_validate(promote_policy(desk, policy, asked.reason if asked else ""))


@router.post("/policies/rollback", responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def rollback(desk: CanLearn, asked: Reasoned | None = None) -> Policy:
    """Take the latest promotion back; the answer is the policy that decides now."""
    return Policy.model_validate(rollback_policy(desk, asked.reason if asked else ""))
