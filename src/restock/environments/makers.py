"""What Gymnasium calls for an id of `registered`: environments over benchmark instances and the article's."""

from importlib import import_module
from typing import Any

from restock.environments.article import article
from restock.environments.faces import RestockEnv, RestockVectorEnv
from restock.environments.task import Actions, Task, ordering


def instance_task(module: str, instance: str, actions: Actions = "discrete", periods: int | None = None) -> Task:
    """The task of a published instance.

    Args:
        module: of this package, with a function `find_instance`.
        instance: its name, such as `poisson-p4-L4`.
        actions: `discrete` (packs) or `continuous` (units).
        periods: of an episode; none: the instance's horizon, or 100.

    Raises:
        UsageError: no such instance (the hint offers the nearest), kind of action or length.
    """
    found = import_module(f"restock.environments.{module}").find_instance(instance)
    return ordering(found.setting(), actions, periods)


def make_instance(**given: Any) -> RestockEnv:
    """One row; arguments of `instance_task`."""
    return RestockEnv(instance_task(**given))


def make_instances(num_envs: int = 1, **given: Any) -> RestockVectorEnv:
    """Many rows; arguments of `instance_task`."""
    return RestockVectorEnv(instance_task(**given), num_envs)


def make_article(**given: Any) -> RestockEnv:
    """One row; arguments of `article.article`."""
    return RestockEnv(article(**given))


def make_articles(num_envs: int = 1, **given: Any) -> RestockVectorEnv:
    """Many rows; arguments of `article.article`."""
    return RestockVectorEnv(article(**given), num_envs)
