"""Libraries that the algorithms are held against; tests are skipped where they are not installed."""

import warnings

import pytest


def oracle(name: str):
    """The module of that name; its import may warn of what it does with others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name}: .venv/bin/pip install -c constraints.txt --group oracles")
