"""Finding a published instance by its name, and refusing what is not one."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Protocol, TypeVar

from restock.errors import UsageError
from restock.language import Text

OFFERED = 3  # names in a hint


class Named(Protocol):
    """Whatever has a name; no two published instances share one, in upper or lower case."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def find(kind: Text, name: str, published: Iterable[N]) -> N:
    """The published instance of that name, upper or lower case.

    Args:
        kind: of the instances, such as `lost-sales`.
        name: what the user wrote.
        published: instances; those first in line are offered when no name is near.

    Raises:
        UsageError: no such instance; the hint offers the nearest names.
    """
    named = {instance.name.lower(): instance for instance in published}
    wanted = name.strip().lower()
    if wanted in named:
        return named[wanted]
    near = get_close_matches(wanted, named, n=OFFERED, cutoff=0.5) or list(named)[:OFFERED]
    names = [f"`{named[key].name}`" for key in near]
    raise UsageError(
        Text(
            f"no {kind.en} instance is called `{name}`; there are {len(named)}",
            f"没有名为 `{name}` 的{kind.zh}算例；共有 {len(named)} 个",
        ),
        hint=Text("the nearest names are " + ", ".join(names), "最接近的名称：" + "、".join(names)),
    )


def not_an_instance(kind: Text, instance: object, rule: Text) -> UsageError:
    """What to raise where numbers cannot belong together; `rule` says which can."""
    message = Text(f"{instance} is not a {kind.en} instance", f"{instance} 不是有效的{kind.zh}算例")
    return UsageError(message, hint=rule)
