"""Coverage of the pooled statistics on compounds whose truth is known, and their speed."""

import resource
import time

import numpy as np
import pandas as pd

from reuptake.pooling import Repeats, fingerprints, range_jumps
from reuptake.potency import experiments_of, potencies_of
from reuptake.qc.runchart import MIN_RUNS_FOR_MSR, between_run_sd, runcharts_of
from reuptake.selectivity import selectivities_of, windows_of
from reuptake.tables import CURVES, EXPERIMENTS, WELLS, typed

SEED = 20260302
BETWEEN_SD = 0.12  # log10, between experiments
FIT_SE = 0.03  # log10, of one curve; part of what is between experiments
REFERENCE_RUNS = 20
EXPERIMENTS_PER_TARGET = 3
CENSORED_SHARE = 1 / 3
CENSORED_AT_SD = 0.5  # the highest concentration of these lies so far above the true mean
TARGETS = ("SERT", "DAT", "NET")
ROLES = {"SERT": "primary", "DAT": "off-target", "NET": "off-target"}


def measure() -> dict:
    """Coverage at 1,000 compounds, with the run chart and without, and the speed at size."""
    rows = [coverage(n, chart=chart) for n, chart in ((1000, True), (1000, False), (10000, True))]
    show(rows)
    speed = pooled_speed(100_000)
    print(
        f"\npooled functions, {speed['curves']:,} curves: {speed['seconds']:.0f} CPU s, "
        f"peak memory of the process {speed['peak_GB']:.1f} GB"
    )
    return {"coverage": rows, "speed": speed}


def curve_table(compound, target, experiment, log10_nM, limit=np.inf, role="sample"):
    """Rows of curves.csv whose log10 potency is given, "> limit" where it lies above."""
    n = len(log10_nM)
    limit = np.broadcast_to(limit, n)
    censored = log10_nM > limit
    value = 10.0 ** np.where(censored, limit, log10_nM)
    half = 1.97 * FIT_SE
    columns = {
        "drop": "bench",
        "run": experiment,
        "experiment": experiment,
        "assay": np.char.add(np.char.lower(np.asarray(target, dtype=str)), "_binding"),
        "plate": "P1",
        "role": role,
        "kind": "competition_binding",
        "target": target,
        "species": "human",
        "compound": compound,
        "df": 20,
        "log10_ic50_se": FIT_SE,
        "plate_verdict": "pass",
        "ki_method": "cheng_prusoff",
        "simulated": True,
        "lowest_tested_nM": 0.01,
        "highest_tested_nM": 1e4,
    }
    for name in ("ki", "ic50"):
        columns |= {
            f"{name}_qualifier": np.where(censored, ">", "="),
            f"{name}_nM": value,
            f"{name}_lower_nM": np.where(censored, np.nan, value * 10**-half),
            f"{name}_upper_nM": np.where(censored, np.nan, value * 10**half),
        }
    return typed(pd.DataFrame(columns, index=range(n)), CURVES)


def references(rng) -> pd.DataFrame:
    """Run charts of a reference compound at each target."""
    charts = []
    for target in TARGETS:
        names = [f"{target}-{i:03d}" for i in range(REFERENCE_RUNS)]
        log10 = rng.normal(0.5, BETWEEN_SD, REFERENCE_RUNS)
        charts.append(curve_table("reference", target, names, log10, role="reference"))
    return runcharts_of(
        typed(experiments_of(pd.concat(charts, ignore_index=True)), EXPERIMENTS).assign(
            date=lambda frame: frame.experiment
        )
    )


def panel(n: int, rng):
    """Curves of `n` compounds at three targets, three experiments each, and their true means."""
    compound = np.char.mod("C%06d", np.arange(n))
    truth = {target: rng.uniform(-1.0, 3.5, n) for target in TARGETS}
    frames = []
    for target in TARGETS:
        limit = np.full(n, np.inf)
        if target != "SERT":
            some = rng.random(n) < CENSORED_SHARE
            limit[some] = truth[target][some] + CENSORED_AT_SD * BETWEEN_SD
        for i in range(EXPERIMENTS_PER_TARGET):
            log10 = rng.normal(truth[target], BETWEEN_SD)
            names = f"{target}-{i}"
            frames.append(curve_table(compound, target, names, log10, limit))
    true = {(c, t): x for t in TARGETS for c, x in zip(compound, truth[t], strict=True)}
    return pd.concat(frames, ignore_index=True), true


def coverage(n: int, *, chart: bool, seed: int = SEED) -> dict:
    """Shares of intervals that hold the truth, and of one-sided bounds that it breaks."""
    rng = np.random.default_rng(seed)
    held: dict[str, list] = {"pki": [], "tobit": [], "ratio": [], "broken": [], "bound_ki": []}
    # the SD of one chart is one draw for all compounds: several laboratories share the work
    laboratories = 20
    for _ in range(laboratories):
        charts = references(rng)
        curves, truth = panel(n // laboratories, rng)
        experiments = experiments_of(curves)
        potency = potencies_of(experiments, between_run_sd(charts) if chart else None)
        ki = potency[potency.quantity == "Ki"]
        true = np.array([truth[r.compound, r.target] for r in ki.itertuples()])
        inside = (np.log10(ki.lower_nM) <= true) & (true <= np.log10(ki.upper_nM))
        interval = (ki.qualifier == "=").to_numpy()
        held["pki"] += list(inside[interval])
        held["tobit"] += list(inside[interval & (ki.n_censored > 0)])
        held["bound_ki"] += list((np.log10(ki.value_nM) > true)[~interval])
        table = selectivities_of(experiments, potency, ROLES, charts if chart else None)
        true = np.array(
            [truth[r.compound, r.target] - truth[r.compound, r.primary] for r in table.itertuples()]
        )
        two = (table.qualifier == "=").to_numpy()
        inside = (np.log10(table.lower) <= true) & (true <= np.log10(table.upper))
        held["ratio"] += list(inside[two])
        held["broken"] += list((np.log10(table.ratio) > true)[(table.qualifier == ">").to_numpy()])
    out = {"compounds": n, "sd_known": chart}
    for name, values in held.items():
        out[name] = float(np.mean(values)) if values else None
        out[f"n_{name}"] = len(values)
    return out


def pooled_speed(n_curves: int) -> dict:
    """Seconds and peak memory of all that looks at every curve of an archive together."""
    rng = np.random.default_rng(SEED)
    curves, _ = panel(n_curves // (len(TARGETS) * EXPERIMENTS_PER_TARGET), rng)
    wells = wells_of(curves.iloc[: len(curves) // 3], rng)
    charts = references(rng)
    start = time.process_time()
    range_jumps(curves)
    marks = {"range_jumps": time.process_time() - start}
    for name, step in (
        ("repeated_curves", lambda: Repeats().note(fingerprints(wells))),
        ("experiments_of", lambda: experiments_of(curves)),
    ):
        before = time.process_time()
        experiments = step()
        marks[name] = time.process_time() - before
    before = time.process_time()
    msr_sds = between_run_sd(charts, MIN_RUNS_FOR_MSR)
    potency = potencies_of(experiments, between_run_sd(charts), msr_sds)
    marks["potencies_of"] = time.process_time() - before
    before = time.process_time()
    windows_of(selectivities_of(experiments, potency, ROLES, charts))
    marks["selectivities_of"] = time.process_time() - before
    return {
        "curves": len(curves),
        "wells": len(wells),
        "seconds": time.process_time() - start,
        "peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "parts_s": marks,
    }


def wells_of(curves: pd.DataFrame, rng, n: int = 10) -> pd.DataFrame:
    """Wells of curves, ten each."""
    place = ["drop", "run", "plate", "assay", "role", "compound", "simulated"]
    rows = curves[place].loc[curves.index.repeat(n)].reset_index(drop=True)
    rows["concentration_nM"] = np.tile(10.0 ** np.linspace(-1, 3.5, n), len(curves))
    rows["signal"] = rng.poisson(2000, len(rows)).astype(float)
    return typed(rows, WELLS)


def show(rows: list[dict]) -> None:
    """Print the coverage."""
    print("\nStatistics: three experiments a target, SD 0.12 log10 between them, 95 % intervals")
    titles = ("compounds", "run chart", "pKi", "of these Tobit", "ratio", "bound broken")
    print("  ".join(f"{title:>16}" for title in titles))
    for row in rows:
        known = f"{REFERENCE_RUNS} runs" if row["sd_known"] else "none"
        cells = [f"{row['compounds']:,}", known] + [
            f"{row[name]:.3f} of {row[f'n_{name}']:,}" if row[f"n_{name}"] else "none"
            for name in ("pki", "tobit", "ratio", "broken")
        ]
        print("  ".join(f"{cell:>16}" for cell in cells))
