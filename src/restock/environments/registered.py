"""The ids under which Gymnasium finds the environments; `import restock.environments` registers them."""

from gymnasium import register

MAKERS = "restock.environments.makers"
INSTANCES = {  # id: module of this package, the instance to begin with
    "restock/LostSales-v0": ("lost_sales", "poisson-p4-L4"),
    "restock/Backlog-v0": ("backlog", "backlog-p9-L4"),
    "restock/FixedCost-v0": ("fixed_cost", "poisson-p14-L2-K5"),
    "restock/LotSizing-v0": ("lot_sizing", "seasonal-1-poisson"),
}
TASKS = {  # id: the function that makes its task, and arguments to begin with
    **{
        name: (f"{MAKERS}:instance_task", {"module": module, "instance": instance})
        for name, (module, instance) in INSTANCES.items()
    },
    "restock/Nonstationary-v0": (f"{MAKERS}:nonstationary_task", {"instance": "nonstationary-2-14"}),
    "restock/Pricing-v0": ("restock.environments.pricing:pricing_task", {"instance": "joint"}),
    "restock/Chain-v0": ("restock.environments.chain_task:chain_task", {"instance": "or-gym-backlog"}),
    "restock/Article-v0": ("restock.environments.article:article", {}),
    # a project is more than a setting: it is opened above this layer
    "restock/Shop-v0": ("restock.workflows.environment:shop_task", {}),
}


def register_all() -> None:
    """Tell Gymnasium the names; what makes an environment is imported when one is made."""
    for name, (task, given) in TASKS.items():
        kwargs = {"task": task, **given}
        register(name, f"{MAKERS}:make", vector_entry_point=f"{MAKERS}:make_many", kwargs=kwargs)
