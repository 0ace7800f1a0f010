"""Who did what, who is told of it, and how the server is."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from restock.service.shapes.base import Asked, Told, Words
from restock.workflows.webhooks import Event


class Audit(Told):
    """Who did what."""

    id: int
    at: datetime
    actor: str
    via: str
    action: str
    kind: str
    object: str
    details: dict[str, Any]


class WebhookAsked(Asked):
    """An address to tell of events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://erp.example/hook", "events": ["export.created"]}]},
    )

    url: Words
    events: list[Event] = Field(min_length=1, max_length=20)


class Webhook(Told):
    """An address that is told of events."""

    id: int
    url: str
    events: list[str]
    author: str
    created: datetime


class NewWebhook(Webhook):
    """The same with its secret: the only time that it is shown."""

    secret: str


class Delivery(Told):
    """One message to one address."""

    id: str
    event: str
    state: str = Field(description="waiting, delivered, given_up")
    attempts: int
    due: datetime
    answer: str | None
    created: datetime
    delivered: datetime | None


class Health(BaseModel):
    """Whether the server can work."""

    status: str
    version: str
