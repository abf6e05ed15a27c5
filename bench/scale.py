"""What a run costs as the archive grows: `make bench-scale N=1000`.

Builds archives of simulated drops of four plates in a temporary folder, runs the pipeline on
them and measures: the first run, nothing to do, one more drop, and the plans after a changed
config key and a changed module of one stage. Writes scale.json, and the plot of all sizes that
stand in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import psutil
import yaml

from reuptake.drops import seal
from reuptake.simulation.demonstration import TARGETS, binding_runs, saturation_runs
from reuptake.simulation.files import drop_files, write_files

ROOT = Path(__file__).parents[1]
REUPTAKE = Path(sys.executable).parent / "reuptake"
RESULTS = Path(__file__).with_name("scale.json")
PLOT = ROOT / "docs" / "images" / "scale"
SEED = 20260302
CORES = 2
COMPOUNDS = 30
SAMPLE_S = 0.2
FIRST_DAY = date(2026, 3, 2)
SATURATION = "2026-02-16-saturation"  # the Kd that the binding assays name


def contents(number: int, assays: dict) -> dict[str, bytes]:
    """Files of drop `number`: one run with two plates at SERT, one at DAT and one at NET.

    Four of the compounds take their turn at SERT, two of them at DAT and NET as well, beside
    the references: twelve curves.
    """
    day = FIRST_DAY + timedelta(days=number % 250)
    mine = [(4 * number + i) % COMPOUNDS for i in range(4)]
    ki_nM = np.random.default_rng(SEED).uniform(0, 3, (COMPOUNDS, len(TARGETS)))
    truth = {}
    for column, target in enumerate(TARGETS):
        tested = mine if target == "SERT" else mine[:2]
        truth[target] = {f"CMPD-{c + 1:02}": float(10 ** ki_nM[c, column]) for c in tested}
        truth[target][assays[f"{target.lower()}_binding"]["reference_compound"]] = 5.0
    runs = binding_runs(assays, truth, f"{day}-{number:04}")
    return drop_files(name_of(number), runs, SEED + number)


def name_of(number: int) -> str:
    """Name of a drop."""
    return f"drop-{number:04}"


class Archive:
    """A working folder with drops, and a checkout of its own so that a module may change."""

    def __init__(self, folder: Path):
        self.folder = folder / "work"
        self.checkout = folder / "checkout"
        for name in ("config", "data/reference"):
            shutil.copytree(ROOT / name, self.folder / name)
        for name in ("workflow", "config"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.checkout / name, ignore=ignored)
        shutil.copy2(ROOT / "Snakefile", self.checkout)
        python = self.environment | {"PYTHONDONTWRITEBYTECODE": ""}
        compiling = [sys.executable, "-m", "compileall", "-q", str(self.checkout / "workflow")]
        subprocess.run(compiling, check=True, env=python)
        text = (self.folder / "config" / "assays.yaml").read_text(encoding="utf-8")
        self.assays = yaml.safe_load(text)
        measured = saturation_runs(self.assays, f"{SATURATION[:10]}-S")
        self._write(SATURATION, drop_files(SATURATION, measured, SEED))

    @property
    def environment(self) -> dict[str, str]:
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {"PATH": tools, "PYTHONPATH": str(self.checkout / "workflow")}

    def add(self, number: int) -> None:
        """Write and seal a drop."""
        self._write(name_of(number), contents(number, self.assays))

    def _write(self, drop: str, files: dict[str, bytes]) -> None:
        folder = self.folder / "data" / "drops" / drop
        write_files(folder, files)
        seal.write(folder)

    def run(self, *options: str) -> dict:
        """Wall and CPU seconds, highest memory and number of jobs of a run or a plan."""
        command = [str(REUPTAKE), "run", "--cores", str(CORES), *options]
        start = time.perf_counter()
        with (self.folder / "output.txt").open("w+") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            with watched(process.pid) as memory:
                _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.perf_counter() - start
            output.seek(0)
            text = output.read()
        if process.returncode:
            sys.exit(f"the run failed:\n{text[-3000:]}")
        jobs = re.search(r"^total +(\d+)$", text, re.M)
        return {
            "wall_s": seconds,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_MB": memory["peak"] / 1e6,
            # the rule `all` is no job
            "jobs": int(jobs[1]) - 1 if jobs else 0,
        }

    def plan_of_key(self) -> dict:
        """The plan after the limit of a plate metric has changed: QC and all behind it."""
        path = self.folder / "config" / "config.yaml"
        kept = path.read_text(encoding="utf-8")
        data = yaml.safe_load(kept)
        data["limits"]["z_prime"]["fail"] = 0.3
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        try:
            return self.run("--dry-run", "--quiet")
        finally:
            path.write_text(kept, encoding="utf-8")

    def plan_of_module(self) -> dict:
        """The plan after a module of the curve engine has changed: fits and all behind them."""
        path = self.checkout / "workflow" / "reuptake" / "curves" / "engine.py"
        kept = path.read_bytes()
        path.write_bytes(kept + b"\nCHANGED = True\n")
        try:
            return self.run("--dry-run", "--quiet")
        finally:
            path.write_bytes(kept)


@contextmanager
def watched(pid: int):
    """Highest sum of resident memory of a process and all that it started.

    Pages that processes share count once in each: the sum is an upper limit.
    """
    memory, stop = {"peak": 0}, threading.Event()

    def watch() -> None:
        while not stop.wait(SAMPLE_S):
            try:
                first = psutil.Process(pid)
                tree = [first, *first.children(recursive=True)]
            except psutil.Error:
                return
            total = 0
            for process in tree:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            memory["peak"] = max(memory["peak"], total)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


MEASURES = {
    "first_run": "first run",
    "nothing_to_do": "nothing to do",
    "one_more_drop": "one more drop",
    "config_key": "plan: a limit of QC changed",
    "module": "plan: a module of the fit changed",
}


def measure(n: int) -> dict:
    """All measures of an archive of `n` drops."""
    with tempfile.TemporaryDirectory(prefix=f"reuptake-scale-{n}-") as folder:
        archive = Archive(Path(folder))
        for number in range(n):
            archive.add(number)
        out = {"drops": n, "plates": 4 * n, "first_run": archive.run()}
        # seconds on a machine whose speed varies
        again = sorted((archive.run() for _ in range(3)), key=lambda run: run["wall_s"])
        out["nothing_to_do"] = again[1]
        archive.add(n)
        out["one_more_drop"] = archive.run()
        out["config_key"] = archive.plan_of_key()
        out["module"] = archive.plan_of_module()
    return out


def show(sizes: list[dict]) -> None:
    """Print the table."""
    print(f"\n{CORES} cores, drops of four 96-well plates, simulated")
    print(f"{'drops':>6}  {'':34} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'jobs':>6}")
    for size in sizes:
        for name, words in MEASURES.items():
            if name in size:
                m = size[name]
                print(
                    f"{size['drops']:6}  {words:34} {m['wall_s']:8.1f} {m['cpu_s']:8.1f}"
                    f" {m['peak_MB']:8.0f} {m['jobs']:6}"
                )


def plot(sizes: list[dict]) -> None:
    """Draw wall time against the number of drops."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams |= {"svg.hashsalt": "reuptake", "font.size": 9, "svg.fonttype": "none"}
    figure, axes = plt.subplots(figsize=(6.2, 3.8), layout="constrained")
    for (name, words), marker in zip(MEASURES.items(), "os^Dv", strict=True):
        points = [(size["drops"], size[name]["wall_s"]) for size in sizes if name in size]
        if points:
            axes.plot(*zip(*points, strict=True), marker=marker, label=words, lw=1.2, ms=4)
    axes.set(xscale="log", yscale="log", xlabel="drops in the archive", ylabel="wall time (s)")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper left", frameon=False, fontsize=8, ncols=3)
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(f"{PLOT}.svg", metadata={"Date": None})
    figure.savefig(f"{PLOT}.png", dpi=150, metadata={"Software": None})


def main() -> None:
    """Measure the sizes named on the command line, or 10, 100 and 1,000 drops."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("drops", nargs="*", type=int, help="numbers of drops")
    wanted = parser.parse_args().drops or [10, 100, 1000]
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"sizes": []}
    sizes = {size["drops"]: size for size in kept["sizes"]}
    for n in wanted:
        sizes[n] = measure(n)
        in_order = [sizes[key] for key in sorted(sizes)]
        machine = {"cores": os.cpu_count(), "python": platform.python_version()}
        text = json.dumps({"machine": machine, "sizes": in_order}, indent=1)
        RESULTS.write_text(f"{text}\n", encoding="utf-8")
        show(in_order)
        plot(in_order)
    print(f"\nwritten: {RESULTS} and {PLOT}.svg")


if __name__ == "__main__":
    main()
