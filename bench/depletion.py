"""Exact Ki fits of simulated depleted plates: bias, coverage and speed."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
from depleted_plates import DESIGNS, SITES_SD, fitted_plates

SEED, N = 20260302, 500
# log10 of R_T/Ki: what is asked for, and where curves become titrations of the sites
RANGES = ((-2, 1), (1, 3))
# relative errors of Kd and L
ERRORS = ((0.0, 0.0), (0.15, 0.05))


def measure() -> list[dict]:
    """Print and return a line for each design, all plates together and by decade of R_T/Ki."""
    lines = []
    print(f"{N} plates a design; R_T, Kd and L given with log-normal errors, SD of R_T {SITES_SD}")
    print(
        f"{'radioligand':16}{'SD Kd, L':>10}{'R_T/Ki':>11}{'plates':>8}{'closed':>8}{'bias %':>8}"
        f"{'coverage':>10}{'Ki < U':>8}{'U holds':>9}{'CP bias %':>11}{'curves/CPU s':>14}"
    )
    for design in DESIGNS:
        fitted_plates(design, 5, seed=1)  # what is imported or allocated once
        for kd_sd, ligand_sd in ERRORS:
            for low, high in RANGES:
                options = {"log10_ratio": (low, high), "kd_sd": kd_sd, "ligand_sd": ligand_sd}
                plates = fitted_plates(design, N, seed=SEED, **options)
                label = f"{design.name:16}{f'{kd_sd:g}, {ligand_sd:g}':>10}"
                about = {"radioligand": design.name} | options
                speed = N / plates.fit_seconds
                numbers = show(label, 10.0**low, 10.0**high, plates, f"{speed:14.0f}")
                lines.append(about | numbers | {"curves_per_cpu_s": speed})
                for decade in range(low, high):
                    span = 10.0**decade, 10.0 ** (decade + 1)
                    lines.append(about | show(label, *span, plates) | {"log10_ratio": span})
    return lines


def show(label, low, high, plates, speed="") -> dict:
    """Print one line of the table, and return its numbers."""
    rows = (plates.ratio >= low) & (plates.ratio < high)
    closed, bounded = rows & plates.closed, rows & plates.bounded
    error = 100 * (10 ** (plates.log10_ki - plates.log10_truth) - 1)
    numbers = {
        "plates": int(rows.sum()),
        "closed": int(closed.sum()),
        "median_error_pct": float(np.median(error[closed])),
        "coverage": float(plates.held[closed].mean()),
        "limits": int(bounded.sum()),
        "limits_that_hold": float(plates.bound_holds[bounded].mean()) if bounded.any() else None,
        "cheng_prusoff_bias_pct": float(np.median(plates.cheng_prusoff_bias_pct[rows])),
    }
    holds = f"{numbers['limits_that_hold']:9.3f}" if bounded.any() else f"{'':9}"
    print(
        f"{label}{f'{low:g}-{high:g}':>11}{numbers['plates']:8}{numbers['closed']:8}"
        f"{numbers['median_error_pct']:8.2f}{numbers['coverage']:10.3f}{numbers['limits']:8}{holds}"
        f"{numbers['cheng_prusoff_bias_pct']:11.1f}{speed}"
    )
    return numbers
