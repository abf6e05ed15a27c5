"""Exact Ki fits of simulated depleted plates: bias, coverage and speed.

`.venv/bin/python bench/depletion.py`; the numbers are those of a seed and a machine.
"""

import os

# before numpy is imported: one thread, so that seconds of CPU are seconds of one core
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")

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


def main() -> None:
    """Print a line for each design, all plates together and by the decade of R_T/Ki."""
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
                show(label, 10.0**low, 10.0**high, plates, f"{N / plates.fit_seconds:14.0f}")
                for decade in range(low, high):
                    show(label, 10.0**decade, 10.0 ** (decade + 1), plates)


def show(label, low, high, plates, speed="") -> None:
    """One line of the table."""
    rows = (plates.ratio >= low) & (plates.ratio < high)
    closed, bounded = rows & plates.closed, rows & plates.bounded
    error = 100 * (10 ** (plates.log10_ki - plates.log10_truth) - 1)
    holds = f"{plates.bound_holds[bounded].mean():9.3f}" if bounded.any() else f"{'':9}"
    print(
        f"{label}{f'{low:g}-{high:g}':>11}{rows.sum():8}{closed.sum():8}"
        f"{np.median(error[closed]):8.2f}{plates.held[closed].mean():10.3f}{bounded.sum():8}{holds}"
        f"{np.median(plates.cheng_prusoff_bias_pct[rows]):11.1f}{speed}"
    )


if __name__ == "__main__":
    main()
