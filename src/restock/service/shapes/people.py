"""Users, sessions and keys."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from restock.service.shapes.base import Asked, Short, Told
from restock.workflows.approval.roles import Permission, Role


class User(Told):
    """Somebody who may sign in."""

    name: str
    role: str
    active: bool
    language: str
    created: datetime


class UserAsked(Asked):
    """A new user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "mei", "role": "planner"}]})

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@+-]{1,80}$")]
    role: Role
    language: Annotated[str, Field(pattern="^(en|zh)$")] = "en"


class UserChanges(Asked):
    """What is to be different about a user."""

    role: Role | None = None
    active: bool | None = None
    language: Annotated[str, Field(pattern="^(en|zh)$")] | None = None


class Link(BaseModel):
    """A link that signs in once."""

    user: str
    link: str


class Me(BaseModel):
    """Who is signed in."""

    name: str
    role: str
    permissions: list[Permission]
    language: str
    csrf: str = Field(
        description="To be sent as `X-CSRF-Token` with everything that changes something; empty for a key"
    )


class SignInAsked(Asked):
    """A name and a password."""

    name: Short
    password: Short


class FollowLinkAsked(Asked):
    """The token of a link, and the password to have from now on."""

    token: Short
    password: Short


class KeyAsked(Asked):
    """A key for a program."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "till", "scopes": ["decide"], "days": 90}]}
    )

    name: Annotated[Short, Field(min_length=1, max_length=80)]
    scopes: list[Permission] = Field(min_length=1, max_length=20)
    user: Short | None = Field(default=None, description="In whose name it acts; none: yours")
    days: int | None = Field(default=365, ge=1, le=3650, description="Until it ends; none: never")


class Key(BaseModel):
    """A key, without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    user: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    used: datetime | None


class NewKey(Key):
    """A key with its secret: the only time that it is shown."""

    token: str
