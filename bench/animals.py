"""Simulated in-vivo experiments: error rate of Dunnett's test, coverage of Fieller's interval.

And the CPU of a drop with animals.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from reuptake.animals.dunnett import critical_value, power, weights
from reuptake.animals.effects import antagonism_pct, reduction_pct
from reuptake.animals.frame import animals_of  # noqa: F401, what ingest imports when it runs
from reuptake.settings.load import load_settings
from reuptake.settings.model import ANIMAL_KINDS
from reuptake.settings.sections import section
from reuptake.stages import animals, ingest
from reuptake.wells import wells_of  # noqa: F401

DROP = Path(__file__).parents[1] / "data" / "drops" / "2026-03-23-in-vivo"
EXPERIMENTS = 10_000
SEED = 20260302


def measure() -> dict:
    """Every share with its expected value and the standard error of 10 000 experiments."""
    seconds = drop_cpu()
    start = time.process_time()
    rows = [
        *(family_wise_error(n) for n in ((10, 10, 10, 10), (12, 6, 9, 4), (5, 8, 8, 3, 10, 6))),
        reduction_coverage((10, 7), (206.0, 115.0), 24.7),
        reduction_coverage((8, 8), (206.0, 199.0), 24.7),
        antagonism_coverage((6, 6, 6), (791.0, 304.0, 547.0), 35.0),
        antagonism_coverage((5, 8, 6), (791.0, 304.0, 372.0), 90.0),
        found_share((10, 10, 10, 10), (0.0, -20.0, -35.0), 25.0),
    ]
    show(rows)
    print(f"{time.process_time() - start:.1f} s of CPU")
    stages = ", ".join(f"{stage} {value:.2f} s" for stage, value in seconds.items())
    print(f"CPU of the drop {DROP.name}, beyond imports: {stages}")
    return {"shares": rows, "drop_cpu_s": seconds}


def drop_cpu() -> dict:
    """CPU seconds of the jobs of the demonstration's drop with animals, modules loaded before."""
    settings = load_settings([])
    assays = frozenset(key for key, a in settings.assays.items() if a.kind in ANIMAL_KINDS)
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="reuptake-bench-animals-") as folder:
        made = Path(folder)
        verdict, readings = made / "verdict.json", made / "animals.parquet"
        start = time.process_time()
        share = section("ingest", settings, DROP.name, assays)
        ingest.run(DROP, share, verdict, made / "wells.parquet", readings)
        seconds["ingest"] = time.process_time() - start
        start = time.process_time()
        share = section("animals", settings, DROP.name, assays)
        animals.run(verdict, readings, share, made)
        seconds["animals"] = time.process_time() - start
        if '"accepted"' not in verdict.read_text(encoding="utf-8"):
            raise SystemExit(f"{DROP.name} is not accepted")
    return seconds


def groups_of(rng, n, means, sd):
    """Group means and pooled variance of many experiments: (m, g), (m,), degrees of freedom."""
    n = np.asarray(n)
    df = int(n.sum() - len(n))
    mean = np.asarray(means) + rng.normal(size=(EXPERIMENTS, len(n))) * sd / np.sqrt(n)
    return mean, sd**2 * rng.chisquare(df, EXPERIMENTS) / df, df


def family_wise_error(n) -> dict:
    """Share of experiments without any effect in which Dunnett's test finds one."""
    rng = np.random.default_rng(SEED)
    mean, msw, df = groups_of(rng, n, np.zeros(len(n)), 1.0)
    n = np.array(n)
    critical = critical_value(weights(n[1:], n[0]), df)
    t = (mean[:, 1:] - mean[:, :1]) / np.sqrt(msw[:, None] * (1 / n[1:] + 1 / n[0]))
    share = float(np.mean(np.any(np.abs(t) > critical, axis=1)))
    return row(f"family-wise error, n = {', '.join(map(str, n))}", share, 0.05)


def reduction_coverage(n, means, sd) -> dict:
    """Share of Fieller intervals of % reduction that hold the true one."""
    rng = np.random.default_rng(SEED + 1)
    mean, msw, df = groups_of(rng, n, means, sd)
    truth = 100 * (1 - means[1] / means[0])
    held = []
    for (control, drug), variance in zip(mean, msw, strict=True):
        found = reduction_pct(drug, control, variance * np.diag([1 / n[1], 1 / n[0]]), df)
        held.append(found.lower <= truth <= found.upper)
    return row(f"% reduction {truth:.1f} inside its interval", float(np.mean(held)), 0.95)


def antagonism_coverage(n, means, sd) -> dict:
    """Share of Fieller intervals of % antagonism that hold the true one."""
    rng = np.random.default_rng(SEED + 2)
    mean, msw, df = groups_of(rng, n, means, sd)
    truth = 100 * (means[2] - means[1]) / (means[0] - means[1])
    spread = np.diag([1 / n[2], 1 / n[1], 1 / n[0]])
    held = []
    for (vehicle, challenge, drug), variance in zip(mean, msw, strict=True):
        found = antagonism_pct(drug, challenge, vehicle, variance * spread, df)
        held.append(found.lower <= truth <= found.upper)
    return row(f"% antagonism {truth:.1f} inside its interval", float(np.mean(held)), 0.95)


def found_share(n, differences, sd) -> dict:
    """Share of experiments in which Dunnett's test finds any of the true differences."""
    rng = np.random.default_rng(SEED + 3)
    mean, msw, df = groups_of(rng, n, (0.0, *differences), sd)
    n = np.array(n)
    critical = critical_value(weights(n[1:], n[0]), df)
    t = (mean[:, 1:] - mean[:, :1]) / np.sqrt(msw[:, None] * (1 / n[1:] + 1 / n[0]))
    share = float(np.mean(np.any(np.abs(t) > critical, axis=1)))
    return row("power, any of three differences", share, power(differences, sd, n[1:], n[0])[0])


def row(what: str, share: float, expected: float) -> dict:
    """A line of the table."""
    error = (expected * (1 - expected) / EXPERIMENTS) ** 0.5
    return {"what": what, "share": share, "expected": float(expected), "standard_error": error}


def show(rows: list[dict]) -> None:
    """Print the table."""
    print(f"\nAnimals: {EXPERIMENTS:,} simulated experiments each")
    for line in rows:
        print(
            f"{line['what']:48} {line['share']:7.4f}  expected {line['expected']:.4f} "
            f"± {line['standard_error']:.4f}"
        )


if __name__ == "__main__":
    measure()
