"""The ids under which Gymnasium finds the environments; `import restock.environments` registers them.

A further module of instances is one line of `INSTANCES`: its `find_instance(name)` gives something with a `setting()`.
"""

from gymnasium import register

INSTANCES = {  # id: module of this package, the instance to begin with
    "restock/LostSales-v0": ("lost_sales", "poisson-p4-L4"),
}
MAKERS = "restock.environments.makers"
SHOP_MAKERS = "restock.workflows.environment"  # a project is more than a setting: it is opened above this layer


def register_all() -> None:
    """Tell Gymnasium the names; what makes an environment is imported when one is made."""
    for name, (module, instance) in INSTANCES.items():
        one, many = f"{MAKERS}:make_instance", f"{MAKERS}:make_instances"
        register(name, one, vector_entry_point=many, kwargs={"module": module, "instance": instance})
    register("restock/Article-v0", f"{MAKERS}:make_article", vector_entry_point=f"{MAKERS}:make_articles")
    register("restock/Shop-v0", f"{SHOP_MAKERS}:make_shop", vector_entry_point=f"{SHOP_MAKERS}:make_shops")
