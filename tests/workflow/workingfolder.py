"""Working folders in which the tests run the workflow.

A folder holds a copy of the project's configuration and reference data and small drops; the
fixtures that make one stand in conftest.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml

from reuptake.drops import seal
from reuptake.simulation import demonstration
from reuptake.simulation.files import drop_files, write_files
from reuptake.simulation.in_vivo import Effect, in_vivo_files
from reuptake.simulation.plates import PLATE_96, layout

ROOT = Path(__file__).parents[2]
SEED = 20260302
BINDING, UPTAKE, PARTNER = "2026-03-02-binding", "2026-03-04-uptake", "2026-03-20-partner"
# tells the Kd and Bmax that the binding assays name; the kinetics run of uptake is not there
SATURATION = "2026-02-16-saturation"
IN_VIVO = demonstration.IN_VIVO


@dataclass(frozen=True)
class Plan:
    """Jobs that a dry run lists, the rule `all` left out."""

    jobs: list[tuple[str, str]]  # rule and drop

    @property
    def rules(self) -> set[str]:
        return {rule for rule, _ in self.jobs}

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(rule for rule, _ in self.jobs))

    @property
    def drops(self) -> set[str]:
        return {drop for _, drop in self.jobs if drop}


@dataclass(frozen=True)
class Working:
    """A working folder and the checkout whose workflow runs in it."""

    folder: Path
    checkout: Path

    @property
    def drops(self) -> Path:
        return self.folder / "data" / "drops"

    @property
    def environment(self) -> dict[str, str]:
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {"PATH": tools, "PYTHONPATH": str(self.checkout / "workflow")}

    @property
    def workflow(self) -> list[str]:
        """Plain Snakemake with this checkout's workflow."""
        profile = self.checkout / "workflow" / "profiles" / "default"
        snakefile = str(self.checkout / "Snakefile")
        return ["snakemake", "--snakefile", snakefile, "--workflow-profile", str(profile)]

    @property
    def answers(self) -> dict[str, bytes]:
        """Every file of tables, figures and report, but what the report says of earlier runs."""
        kinds = [self.folder / "results" / kind for kind in ("tables", "figures", "report")]
        history = [kinds[-1] / name for name in ("changes.html", "changes.js")]
        files = [path for kind in kinds for path in kind.rglob("*") if path.is_file()]
        answers = [path for path in files if path not in history]
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in answers}

    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run a program of the environment in the folder."""
        return subprocess.run(
            arguments,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )

    def snakemake(self, *arguments: str, status: int = 0) -> str:
        """Run the workflow and return what it prints; its exit status must be `status`."""
        done = self.command(*self.workflow, *arguments)
        assert done.returncode == status, done.stdout
        return done.stdout

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run the jobs, two at a time."""
        return self.snakemake("--cores", "2", *arguments, status=status)

    def plan(self, *arguments: str) -> Plan:
        """What a dry run would do; its table of jobs must say the same as its list of them."""
        text = self.snakemake("--dry-run", *arguments)
        jobs = []
        # jobs of a group stand indented below its name
        text = re.sub(r"^ {4}(?=(?:local)?rule |    )", "", text, flags=re.M)
        for rule, body in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.M):
            drop = re.search(r"^    wildcards: drop=(.*)$", body, re.M)
            jobs.append((rule, drop[1] if drop else ""))
        table = dict(re.findall(r"^(\w+) +(\d+)$", text.partition("Job stats:")[2], re.M))
        assert int(table.get("total", 0)) == len(jobs), text
        return Plan(
            [job for job in jobs if job[0] not in {"all", "ingest", "qc", "constants", "fit"}]
        )

    def table(self, name: str) -> pd.DataFrame:
        """A result table, every cell as its text."""
        path = self.folder / "results" / "tables" / f"{name}.csv"
        return pd.read_csv(path, dtype="str", keep_default_na=False)

    def tables(self) -> dict[str, bytes]:
        """The bytes of all result tables."""
        folder = self.folder / "results" / "tables"
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    def add(self, drop: str, files: dict[str, bytes], sealed: bool = True) -> Path:
        """Write a drop, by default sealed."""
        folder = self.drops / drop
        write_files(folder, files)
        if sealed:
            seal.write(folder)
        return folder

    def configure(self, file: str, change: Callable[[dict], None]) -> None:
        """Change a YAML file of the configuration."""
        path = self.folder / "config" / file
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def small_drops() -> dict[str, dict[str, bytes]]:
    """Four of the demonstration's drops, cut to one 96-well plate an assay."""
    assays = yaml.safe_load((ROOT / "config" / "assays.yaml").read_text(encoding="utf-8"))
    affinities = ROOT / "data" / "reference" / "affinities.csv"
    truths = {m: demonstration.true_ki_nM(affinities, m) for m in ("binding", "uptake")}
    drops = {}
    for drop, run, make, modality, targets in (
        (BINDING, "2026-03-02-A", demonstration.binding_runs, "binding", ("SERT", "DAT")),
        (UPTAKE, "2026-03-04-U", demonstration.uptake_runs, "uptake", ("SERT", "NET")),
    ):
        truth = truths[modality]
        entries = []
        for target, entry in zip(demonstration.TARGETS, make(assays, truth, run), strict=True):
            reference = assays[entry.run.assay]["reference_compound"]
            chosen = demonstration.curves(reference, truth[target])[:3]
            plate = f"{target}-1"
            entries += [
                replace(
                    entry,
                    run=replace(entry.run, plates={plate: layout(PLATE_96, chosen)}),
                    exports={f"{target.lower()}.txt": (plate,)},
                )
            ] * (target in targets)
        drops[drop] = drop_files(drop, entries, SEED)
    partner = demonstration.response_files(assays, truths["uptake"]["SERT"], PARTNER)
    saturation = demonstration.saturation_runs(assays, f"{SATURATION[:10]}-S")
    return drops | {PARTNER: partner, SATURATION: drop_files(SATURATION, saturation, SEED)}


def in_vivo_drop() -> dict[str, bytes]:
    """The demonstration's drop of animals."""
    swim, protection = Effect(2.5, 0.55), Effect(2.0, 1.0)
    return in_vivo_files(IN_VIVO, "DEMO-1", swim, protection, ("fluoxetine", 10.0, swim), SEED)


def prepare(
    folder: Path, checkout: Path, drops: dict[str, dict[str, bytes]], drawn: Path | None = None
) -> Working:
    """A working folder with the project's config and reference data, and `drops`.

    With the figures of another folder's run, `drawn`, in its store: they need not be drawn again.
    """
    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copytree(ROOT / "data" / "reference", folder / "data" / "reference")
    working = Working(folder, checkout)
    working.drops.mkdir()
    if drawn is not None:
        shutil.copytree(drawn / "results" / "cache", folder / "results" / "cache")
    for name, files in drops.items():
        working.add(name, files)
    return working
