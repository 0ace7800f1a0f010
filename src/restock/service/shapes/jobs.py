"""Long work, and the runs that it left behind."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from restock.service.problems import Said
from restock.service.shapes.base import Asked, Short, Told


class Job(BaseModel):
    """Long work and how far it is."""

    id: str
    kind: str
    arguments: dict[str, Any]
    state: str = Field(description="queued, running, done, failed, cancelled")
    attempt: int
    done: int
    total: int | None
    what: Said | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    author: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    cancelling: bool


class RunAsked(Asked):
    """How to train or test."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"seed": 1}]})

    seed: int | None = Field(default=None, ge=0, lt=2**31, description="Of training; none: 0")
    model: Short | None = Field(default=None, description="To test; none: the newest")

    def of(self, kind: str) -> dict[str, Any]:
        """What this kind of work takes of it."""
        taken = {"train": {"seed": self.seed}, "backtest": {"model": self.model}}[kind]
        return {key: value for key, value in taken.items() if value is not None}


class Run(Told):
    """A command that left something behind, and what it came from."""

    id: str
    kind: str
    snapshot: str | None
    policy: str | None
    settings: dict[str, Any]
    author: str
    created: datetime
    job_id: str | None
