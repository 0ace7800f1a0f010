"""Demand on days with a stock-out: what was sold is only a lower bound."""

import numpy as np

from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

SHORT = 0.75  # share of the open time on the shelf from which sales still tell the demand


def observed_demand(panel: Panel) -> Floats:
    """Sales per share of the time on the shelf; NaN where that was under 75 %. [series, period]"""
    share = np.clip(panel.available, SHORT, 1.0)
    return np.where(panel.available >= SHORT, panel.y / share, np.nan).astype(np.float32)
