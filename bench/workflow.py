"""Wall time of the demonstration, and the CPU of its jobs beyond their imports."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
REUPTAKE = Path(sys.executable).parent / "reuptake"
CORES = 2
REPEATS = 2

# the job itself, then the names of all modules that it loaded, in their order
_TELL_MODULES = """
import json, sys
before = set(sys.modules)
from reuptake import cli
try:
    cli.app(sys.argv[2:])
except SystemExit:
    pass
with open(sys.argv[1], "w") as file:
    json.dump([name for name in sys.modules if name not in before], file)
"""
_IMPORT_THEM = """
import importlib, json, sys
for name in json.load(open(sys.argv[1])):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def measure() -> dict:
    """Run the demonstration in folders of its own, and its per-drop jobs by themselves."""
    with tempfile.TemporaryDirectory(prefix="reuptake-bench-") as folder:
        whole = prepare(Path(folder) / "whole")
        out = {"cores": CORES, "drops": len(drops(whole))}
        out["whole_s"] = timed_run(whole)
        out["nothing_to_do_s"] = timed_run(whole)
        out["jobs"] = [job_cpu(whole, stage, drop) for drop in drops(whole) for stage in STAGES]

        growing = prepare(Path(folder) / "growing")
        last = growing / "data" / "drops" / drops(growing)[-1]
        aside = last.rename(Path(folder) / last.name)
        timed_run(growing)
        aside.rename(last)
        out["one_more_drop_s"] = timed_run(growing)
    show(out)
    return out


def prepare(folder: Path) -> Path:
    """A working folder with the demonstration's config and drops."""
    folder.mkdir()
    for name in ("config", "data"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def drops(folder: Path) -> list[str]:
    """Names of the drops."""
    return sorted(path.name for path in (folder / "data" / "drops").iterdir())


def timed_run(folder: Path) -> float:
    """Wall seconds of a run of the workflow."""
    start = time.perf_counter()
    done = subprocess.run(
        [REUPTAKE, "run", "--cores", str(CORES)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"the run failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds


STAGES = {
    "ingest": (
        "{drop}",
        "{made}/verdict.json",
        "{made}/ingested.parquet",
        "{made}/animals.parquet",
    ),
    "qc": ("{drop}", "{kept}/ingested.parquet", "{made}/plates.parquet", "{made}/wells.parquet"),
    "fit": (
        "{drop}",
        "{kept}/verdict.json",
        "{kept}/wells.parquet",
        "{kept}/plates.parquet",
        "{made}/curves.parquet",
    ),
}


def job_cpu(folder: Path, stage: str, drop: str) -> dict:
    """CPU seconds of one job of a drop, and of its imports alone."""
    with tempfile.TemporaryDirectory(prefix="reuptake-bench-job-") as made:
        kept = f"results/drops/{drop}"
        files = [part.format(drop=drop, kept=kept, made=made) for part in STAGES[stage]]
        command = ["stage", stage, *files, "--run", "results/run.json"]
        modules = Path(made) / "modules.json"
        cpu([sys.executable, "-c", _TELL_MODULES, str(modules), *command], folder)
        if not json.loads(modules.read_text(encoding="utf-8")):
            sys.exit(f"the {stage} job of {drop} loaded nothing")
        whole = min(cpu([str(REUPTAKE), *command], folder) for _ in range(REPEATS))
        loading = [sys.executable, "-c", _IMPORT_THEM, str(modules)]
        imports = min(cpu(loading, folder) for _ in range(REPEATS))
    return {"stage": stage, "drop": drop, "cpu_s": whole, "imports_s": imports}


def cpu(command: list[str], folder: Path) -> float:
    """User and system seconds of a process."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime


def show(out: dict) -> None:
    """Print the table."""
    print(f"\nDemonstration, {out['drops']} drops on {out['cores']} cores, environment installed")
    print(f"{'all drops':24} {out['whole_s']:6.1f} s")
    print(f"{'nothing to do':24} {out['nothing_to_do_s']:6.1f} s")
    print(f"{'one more drop':24} {out['one_more_drop_s']:6.1f} s")
    print("\nCPU seconds of a drop's job, and of it beyond imports (mean over the drops)")
    for stage in STAGES:
        jobs = [job for job in out["jobs"] if job["stage"] == stage]
        whole = sum(job["cpu_s"] for job in jobs) / len(jobs)
        imports = sum(job["imports_s"] for job in jobs) / len(jobs)
        print(f"{stage:24} {whole:6.2f}   {whole - imports:6.2f}")
