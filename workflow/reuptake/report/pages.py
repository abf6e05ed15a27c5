"""What each page shows, as finished text and tables for its template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from reuptake import guides
from reuptake.drops.folder import SEAL
from reuptake.report import (
    animal_tables,
    curve_tables,
    flags,
    in_vivo,
    methods,
    quality,
    sections,
)
from reuptake.report.cards import MEASURES, Card
from reuptake.report.elements import anchor, is_simulated, is_true
from reuptake.report.limitations import limitations
from reuptake.report.pictures import Pictures
from reuptake.report.wells_pages import title
from reuptake.tables import TABLES, records

# so many heat maps a page carries inside; more would make it too large for a browser
HEAT_MAPS_INSIDE = 200
# the diagrams of the guides page, in the guides' order
DIAGRAMS = (
    "reuptake_inhibition",
    "cgmp_pkg",
    "pkc_trafficking",
    "binding_workflow",
    "uptake_workflow",
    "downstream_signalling",
)
_SHOWN_OF_COMPOUND = ("curves", "experiments", "potency", "selectivity", "wells")
TIMELINES = ("forced_swim_timeline", "pca_timeline")
# so many run charts stand on the first page too
RUN_CHARTS_FIRST = 6
# a table of answers with more rows than this has its place on a page of its own
MOST_ROWS_FIRST = 100
_ANSWERS = {"windows": "Windows", "selectivity": "Selectivity", "potency": "Potency"}


@dataclass(frozen=True)
class ReportSettings:
    """What the config says about the report.

    Attributes
    ----------
    title : str
        Heading of the first page.
    guide_compound : str
        The compound that always has its block in the guide tables.
    limits : mapping
        The general limits of the plate metrics, ``{metric: {"warn": x, "fail": y}}``.
    assays, targets : mapping
        The settings of the assays and targets, for the methods paragraphs.
    digest : str
        Digest of the settings that numbers hang on.
    """

    title: str
    guide_compound: str
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    assays: Mapping[str, Mapping] = field(default_factory=dict)
    targets: Mapping[str, Mapping] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True)
class Report:
    """All that the pages are made from.

    Attributes
    ----------
    data : dict
        The result tables in reading order.
    affinities : DataFrame
        Published values.
    pictures : Pictures
    cards : list of Card
    settings : ReportSettings
    seals : mapping
        Of each sealed drop the SHA-256 of its files.
    """

    data: dict[str, pd.DataFrame]
    affinities: pd.DataFrame
    pictures: Pictures
    cards: list[Card]
    settings: ReportSettings
    seals: Mapping[str, Mapping[str, str]]

    @property
    def contents(self) -> tuple:
        """All of it but the settings, which all pages share, as what a digest is made of."""
        filled = {name: frame for name, frame in self.data.items() if len(frame)}
        return filled, self.affinities, self.cards, self.seals, self.pictures.contents

    @property
    def compounds(self) -> set[str]:
        """Every compound that has a page."""
        in_vitro = set(self.data["curves"]["compound"]) | set(self.data["potency"]["compound"])
        return in_vitro | in_vivo.compounds_of(self.data)

    @property
    def shared(self) -> dict:
        """What every page is given."""
        return {
            "title": self.settings.title,
            "guide_compound": self.settings.guide_compound,
            "has_animals": len(self.data["animal_runs"]) > 0,
            "has_constants": len(self.data["constants"]) > 0,
        }


def index(report: Report) -> dict:
    """The first page: answers, what is missing, what is not shown."""
    data = report.data
    drops, plates = data["drops"], data["plates"]
    accepted = drops[drops["status"] == "accepted"]
    shown, more = selectivity_figures(report.pictures)
    tables = {
        "windows": sections.windows_table(data["selectivity_windows"]),
        "selectivity": sections.selectivity_table(data["selectivity"]),
        "potency": sections.potency_table(data["potency"], report.affinities),
    }
    return tables | {
        "elsewhere": [name for name in tables if len(tables[name].rows) > MOST_ROWS_FIRST],
        "simulated": simulated_share(data),
        "counts": {
            "accepted": len(accepted),
            "rejected": int((drops["status"] == "rejected").sum()),
            "unregistered": int((drops["status"] == "unregistered").sum()),
            "plates": len(plates),
            "wells": int(accepted["n_wells"].fillna(0).sum()),
            "animals": int(accepted["n_animals"].fillna(0).sum()),
            "out_of_control": int((data["runcharts"]["verdict"] == "out of control").sum()),
        }
        | {word: int((plates["verdict"] == word).sum()) for word in ("pass", "warn", "fail")},
        "cards": report.cards,
        "outside": quality.drops_table(drops[drops["status"] != "accepted"]),
        "heat_maps": report.pictures.of("heatmap"),
        "selectivity_figures": shown,
        "more_figures": bool(more),
        "run_charts": report.pictures.of("runcharts"),
        "charts_first": RUN_CHARTS_FIRST,
        "animal_runs": in_vivo.experiments(data, data["animal_runs"], None),
        "limitations": limitations(data, report.settings.guide_compound),
    }


def answers(report: Report, first: dict) -> dict:
    """The tables of the first page that are too long for it."""
    names = first["elsewhere"]
    return {
        "simulated": share_of(report.data["potency"], report.data["selectivity"]),
        "tables": [(name, _ANSWERS[name], first[name]) for name in names],
        "links": [(name, _ANSWERS[name]) for name in names],
    }


def selectivity_figures(pictures: Pictures) -> tuple[list[dict], list[dict]]:
    """The first figure of each modality, measured and simulated; and all others."""
    shown: dict[tuple, dict] = {}
    figures = sorted(pictures.of("selectivity"), key=lambda f: "-Ki" not in f["id"])
    for picture in figures:
        shown.setdefault((picture["modality"], picture["simulated"]), picture)
    first = [picture for picture in figures if picture in shown.values()]
    return first, [picture for picture in figures if picture not in first]


def selectivity(report: Report, first: dict) -> dict:
    """Every figure of selectivity, where there are more than the first page shows."""
    return {
        "simulated": share_of(report.data["selectivity"]),
        "figures": report.pictures.of("heatmap", "selectivity"),
        "elsewhere": first["elsewhere"],
    }


def quality_page(report: Report) -> dict:
    """Plates, run charts, agreement of runs, and the limits in force."""
    drops, pairs = report.data["drops"], report.data["run_agreement"]
    accepted = drops.loc[drops["status"] == "accepted", "drop"]
    own = {
        key: quality.limits_rows(limits)
        for key, assay in report.settings.assays.items()
        if (limits := {k: v for k, v in (assay.get("limits") or {}).items() if v})
    }
    return {
        "simulated": share_of(report.data["plates"], report.data["runcharts"], pairs),
        "plates": quality.plates_table(report.data["plates"]),
        "plate_figures": report.pictures.heat_maps(accepted, HEAT_MAPS_INSIDE),
        "run_charts": report.pictures.of("runcharts"),
        "agreement": quality.agreement_table(pairs),
        "limits": quality.limits_rows(report.settings.limits),
        "own_limits": own,
    }


def constants_page(report: Report) -> dict:
    """Kd, Bmax, Km and Vmax with their isotherms."""
    return {
        "simulated": share_of(report.data["constants"]),
        "constants": sections.constants_table(report.data["constants"]),
        "figures": report.pictures.of("isotherms"),
    }


def animals_page(report: Report) -> dict:
    """Every run with animals."""
    runs = report.data["animal_runs"]
    return {
        "simulated": share_of(runs),
        "timelines": [p for name in TIMELINES for p in report.pictures.diagram(name)],
        "experiments": in_vivo.experiments(report.data, runs, report.pictures),
    }


def guides_page(report: Report, tables: list) -> dict:
    """The four guide tables and the diagrams."""
    data = report.data
    names = ("potency", "selectivity", "forced_swim", "pca_antagonism")
    return {
        "simulated": share_of(*(data[name] for name in names)),
        "tables": tables,
        "references": guides.footnotes(report.affinities, report.settings.guide_compound),
        "diagrams": [p for name in DIAGRAMS for p in report.pictures.diagram(name)],
    }


def methods_page(report: Report) -> dict:
    """Methods of every assay, the rules with their sources, flags and columns explained."""
    data, settings = report.data, report.settings
    told = methods.paragraphs(data["curves"], data["constants"], settings.assays, settings.targets)
    silent = sorted(set(data["plates"]["assay"]) - {each.heading for each in told})
    return {
        "simulated": share_of(data["curves"], data["constants"], data["animal_runs"]),
        "paragraphs": told + [methods.without_answer(assay) for assay in silent],
        "animal_runs": in_vivo.experiments(data, data["animal_runs"], None),
        "statuses": flags.statuses(),
        "flags": flags.known(),
        "dictionary": TABLES,
    }


def provenance_page(report: Report) -> dict:
    """Software, settings, and the files of every drop with their checksums."""
    return {
        "drops": [
            {
                "id": anchor("drop", row["drop"]),
                "name": row["drop"],
                "status": row["status"],
                "simulated": is_true(row["simulated"]),
                "n_plates": row["n_plates"],
                "notes": [text for text in row["reasons"].split("; ") if text],
                "files": sorted(report.seals.get(row["drop"], {}).items()),
            }
            for row in records(report.data["drops"])
        ],
        "seal": SEAL,
        "digest": report.settings.digest,
        "diagram": report.pictures.diagram("pipeline"),
    }


def compound(report: Report, name: str) -> dict:
    """All that the page of a compound is made from.

    Parameters
    ----------
    report : Report
        Its part of the report: of the tables and figures those that concern it.
    name : str
    """
    data, settings = report.data, report.settings
    mine = {key: data[key] for key in _SHOWN_OF_COMPOUND}
    animal_runs = in_vivo.runs_of(data, name)
    parts = []
    for simulated in (False, True):
        here = {key: f[is_simulated(f) == simulated] for key, f in mine.items()}
        runs = animal_runs[is_simulated(animal_runs) == simulated]
        in_order = here["curves"].sort_values("drop", kind="stable")
        in_vitro = bool(len(here["curves"]) or len(here["potency"]))
        if not in_vitro and runs.empty:
            continue
        of = {"compound": name, "simulated": simulated}
        parts.append(
            {
                "simulated": simulated,
                "in_vitro": in_vitro,
                "animals": in_vivo.experiments(data, runs, report.pictures, name),
                "occupancy": animal_tables.occupancy_table(data, name, simulated),
                "cards": [
                    c for c in report.cards if (c.compound, c.simulated) == (name, simulated)
                ],
                "curves": _in_order(report.pictures.of("curves", **of)),
                "forest": _in_order(report.pictures.of("forest", **of)),
                "profiles": _in_order(report.pictures.of("profiles", **of)),
                "depletion": _in_order(report.pictures.of("depletion", **of)),
                "methods": methods.paragraphs(
                    here["curves"], data["constants"][:0], settings.assays, settings.targets
                ),
                "flags": flags.explained(here["curves"]["flags"]),
                "wells_pages": [
                    (f"../{page}", title(rows))
                    for page, rows in in_order.groupby("wells_page", sort=False)
                    if page
                ],
                "tables": here,
            }
        )
    return {
        "compound": name,
        "simulated": share_of(mine["curves"], mine["potency"], animal_runs),
        "parts": parts,
        "limitations": limitations(data, settings.guide_compound, name),
        "published": report.affinities,
        "seals": report.seals,
    }


def _in_order(figures: list[dict]) -> list[dict]:
    modalities = [modality for modality, _ in MEASURES]
    return sorted(figures, key=lambda figure: modalities.index(figure["modality"]))


def with_tables(content: dict) -> dict:
    """The content of a compound's page with its tables as finished text."""
    parts = []
    for part in content["parts"]:
        here = part["tables"]
        parts.append(
            part
            | {
                "potency": sections.potency_table(here["potency"], content["published"], "../"),
                "selectivity": sections.selectivity_table(here["selectivity"], "../"),
                "experiments": sections.experiments_table(here["experiments"]),
            }
            # of many curves, each stands on a page of its own with its wells
            | (
                {}
                if part["wells_pages"]
                else {
                    "fits": curve_tables.fits_table(here["curves"]),
                    "ki": curve_tables.ki_table(here["curves"]),
                    "wells": curve_tables.wells_tables(
                        here["curves"], here["wells"], content["seals"]
                    ),
                }
            )
        )
    return content | {"parts": parts}


def whole(report: Report, first: dict, tables: list) -> dict:
    """One file for mail: the first page's answers, the guide tables, every compound's curves."""
    return (
        first
        | guides_page(report, tables)
        | {
            "simulated": simulated_share(report.data),
            "compounds": [
                {
                    "id": anchor("compound", name),
                    "name": name,
                    "cards": [card for card in report.cards if card.compound == name],
                    "figures": _in_order(report.pictures.of("curves", compound=name)),
                }
                for name in dict.fromkeys(card.compound for card in report.cards)
            ],
        }
    )


def simulated_share(data: dict[str, pd.DataFrame]) -> str:
    """``all``, ``some`` or nothing of what the first page shows is simulated."""
    names = ("plates", "potency", "selectivity", "constants", "animal_runs")
    return share_of(*(data[name] for name in names))


def share_of(*frames: pd.DataFrame) -> str:
    """``all``, ``some`` or an empty text: how many of the rows are simulated."""
    marks = pd.concat([is_simulated(frame) for frame in frames])
    if not marks.any():
        return ""
    return "all" if marks.all() else "some"
