"""Figures and pages of a panel: 100 compounds at three targets, and a further small drop."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from reuptake.drops import seal
from reuptake.simulation.demonstration import TARGETS, binding_runs
from reuptake.simulation.files import drop_files, write_files

ROOT = Path(__file__).parents[1]
REUPTAKE = Path(sys.executable).parent / "reuptake"
CORES = 2
COMPOUNDS = 100
RUNS = ("2026-03-02-A", "2026-03-09-B", "2026-03-16-C")
CONSTANTS = "2026-02-16-saturation"
SEED = 20260302
CHANGED = "CMPD-001"


def measure() -> dict:
    """Run the pipeline on the panel, then again after a drop with two of its compounds."""
    with tempfile.TemporaryDirectory(prefix="reuptake-bench-figures-") as folder:
        work = prepare(Path(folder) / "work")
        out = {"cores": CORES, "compounds": COMPOUNDS, "runs": len(RUNS)}
        out["first"] = timed(work) | sizes(work)
        measure_again(work)
        out["one_more_plate"] = timed(work)
    show(out)
    return out


def prepare(folder: Path) -> Path:
    """A working folder with a drop for each run, two compounds and the reference a plate."""
    # the run that measured Kd and Bmax comes from the demonstration
    for name in ("config", "data/reference", f"data/drops/{CONSTANTS}"):
        shutil.copytree(ROOT / name, folder / name)
    for number, run in enumerate(RUNS):
        add(folder, run, number, COMPOUNDS)
    return folder


def add(folder: Path, run: str, number: int, compounds: int) -> None:
    """Write and seal a drop: one run with the first so many compounds, and the references."""
    assays = yaml.safe_load((folder / "config" / "assays.yaml").read_text(encoding="utf-8"))
    ki_nM = 10 ** np.random.default_rng(SEED).uniform(0, 3, (len(TARGETS), COMPOUNDS))
    truth = {}
    for target, row in zip(TARGETS, ki_nM, strict=True):
        truth[target] = {f"CMPD-{i + 1:03}": float(row[i]) for i in range(compounds)}
        truth[target][assays[f"{target.lower()}_binding"]["reference_compound"]] = 5.0
    drop = folder / "data" / "drops" / f"{run}-binding"
    write_files(drop, drop_files(drop.name, binding_runs(assays, truth, run), SEED + number))
    seal.write(drop)


def measure_again(folder: Path) -> None:
    """A further drop of one plate a target: two of the compounds, measured once more."""
    add(folder, "2026-03-23-D", len(RUNS), 2)


def timed(folder: Path) -> dict:
    """Wall seconds of a run, and of its figures and pages alone; figures that were drawn."""
    start = time.perf_counter()
    command = [REUPTAKE, "run", "--cores", str(CORES)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"the run failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    results = folder / "results"
    jobs = {job: pd.read_csv(results / "benchmarks" / f"{job}.tsv", sep="\t") for job in STAGES}
    drawn = re.search(r"(\d+) figures drawn", (results / "logs" / "figures.log").read_text())
    return {
        "wall_s": seconds,
        **{f"{job}_s": float(table["s"].iloc[0]) for job, table in jobs.items()},
        "drawn": int(drawn[1]),
    }


STAGES = ("figures", "report")


def sizes(folder: Path) -> dict:
    """Bytes of the report, and of the figures of one compound."""
    results = folder / "results"
    index = pd.read_csv(results / "figures" / "index.csv", keep_default_na=False)
    mine = index.loc[index["compound"] == CHANGED, "file"]
    return {
        "figures": len(index),
        "report_MB": sum(f.stat().st_size for f in results.glob("report/**/*.html")) / 1e6,
        "compound_kB": sum((results / "figures" / f"{n}.svg").stat().st_size for n in mine) / 1e3,
        "kinds": {kind: int(n) for kind, n in index["kind"].value_counts().items()},
    }


def show(out: dict) -> None:
    """Print the table."""
    first, changed = out["first"], out["one_more_plate"]
    print(f"\n{COMPOUNDS} compounds, {len(TARGETS)} targets, {len(RUNS)} runs, {CORES} cores")
    print(f"{'':24} {'run s':>8} {'figures s':>10} {'pages s':>8} {'drawn':>6}")
    for name, row in (("first run", first), ("one more plate", changed)):
        print(
            f"{name:24} {row['wall_s']:8.1f} {row['figures_s']:10.1f} {row['report_s']:8.1f}"
            f" {row['drawn']:6}"
        )
    print(
        f"report {first['report_MB']:.1f} MB; figures of one compound {first['compound_kB']:.0f} kB"
    )
