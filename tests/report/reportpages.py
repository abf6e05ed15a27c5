"""A report of hostile data with a figure of every kind, of which nothing is fitted or drawn.

Figures are small rectangles: what they show is tested elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import report_tables
from report_tables import SCRIPT
from test_report_in_vivo import with_animals

from reuptake.figures.inputs import INDEX
from reuptake.provenance.change import Change
from reuptake.report import changes
from reuptake.report.build import build_report
from reuptake.report.pages import DIAGRAMS, TIMELINES, ReportSettings
from reuptake.report.store import Store
from reuptake.settings.load import load_settings
from reuptake.stages import guides
from reuptake.tables import RUNCHARTS, typed, write_csv

GUIDE = "Sert-IN-2"
QUOTES = "\"quoted\" & 'single' </td><img src=x onerror=alert(1)>"
LONG = "n" * 200
RIGHT_TO_LEFT = "مثبط السيروتونين 😀 \u202eabc"
FORMULA = '=HYPERLINK("http://example.org","click")'
# compound of the archive: what it is called here
NAMES = {"compound A": QUOTES, report_tables.LONG: LONG, "citalopram": RIGHT_TO_LEFT}
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="480pt" height="90pt" viewBox="0 0 48 9">'
    '<rect width="48" height="9"/></svg>'
)


def tables() -> dict[str, pd.DataFrame]:
    """The archive of the unit tests with measured and simulated data, animals and worse names."""
    frames = with_animals()
    simulated = report_tables.archive(real=False)
    for name in ("wells", "curves", "plates", "experiments", "potency", "selectivity"):
        frames[name] = pd.concat([frames[name], simulated[name]], ignore_index=True)
    frames["drops"] = report_tables.archive()["drops"]
    for name in ("wells", "curves", "experiments", "potency", "selectivity"):
        frames[name] = frames[name].replace({"compound": NAMES})
    # a word without a break in every place that a laboratory writes
    frames["plates"].loc[0, "flags"] = f"{FORMULA}; {LONG}"
    frames["potency"].loc[0, "flags"] = FORMULA
    frames["wells"] = frames["wells"].assign(file="raw/p<1>.txt", line=7)
    charts = pd.DataFrame(
        [{"assay": "sert_binding", "compound": NAMES["citalopram"], "quantity": "Ki"}]
    ).assign(simulated=False, experiment="D/1", verdict="out of control", rules="1-3s")
    frames["runcharts"] = typed(charts, RUNCHARTS)
    return frames


def write_figures(folder: Path, frames: dict[str, pd.DataFrame]) -> None:
    """An index that names a figure of every kind that a page has a place for."""
    rows = []

    def add(kind: str, name: str, **about: object) -> None:
        text = about.pop("caption", f"Shows {name}.")
        row = {"file": f"{kind}-{name}", "kind": kind, "caption": text, "simulated": False}
        rows.append(row | about)

    for i, compound in enumerate(sorted({*NAMES.values(), report_tables.SCRIPT})):
        for kind in ("curves", "depletion", "forest", "profiles"):
            about = {"compound": compound, "modality": "binding"}
            add(kind, str(i), **about, caption=f"{kind} of {compound}")
    for name in ("Ki", "IC50"):
        add("selectivity", f"SERT-{name}", modality="binding")
    add("heatmap", "binding", modality="binding")
    add("runcharts", "x")
    add("isotherms", "x", drop=report_tables.REAL_DROP)
    add("plates", "x", drop=report_tables.REAL_DROP)
    for run in frames["animal_runs"].to_dict("records"):
        about = {key: run[key] for key in ("drop", "run", "assay")}
        for kind in (run["kind"], "agreement"):
            add(kind, run["run"], **about)
    for name in (*DIAGRAMS, *TIMELINES, "pipeline"):
        add("diagram", name)
    folder.mkdir(parents=True)
    for row in rows:
        (folder / f"{row['file']}.svg").write_text(SVG, encoding="utf-8")
    write_csv(typed(pd.DataFrame(rows), INDEX), folder / "index.csv")


def moved() -> list[Change]:
    """What changed: nine potencies, the names and the reason no better than the others."""
    names = [QUOTES, RIGHT_TO_LEFT, FORMULA, *(f"{LONG} {i}" for i in range(6))]
    return [
        Change(
            "potency",
            f"compound={name}; simulated={'true' if i else 'false'}",
            "value_nM",
            "1.5",
            str(2 + i),
            f"{SCRIPT} {LONG[:90]}",
            "× 1.33, inside the earlier interval",
        )
        for i, name in enumerate(names)
    ]


def build(folder: Path) -> Path:
    """Write the report below `folder` and return its folder."""
    frames = tables()
    report_tables.write(frames, folder / "tables")
    write_figures(folder / "figures", frames)
    reference = folder / "reference"
    reference.mkdir()
    (reference / "affinities.csv").write_text(
        "compound,target,species,modality,quantity,value_nM,sd_nM,source,status\n"
        f"{GUIDE},SERT,not specified,uptake,IC50,0.58,,vendor page <b>,secondary\n",
        encoding="utf-8",
    )
    guides.run(folder / "tables", {"reference": str(reference), "guide_compound": GUIDE})
    configured = load_settings(units=False)
    settings = ReportSettings(
        "Transporter <selectivity>",
        GUIDE,
        {"z_prime": {"warn": 0.5, "fail": 0.4}},
        {key: assay.model_dump(mode="json") for key, assay in configured.assays.items()},
        {key: target.model_dump(mode="json") for key, target in configured.targets.items()},
        "0123456789abcdef",
    )
    seals = {report_tables.REAL_DROP: {"raw/p<1>.txt": "ab" * 32}}
    store = Store(folder / "store")
    tables_ = folder / "tables", folder / "tables" / "wells.parquet"
    places = *tables_, folder / "figures", reference, folder / "report"
    build_report(*places, settings, store, seals)
    changes.write(moved(), QUOTES, settings.title, folder / "report")
    return folder / "report"
