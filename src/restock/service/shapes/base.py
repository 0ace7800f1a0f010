"""What all of them share. What comes in is checked here first."""

from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

T = TypeVar("T")


def without_nul(text: str) -> str:
    """No database keeps a NUL in a text."""
    if "\0" in text:
        raise ValueError("a NUL sign cannot be kept")
    return text


Words = Annotated[str, AfterValidator(without_nul), Field(max_length=2000)]
Short = Annotated[str, AfterValidator(without_nul), Field(max_length=200)]
LineId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Asked(BaseModel):
    """Something that is sent; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """Something that is answered, also made from a record."""

    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    next: str | None = Field(description="The cursor of the next page; none: this is the last")
