"""Benchmark instances with their exact optima, and Gymnasium faces of the simulator.

Importing this package makes `gymnasium.make("restock/LostSales-v0")` and its siblings work.
"""

from restock.environments.registered import register_all

register_all()
