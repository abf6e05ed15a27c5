"""A small archive with results and their record, for the tests of provenance.

The stages of the workflow run one after the other in this process, on the drop of dropmaker (an
IC50 of 10 nM in every curve); figures and pages are stand-ins.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import dropmaker
from reuptake.drops import seal
from reuptake.runfile import RunFile
from reuptake.settings.load import load_settings
from reuptake.stages import accept, collect, fit, ingest, listing, potency, provenance, qc
from reuptake.stages import selectivity as selectivity_stage

FIGURE, PAGE = "curves-cmpd-1-binding", "compounds/cmpd-1.html"
OUTPUTS = {
    "ingest_drop": (
        "drops/*/verdict.json",
        "drops/*/ingested.parquet",
        "drops/*/animals.parquet",
    ),
    "qc_drop": ("drops/*/plates.parquet", "drops/*/wells.parquet"),
    "fit_drop": ("drops/*/curves.parquet",),
    "accept": ("drops/accepted.json",),
    "listing": ("tables/drops.csv",),
    "collect": (
        "tables/wells.csv",
        "tables/plates.csv",
        "tables/curves.csv",
        "tables/constants.csv",
        "tables/isotherms.csv",
        "tables/README.md",
    ),
    "potency": (
        "tables/runcharts.csv",
        "tables/run_agreement.csv",
        "tables/experiments.csv",
        "tables/potency.csv",
    ),
    "selectivity": ("tables/selectivity.csv", "tables/selectivity_windows.csv"),
}
INPUTS = {
    "qc_drop": ("drops/*/ingested.parquet",),
    "fit_drop": (*OUTPUTS["qc_drop"], "drops/*/verdict.json"),
    "accept": ("drops/*/verdict.json",),
    "listing": OUTPUTS["accept"],
    "collect": (*OUTPUTS["qc_drop"], *OUTPUTS["fit_drop"], *OUTPUTS["accept"]),
    "potency": ("tables/curves.csv",),
    "selectivity": OUTPUTS["potency"],
}


@dataclass(frozen=True)
class Recorded:
    """An archive whose results are complete and recorded."""

    archive: dropmaker.Archive
    run: RunFile

    @property
    def results(self) -> Path:
        return self.archive.folder / "results"

    @property
    def drop(self) -> Path:
        return self.archive.drop()

    def command(self, capsys, *words) -> dropmaker.Outcome:
        """A command on these results."""
        return dropmaker.command(capsys, *words, "--results", self.results)


def make(folder: Path) -> Recorded:
    """Analyse the drop of dropmaker, as the rules of the workflow would."""
    archive = dropmaker.write_archive(folder)
    seal.write(archive.drop())
    settings = load_settings([archive.config])
    results = folder / "results"
    rules = {
        name: {
            "inputs": [f"{results}/{path}" for path in INPUTS.get(name, ())]
            + [f"{folder}/drops/*"] * (name == "ingest_drop"),
            "outputs": [f"{results}/{path}" for path in paths],
        }
        for name, paths in OUTPUTS.items()
    }
    call = {"user": "AB", "configfiles": [str(archive.config)], "config": {}}
    run = RunFile(settings.config.model_dump(mode="json"), [dropmaker.NAME], [], rules, call)
    name = dropmaker.NAME
    tables, mine = results / "tables", results / "drops" / name
    steps = ("ingested", "animals", "plates", "wells", "curves")
    files = {key: mine / f"{key}.parquet" for key in steps} | {"verdict": mine / "verdict.json"}
    ingested = (files[key] for key in ("verdict", "ingested", "animals"))
    ingest.run(archive.drop(), run.section("ingest", name), *ingested)
    qc.run(files["ingested"], run.section("qc", name), files["plates"], files["wells"])
    share = run.section("fit", name)
    fit.run(files["verdict"], files["wells"], files["plates"], [], share, files["curves"])
    accepted = results / "drops" / "accepted.json"
    accept.run([files["verdict"]], accepted)
    listing.run(accepted, [], run.section("listing"), tables / "drops.csv")
    places = tables, results / "drops" / "wells.parquet", results / "cache" / "collect"
    collect.run(accepted, results / "drops", run.measuring, run.section("collect"), *places)
    potency.run(tables, run.section("potency"))
    selectivity_stage.run(tables, run.section("selectivity"))
    _stand_ins(results)
    provenance.run(run)
    return Recorded(archive, run)


def _stand_ins(results: Path) -> None:
    for path in (
        f"figures/{FIGURE}.svg",
        f"figures/{FIGURE}.png",
        "report/index.html",
        "report/tables.xlsx",
        f"report/{PAGE}",
    ):
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (results / path).write_text(f"stands in for {path}\n")
    with (results / "figures" / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "caption"], [FIGURE, "a curve"]])
