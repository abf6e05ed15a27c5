"""reuptake's curve engine behind the same interface, in the project's own environment.

``python ours.py JOBS.json``, as :mod:`programs` takes it.
"""

from __future__ import annotations

import json
import math
import re
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from reuptake.curves import engine
from reuptake.curves.choice import choose
from reuptake.curves.fit import fit_curves
from reuptake.curves.groups import batches
from reuptake.curves.verdict import unfit

# what warns of a value; which controls are missing stands on every curve without them
WARNINGS = re.compile(
    "outlying wells|hook:|lack of fit|IC50 at the edge|IC50 in a gap|limit not certain|unbounded"
    "|depend on each other|stopped before convergence|rises above vehicle"
)


def answers(wells, n: int) -> pd.DataFrame:
    """One row a curve, with the columns of every program's answers and its status and flags."""
    fits = fit_curves(*wells, n)
    return pd.DataFrame(
        {
            "estimate_nM": adopted(wells, n),
            "ic50_nM": fits.ic50_nM,
            "qualifier": fits.ic50_qualifier,
            "lower_nM": fits.ic50_lower_nM,
            "upper_nM": fits.ic50_upper_nM,
            "warned": fits["flags"].str.contains(WARNINGS) | (fits.status == "ambiguous"),
            "error": "",
            "rss": free_four(wells, n),
            "status": fits.status,
            "outlier": fits["flags"].str.contains("outlying wells"),
            "hook": fits["flags"].str.contains("hook:"),
        }
    )


def condensed(wells):
    """The batches of the engine, of curves that can be fitted."""
    curve, concentration, response = wells
    with np.errstate(divide="ignore"):
        x = np.log10(concentration)
    for batch in batches(curve, x, response):
        yield batch.select(unfit(batch) == "")


def adopted(wells, n: int) -> np.ndarray:
    """The fitted IC50 behind each answer, also where only a limit is given."""
    out = np.full(n, np.nan)
    for batch in condensed(wells):
        if len(batch.curve):
            out[batch.curve] = 10.0 ** choose(batch, interval="none").fit.log10_ic50
    return out


def free_four(wells, n: int) -> np.ndarray:
    """Residual sum of squares, over wells, of the engine's free four-parameter fit."""
    out = np.full(n, np.nan)
    for batch in condensed(wells):
        if len(batch.curve):
            out[batch.curve] = engine.fit(batch, batch.weight, free_hill=True).ss + batch.ss_pure
    return out


def run(job: dict) -> None:
    """One job: the answers, or the CPU time of the fits alone."""
    table = pd.read_csv(job["wells"])
    wells = tuple(table[name].to_numpy() for name in ("curve", "concentration_nM", "response"))
    n = int(wells[0][-1]) + 1
    if job["program"] == "ours":
        answers(wells, n).to_csv(job["answers"], index=False)
        return
    interval = "profile" if job["program"] == "ours_profile" else "none"
    taken = math.inf
    for _ in range(job["repeat"]):
        started = time.process_time()

        fit_curves(*wells, n, interval=interval)
        taken = min(taken, time.process_time() - started)
    Path(job["timing"]).write_text(json.dumps({"curves": n, "cpu_seconds": taken}))


if __name__ == "__main__":
    for each in json.loads(Path(sys.argv[1]).read_text()):
        run(each)
