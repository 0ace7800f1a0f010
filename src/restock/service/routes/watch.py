"""What is going on: health, numbers, the trail, and who is told."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator

import restock
from restock.service.access import CanAudit, CanManage, CanRead, TheHost
from restock.service.measures import TEXT
from restock.service.paging import Cursor, Limit, page, read_number
from restock.service.problems import documented
from restock.service.shapes.base import Page, without_nul
from restock.service.shapes.watch import Audit, Delivery, Health, NewWebhook, Webhook, WebhookAsked
from restock.storage.state import work
from restock.storage.state.trail import AuditFilter
from restock.workflows import webhooks
from restock.workflows.approval import trail

router = APIRouter()
WebhookId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Word = Annotated[str | None, AfterValidator(lambda word: word and without_nul(word)), Query(max_length=200)]


@router.get("/health", tags=["health"], responses=documented())
def health(host: TheHost) -> Health:
    """Whether the server and its database can work; open to everybody."""
    with host.state.read() as session:
        work.count_jobs(session)
    return Health(status="ok", version=restock.__version__)


@router.get(
    "/metrics",
    tags=["health"],
    response_class=Response,
    responses={
        **documented(401, 403),
        200: {"description": "Prometheus", "content": {"text/plain": {"schema": {"type": "string"}}}},
    },
)
def metrics(desk: CanRead, request: Request) -> Response:
    """Requests by route and status, their seconds, jobs by state: for Prometheus."""
    with desk.look() as session:
        jobs = work.count_jobs(session)
    return Response(request.app.state.measures.text(jobs), media_type=TEXT)


@router.get("/audit", tags=["audit"], responses=documented(401, 403))
def list_audit(
    desk: CanAudit,
    kind: Word = None,
    object: Word = None,
    actor: Word = None,
    action: Word = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Audit]:
    """Who did what to what, the newest first."""
    wanted = AuditFilter(kind, object, actor, action)
    found = trail.entries(desk, wanted, read_number(cursor), limit + 1)
    return Page[Audit](**page(found, limit, lambda one: one.id, Audit.model_validate))


@router.get("/webhooks", tags=["webhooks"], responses=documented(401, 403))
def list_webhooks(desk: CanManage) -> list[Webhook]:
    """Addresses that are told of events."""
    return [Webhook.model_validate(one) for one in webhooks.list_webhooks(desk)]


@router.post("/webhooks", tags=["webhooks"], status_code=201, responses=documented(401, 403))
def add_webhook(desk: CanManage, asked: WebhookAsked) -> NewWebhook:
    """Tell an address of events from now on; its secret is shown this once."""
    return NewWebhook.model_validate(webhooks.add_webhook(desk, asked.url, asked.events))


@router.delete("/webhooks/{webhook}", tags=["webhooks"], status_code=204, responses=documented(401, 403, 404))
def remove_webhook(desk: CanManage, webhook: WebhookId) -> None:
    """Tell it no more."""
    webhooks.remove_webhook(desk, webhook)


@router.post("/webhooks/{webhook}/ping", tags=["webhooks"], status_code=202, responses=documented(401, 403, 404))
def ping_webhook(desk: CanManage, webhook: WebhookId) -> Delivery:
    """Send a message to try it out."""
    return Delivery.model_validate(webhooks.ping(desk, webhook))


@router.get("/webhooks/{webhook}/deliveries", tags=["webhooks"], responses=documented(401, 403, 404))
def list_deliveries(desk: CanManage, webhook: WebhookId, limit: Limit = 50) -> list[Delivery]:
    """What was sent to it, and how it answered; the newest first."""
    return [Delivery.model_validate(one) for one in webhooks.deliveries(desk, webhook, limit)]
