"""Finding a published instance by its name, and refusing what is not one."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from restock.errors import UsageError, nearest
from restock.language import Text


class Named(Protocol):
    """Whatever has a name; no two published instances share one, in upper or lower case."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def finder(kind: Text, published: Iterable[N]) -> Callable[[str], N]:
    """What finds the published instance of a name, upper or lower case.

    It raises a UsageError where no instance is called so; the hint offers the nearest names.

    Args:
        kind: of the instances, such as `lost-sales`.
        published: instances; those first in line are offered when no name is near.
    """
    named = {instance.name.lower(): instance for instance in published}

    def find_instance(name: str) -> N:
        wanted = name.strip().lower()
        if wanted in named:
            return named[wanted]
        raise UsageError(
            Text(
                f"no {kind.en} instance is called `{name}`; there are {len(named)}",
                f"没有名为 `{name}` 的{kind.zh}算例；共有 {len(named)} 个",
            ),
            hint=nearest(name, (instance.name for instance in named.values())),
        )

    return find_instance


def not_an_instance(kind: Text, instance: object, rule: Text) -> UsageError:
    """What to raise where numbers cannot belong together; `rule` says which can."""
    message = Text(f"{instance} is not a {kind.en} instance", f"{instance} 不是有效的{kind.zh}算例")
    return UsageError(message, hint=rule)
