"""How long the deep forecaster learns from 3,000 series of 90 days, and tells the demand of 100,000.

    RESTOCK_DATA=FOLDER python benchmarks/forecast_speed.py

Seconds are those on the clock and of processors, compilation included; the series are those of FreshRetailNet, repeated
where more are forecast. Memory is the most that the whole program held. Writes benchmarks/results/forecast-speed.json.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from run import RESULTS, commit

from restock.forecasting.deep.forecaster import Deep
from restock.forecasting.forecaster import Ask
from restock.workflows.benches.demand_panels import PANELS
from restock.workflows.benches.result import this_machine

H, SERIES = 7, 100_000
KIB_PER_GB = 1e9 / 1024
Found = TypeVar("Found")


def timed(make: Callable[[], Found]) -> tuple[Found, dict[str, float]]:
    """What is made, and its seconds on the clock and of processors."""
    clock, processor = time.perf_counter(), time.process_time()
    found = make()
    return found, {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - processor}


def main() -> None:
    file = Path(sys.argv[1]) if sys.argv[1:] else RESULTS / "forecast-speed.json"
    panel, found = PANELS["fresh_retail"].panel(), this_machine()
    fitted, learned = timed(lambda: Deep().fit(panel, H))
    many = panel.rows(np.resize(np.arange(panel.shape[0]), SERIES))
    forecast, told = timed(lambda: fitted.predict(many, Ask(H)))
    assert forecast.quantiles.shape[:2] == (SERIES, H)
    result = {
        "learn": {"series": panel.shape[0], "periods": panel.shape[1], **learned},
        "forecast": {"series": SERIES, "h": H, **told},
        "most_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_GB,
        "machine": found,
        "commit": commit(),
    }
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
