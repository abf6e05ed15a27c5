"""Pages from tables and figures: one first page, one page for each compound, no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from reuptake import guides
from reuptake.figures.contents import digest_of
from reuptake.figures.inputs import read_index, read_tables
from reuptake.report import in_vivo, sections
from reuptake.report.cards import MEASURES, Card, make_cards
from reuptake.report.elements import page_of
from reuptake.report.limitations import limitations
from reuptake.report.workbook import write_workbook
from reuptake.tables import replacing

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).resolve().parents[2] / "report"
# what the report shows of guide tables B and C beside the guides' own columns
GUIDE_MORE = {
    "b": {
        "n": "n",
        "sd_s": "SD (s)",
        "difference_s": "Difference (s)",
        "difference": "95 % CI (s)",
        "p_dunnett": "Dunnett",
        "hedges_g": "Hedges g",
        "run": "Run",
    },
    "c": {
        "n": "n",
        "sd_ng_per_g": "SD (ng/g)",
        "antagonism": "95 % CI (%)",
        "p_vs_pca": "Against PCA",
        "p_vs_vehicle": "Against vehicle",
        "run": "Run",
    },
}
# so many heat maps a first page carries inside; more would make it too large for a browser
HEAT_MAPS_INSIDE = 200
SOFTWARE = ("reuptake", "numpy", "scipy", "pandas", "matplotlib")


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
    """

    title: str
    guide_compound: str
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def build_report(
    tables: Path, figures: Path, reference: Path, out: Path, settings: ReportSettings, store: Store
) -> list[Path]:
    """Write ``index.html``, ``compounds/<compound>.html`` and ``tables.xlsx``.

    Parameters
    ----------
    tables, figures : Path
        Result tables; figures with their ``index.csv``.
    reference : Path
        Folder of published values (``affinities.csv``).
    out : Path
        Folder of the report. Compound pages of compounds that are gone are removed.
    settings : ReportSettings
    store : Store
        Where pages of compounds are kept from run to run.

    Returns
    -------
    list of Path
        The pages written, the first page first.
    """
    data = {
        name: guides.in_reading_order(frame, settings.guide_compound)
        if name in ("potency", "selectivity", "curves", "experiments")
        else frame
        for name, frame in read_tables(Path(tables)).items()
    }
    pictures = Pictures(Path(figures))
    affinities = guides.read_affinities(Path(reference))
    environment = make_environment()
    cards = make_cards(data, settings.guide_compound)
    out = Path(out)
    pages = {
        out / "index.html": first_page(data, cards, pictures, affinities, settings, environment)
    }
    of_compound = _by_compound(data)
    in_vitro = set(data["curves"]["compound"]) | set(data["potency"]["compound"])
    for compound in sorted(in_vitro | in_vivo.compounds_of(data)):
        mine = {name: rows.get(compound, data[name][:0]) for name, rows in of_compound.items()}
        pages[out / page_of(compound)] = store.page(
            compound_content(compound, mine, data, cards, pictures, settings),
            affinities,
            environment,
        )
    store.keep_only_used()
    for old in set(out.glob("compounds/*.html")) - set(pages):
        old.unlink()
    filled = guides.guide_tables(data, affinities, settings.guide_compound)
    write_workbook(data, filled, out / "tables.xlsx", settings.title)
    for path, html in reversed(pages.items()):  # the first page last: what it links to is there
        with replacing(path) as temporary:
            temporary.write_text(html, encoding="utf-8")
    return list(pages)


def _by_compound(data: dict[str, pd.DataFrame]) -> dict[str, dict[str, pd.DataFrame]]:
    out = {}
    for name in ("curves", "experiments", "potency", "selectivity", "wells"):
        frame = data[name]
        frame = frame[frame["compound"] != ""]  # most wells of a plate are controls of nobody
        out[name] = dict(list(frame.groupby("compound", sort=False)))
    return out


class Store:
    """Pages of compounds by the digest of what they show, so that few are made anew.

    Parameters
    ----------
    folder : Path
    made_by : str
        Digest of the code and the settings that make the pages.
    """

    def __init__(self, folder: Path, made_by: str = ""):
        self.folder = Path(folder)
        self.made_by = [made_by, *((name, version(name)) for name in SOFTWARE)]
        self.used: set[str] = set()

    def page(self, content: dict, affinities: pd.DataFrame, environment: Environment) -> str:
        """The page of a compound, from the store or made and stored."""
        name = f"{digest_of(self.made_by, content, affinities)}.html"
        self.used.add(name)
        path = self.folder / name
        if not path.is_file():
            html = compound_page(content, affinities, environment)
            with replacing(path) as temporary:
                temporary.write_text(html, encoding="utf-8")
        return path.read_text(encoding="utf-8")

    def keep_only_used(self) -> None:
        """Remove every page that the present run did not use."""
        for path in self.folder.glob("*.html"):
            if path.name not in self.used:
                path.unlink()


class Pictures:
    """The figures by what they show, each as an image that the page carries inside."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.index = read_index(folder)

    def of(self, **wanted: object) -> list[dict]:
        """Every figure with these values in the index: source, caption and mark."""
        rows = self.index
        for name, value in wanted.items():
            rows = rows[rows[name] == value]
        return [self._picture(row) for row in rows.to_dict("records")]

    def heat_maps(self, drops: Iterable[str]) -> list[tuple[str, list[dict]]]:
        """Those of each drop that has any; beside the report where there are many."""
        rows = self.index[self.index["kind"] == "plates"]
        of_drop: dict[str, list[dict]] = {}
        for row in rows.to_dict("records"):
            picture = self._picture(row, inside=len(rows) <= HEAT_MAPS_INSIDE)
            of_drop.setdefault(row["drop"], []).append(picture)
        return [(drop, of_drop[drop]) for drop in drops if drop in of_drop]

    def _picture(self, row: dict, inside: bool = True) -> dict:
        return {
            "source": self._inline(row["file"]) if inside else "",
            "caption": row["caption"],
            "simulated": bool(row["simulated"]),
            "modality": row["modality"],
            "id": row["file"],
        }

    def _inline(self, name: str) -> str:
        svg = (self.folder / f"{name}.svg").read_bytes()
        return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def make_environment() -> Environment:
    """Templates that escape every value and fail on a name they are not given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    js = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    # The page may run this script and use this style sheet, and load nothing.
    environment.globals |= {
        "css": Markup(css),
        "js": Markup(js),
        "policy": f"default-src 'none'; img-src data:; style-src '{_hash(css)}'; "
        f"script-src '{_hash(js)}'; base-uri 'none'; form-action 'none'",
        "software": [(name, version(name)) for name in SOFTWARE],
    }
    return environment


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def first_page(
    data: dict[str, pd.DataFrame],
    cards: list[Card],
    pictures: Pictures,
    affinities: pd.DataFrame,
    settings: ReportSettings,
    environment: Environment,
) -> str:
    """The first page: answer, what is missing, selectivity, potency, guide tables, quality."""
    drops, plates = data["drops"], data["plates"]
    accepted = drops[drops["status"] == "accepted"]
    filled = guides.guide_tables(data, affinities, settings.guide_compound)
    return environment.get_template("index.html.j2").render(
        title=settings.title,
        guide_compound=settings.guide_compound,
        simulated=simulated_share(data),
        counts={
            "accepted": len(accepted),
            "rejected": int((drops["status"] == "rejected").sum()),
            "unregistered": int((drops["status"] == "unregistered").sum()),
            "plates": len(plates),
            "wells": int(accepted["n_wells"].fillna(0).sum()),
            "animals": int(accepted["n_animals"].fillna(0).sum()),
        },
        cards=cards,
        outside=sections.drops_table(drops[drops["status"] != "accepted"], anchored=False),
        drops=sections.drops_table(drops),
        selectivity_figures=pictures.of(kind="selectivity"),
        selectivity=sections.selectivity_table(data["selectivity"]),
        potency=sections.potency_table(data["potency"], affinities),
        constants=sections.constants_table(data["constants"]),
        isotherm_figures=pictures.of(kind="isotherms"),
        guide={
            name[-1]: sections.guide_blocks(filled[name], columns)
            for name, columns in (
                ("guide_table_0", (*guides.COLUMNS_0, "source", "n_experiments")),
                ("guide_table_a", guides.COLUMNS_A),
                ("guide_table_b", (*guides.COLUMNS_B, *GUIDE_MORE["b"])),
                ("guide_table_c", (*guides.COLUMNS_C, *GUIDE_MORE["c"])),
            )
        },
        guide_columns={
            "0": (*guides.COLUMNS_0, "Source", "n"),
            "a": (*guides.COLUMNS_A, "Ki 95 % CI (nM)", "n"),
            "b": (*guides.COLUMNS_B, *GUIDE_MORE["b"].values()),
            "c": (*guides.COLUMNS_C, *GUIDE_MORE["c"].values()),
        },
        experiments=in_vivo.experiments(data, data["animal_runs"], pictures),
        references=guides.footnotes(affinities, settings.guide_compound),
        limitations=limitations(data, settings.guide_compound),
        plates=sections.plates_table(plates),
        plate_figures=pictures.heat_maps(accepted["drop"]),
        run_charts=pictures.of(kind="runcharts"),
        limits=sections.limits_rows(settings.limits),
    )


def compound_content(
    compound: str,
    mine: dict[str, pd.DataFrame],
    data: dict[str, pd.DataFrame],
    cards: list[Card],
    pictures: Pictures,
    settings: ReportSettings,
) -> dict:
    """All that the page of a compound is made from, beside what is published.

    Parameters
    ----------
    compound : str
    mine : dict
        Its rows of `curves`, `experiments`, `potency`, `selectivity` and `wells`.
    data : dict
        The whole tables.
    """
    animal_runs = in_vivo.runs_of(data, compound)
    modalities = [modality for modality, _ in MEASURES]
    parts = []
    for simulated in (False, True):
        here = {name: f[sections.is_simulated(f) == simulated] for name, f in mine.items()}
        runs = animal_runs[sections.is_simulated(animal_runs) == simulated]
        in_vitro = bool(len(here["curves"]) or len(here["potency"]))
        if not in_vitro and runs.empty:
            continue
        figures = pictures.of(kind="curves", compound=compound, simulated=simulated)
        parts.append(
            {
                "simulated": simulated,
                "in_vitro": in_vitro,
                "animals": in_vivo.experiments(data, runs, pictures, compound),
                "occupancy": in_vivo.occupancy_table(data, compound, simulated),
                "depletion": pictures.of(kind="depletion", compound=compound, simulated=simulated),
                "cards": [c for c in cards if c.compound == compound and c.simulated == simulated],
                "figures": sorted(figures, key=lambda f: modalities.index(f["modality"])),
                "tables": here,
            }
        )
    return {
        "title": settings.title,
        "compound": compound,
        "simulated": share_of(mine["curves"], mine["potency"], animal_runs),
        "parts": parts,
        "limitations": limitations(data, settings.guide_compound, compound),
    }


def compound_page(content: dict, affinities: pd.DataFrame, environment: Environment) -> str:
    """All that is known of one compound; measured and simulated data in parts of their own."""
    parts = []
    for part in content["parts"]:
        here = part["tables"]
        parts.append(
            part
            | {
                "potency": sections.potency_table(here["potency"], affinities, up="../"),
                "selectivity": sections.selectivity_table(here["selectivity"], up="../"),
                "experiments": sections.experiments_table(here["experiments"]),
                "fits": sections.fits_table(here["curves"]),
                "ki": sections.ki_table(here["curves"]),
                "wells": sections.wells_tables(here["curves"], here["wells"]),
            }
        )
    return environment.get_template("compound.html.j2").render(content | {"parts": parts})


def simulated_share(data: dict[str, pd.DataFrame]) -> str:
    """``all``, ``some`` or nothing of what the first page shows is simulated."""
    names = ("plates", "potency", "selectivity", "constants", "animal_runs")
    return share_of(*(data[name] for name in names))


def share_of(*frames: pd.DataFrame) -> str:
    """``all``, ``some`` or an empty text: how many of the rows are simulated."""
    flags = pd.concat([sections.is_simulated(frame) for frame in frames])
    if not flags.any():
        return ""
    return "all" if flags.all() else "some"
