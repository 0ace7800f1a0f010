"""One network for many lost-sales instances: it is told what each shop is like, and learns all of them side by side."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from restock.algorithms.pathwise import PathwiseConfig
from restock.algorithms.problem import Problem
from restock.algorithms.training import train
from restock.environments.lost_sales import ZIPKIN, LostSales
from restock.environments.setting import repeat
from restock.policies.network import Network
from restock.simulator.rollout import fixed_lead_time
from restock.simulator.types import Decision, Known, Shop, View
from restock.workflows.benches.learning_problem import TRAINING, recipe

PATHS, PERIODS = 128, 500  # of each instance, drawn to learn from
LEARNED = ZIPKIN  # all that this network is trained on
RECIPE = recipe(updates=3000, periods=40, ignored=10, carry_stock=True, batch=512, hidden=64, learning_rate=5e-3)


class Informed(eqx.Module):
    """A network that is told how demand varies; penalty and lead time are among its terms already."""

    network: Network

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return self.network(View(view.shop, view.stock, told(view.known)), key)


def told(known: Known) -> Known:
    """The logarithm of variance over mean as a feature: 0 for Poisson demand, 1.8 for the geometric law of mean 5."""
    dispersion = jnp.log(known.lead_spread**2 / known.lead_demand)
    return eqx.tree_at(lambda k: k.features, known, dispersion[..., None])


@cache
def learn_together(
    seed: int, settings: PathwiseConfig = RECIPE, instances: tuple[LostSales, ...] = LEARNED
) -> Informed:
    """A network trained from nothing on all instances; asked for again, it is the same one."""
    problem = side_by_side(instances, seed)
    network, _ = train(settings, problem, jax.random.key(TRAINING + seed))
    assert isinstance(network, Network)
    return Informed(jax.block_until_ready(network))


def side_by_side(instances: tuple[LostSales, ...], seed: int) -> Problem:
    """Paths of all instances as rows; those that cost more by their nature count for less."""
    longest = max(instance.lead_time for instance in instances)
    generator = np.random.default_rng([seed, TRAINING])
    parts: list[tuple[Shop, Known, Array, Array]] = []
    for instance in instances:
        setting = instance.setting()
        course = setting.draw(generator, PATHS, PERIODS)
        lead = jnp.pad(fixed_lead_time(instance.lead_time), ((0, 0), (0, longest - instance.lead_time)))
        shop = eqx.tree_at(lambda s: s.lead_chance, setting.shop, lead)
        usual = (
            instance.penalty * instance.holding * float(course.demand.var())
        ) ** 0.5  # the newsvendor's cost, about
        parts.append(
            (repeat(shop, PATHS), repeat(told(course.known), PATHS), course.demand, jnp.full(PATHS, 1 / usual))
        )
    shop, known, demand, weight = jax.tree.map(lambda *rows: jnp.concatenate(rows), *parts)
    return Problem(
        shop=shop,
        known=known,
        demand=demand[:, :, None],
        arrives=shop.lead_chance,
        weight=jnp.broadcast_to(weight[:, None], demand.shape),
        chance_of_row=jnp.ones(len(demand)),
        first=0,
        last=PERIODS,
    )
