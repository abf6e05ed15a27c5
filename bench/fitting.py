"""Curves per second of CPU, error and coverage, on the field's clean design."""

import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.stats import t as student
from simulated_curves import simulate

from reuptake.curves.fit import fit_curves

SIZES = (1000, 5000, 20000)
SUBSAMPLE = 300
SEED = 20260302
TOP_DECADE = 3.5


def measure() -> list[dict]:
    """Fit the clean design in several sizes, with and without control wells and intervals."""
    fit_curves(*simulate(50, seed=0)[:3], 50)  # what is imported or allocated once
    rows = []
    for controls in (True, False):
        for n in SIZES:
            curve, concentration, response, truth = simulate(n, seed=SEED, controls=controls)
            for intervals in (False, True):
                start = time.process_time()
                interval = "profile" if intervals else "none"
                table = fit_curves(curve, concentration, response, n, interval=interval)
                seconds = time.process_time() - start
                row = {"engine": "reuptake", "n": n, "controls": controls, "intervals": intervals}
                row |= {"curves_per_cpu_s": n / seconds} | accuracy(table, truth, intervals)
                rows.append(row)
        rows.append(one_by_one(controls))
    show(rows)
    return rows


def accuracy(table, truth, intervals: bool) -> dict:
    """Error |log10(fit/truth)| over all curves (a limit counts as its value), and coverage."""
    error = np.abs(np.log10(table.ic50_nM.to_numpy()) - truth)
    out = {
        "median_error": float(np.nanmedian(error)),
        "p95_error": float(np.nanquantile(error, 0.95)),
    }
    if not intervals:
        return out
    exact = table.ic50_qualifier.to_numpy() == "="
    with np.errstate(divide="ignore"):
        low, high = np.log10(table.ic50_lower_nM), np.log10(table.ic50_upper_nM)
    return out | coverage((low <= truth) & (truth <= high), exact, truth)


def quantiles(error) -> dict:
    """Median and 95th percentile."""
    median, p95 = np.nanquantile(error, (0.5, 0.95))
    return {"median_error": float(median), "p95_error": float(p95)}


def coverage(held, exact, truth) -> dict:
    """Share of intervals that hold the truth: of all, and of the top decade."""
    return {
        "coverage": float(np.mean(held[exact])),
        "coverage_top_decade": float(np.mean(held[exact & (truth > TOP_DECADE)])),
        "exact": float(np.mean(exact)),
    }


def one_by_one(controls: bool) -> dict:
    """scipy's curve_fit of the same four parameters, curve by curve, with Wald intervals."""
    curve, concentration, response, truth = simulate(SUBSAMPLE, seed=SEED, controls=controls)
    x = np.log10(concentration, out=np.full(len(curve), -40.0), where=concentration > 0)
    x, y = (a.reshape(SUBSAMPLE, -1) for a in (np.clip(x, -40, 40), response))

    def model(x, top, bottom, location, hill):
        return bottom + (top - bottom) / (1 + 10 ** ((x - location) * hill))

    found, half = np.full((2, SUBSAMPLE), np.nan)
    start = time.process_time()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", OptimizeWarning)
        for i in range(SUBSAMPLE):
            try:
                guess = (y[i].max(), y[i].min(), 2.25, 1.0)
                parameters, covariance = curve_fit(model, x[i], y[i], guess)
            except RuntimeError:
                continue
            found[i], half[i] = parameters[2], np.sqrt(covariance[2, 2])
    seconds = time.process_time() - start
    half *= student.ppf(0.975, y.shape[1] - 4)
    error = np.abs(found - truth)
    row = {"engine": "scipy curve_fit", "n": SUBSAMPLE, "controls": controls, "intervals": True}
    row |= {"curves_per_cpu_s": SUBSAMPLE / seconds} | quantiles(error)
    return row | coverage(error <= half, np.isfinite(found), truth)


def show(rows: list[dict]) -> None:
    """Print the table."""
    print("\nFits: ten half-log concentrations in triplicate, SD 5, Hill 0.7 to 1.4")
    print(f"{'':16} {'curves':>6} {'wells':>12} {'intervals':>9} {'curves/CPU s':>12}", end="")
    print(f" {'median / p95 error':>20} {'coverage (top decade)':>22}")
    for row in rows:
        wells = "+ controls" if row["controls"] else "no controls"
        print(
            f"{row['engine']:16} {row['n']:6} {wells:>12} {'yes' if row['intervals'] else 'no':>9}"
            f" {row['curves_per_cpu_s']:12,.0f}"
            f" {row['median_error']:11.3f} / {row['p95_error']:.3f}",
            end="",
        )
        held = "coverage" in row
        print(f" {row['coverage']:13.3f} ({row['coverage_top_decade']:.3f})" if held else "")
