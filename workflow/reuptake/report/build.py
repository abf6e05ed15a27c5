"""Pages from tables and figures: a first page, pages of detail, one for each compound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from reuptake import guides, parts
from reuptake.animals.columns import TABLES as IN_VIVO
from reuptake.crew import Crew
from reuptake.figures.contents import digest_of
from reuptake.figures.inputs import read_tables, wells_in
from reuptake.report import changes, elements, pages
from reuptake.report.cards import make_cards
from reuptake.report.curve_tables import fits_table, ki_table, wells_tables
from reuptake.report.guide_blocks import guide_tables
from reuptake.report.in_vivo import compounds_of
from reuptake.report.pages import Report, ReportSettings
from reuptake.report.pictures import Pictures
from reuptake.report.store import Store
from reuptake.report.templates import make_environment
from reuptake.report.wells_pages import (
    WellsPage,
    page_of_curves,
    page_of_experiments,
    wells_pages,
)
from reuptake.report.workbook import sheets, write_workbook
from reuptake.tables import replacing

if TYPE_CHECKING:
    from jinja2 import Environment

WORKBOOK = "tables.xlsx"
_OF_COMPOUNDS = ("curves", "experiments", "potency", "selectivity")
_PLATE = ["drop", "run", "assay", "plate"]
_IN_READING_ORDER = ("potency", "selectivity", "curves", "experiments")


def build_report(
    tables: Path,
    wells: Path,
    figures: Path,
    reference: Path,
    out: Path,
    settings: ReportSettings,
    store: Store,
    seals: Mapping[str, Mapping[str, str]] | None = None,
    processes: int = 1,
) -> list[Path]:
    """Write ``index.html``, its other pages, ``compounds/<compound>.html`` and ``tables.xlsx``.

    What changed is not known here: ``changes.html`` and ``changes.js`` say so until the run has
    been compared with the one before.

    Parameters
    ----------
    tables, figures : Path
        Result tables; figures with their ``index.csv``.
    wells : Path
        The wells in parts (:func:`reuptake.parts.join`).
    reference : Path
        Folder of published values (``affinities.csv``).
    out : Path
        Folder of the report. Pages of what is gone are removed.
    settings : ReportSettings
    store : Store
        Where pages of compounds are kept from run to run.
    seals : mapping, optional
        Of each sealed drop the SHA-256 of its files.
    processes : int
        Processes that make pages; the pages do not depend on it.

    Returns
    -------
    list of Path
        The pages written, the first page first.
    """
    tables, out = Path(tables), Path(out)
    data = {
        name: guides.in_reading_order(frame, settings.guide_compound)
        if name in _IN_READING_ORDER
        else frame
        for name, frame in read_tables(tables).items()
    }
    report = Report(
        data,
        guides.read_affinities(Path(reference)),
        Pictures(Path(figures)),
        make_cards(data, settings.guide_compound),
        settings,
        seals or {},
    )
    all_wells = wells_in(wells)
    environment = make_environment()
    filled = guides.guide_tables(data, report.affinities, settings.guide_compound)
    shared = report.shared
    kept = {}
    with Crew(processes) as crew:
        # what takes longest comes first
        n_rows = {name: len(frame) for name, frame in data.items()} | {"wells": all_wells.n_rows}
        crew.do(write_workbook, sheets(data, filled), n_rows, out / WORKBOOK, settings.title)
        for target, contents, make, part in _of_compounds(report, all_wells):
            place = kept[out / target] = store.place(contents)
            if not place.is_file():
                crew.do(_keep, place, make, *part)
        made = {
            out / name: environment.get_template(template).render(shared | content)
            for name, template, content in _pages(report, filled, tables)
        }
    store.keep_only_used()
    for old in set(out.rglob("*.html")) - made.keys() - kept.keys():
        old.unlink()
    with replacing(out / elements.CHANGES_SCRIPT) as temporary:
        temporary.write_text(changes.script(changes.NOT_YET, []), encoding="utf-8")
    # the first page last: what it links to is there
    for path, page in kept.items():
        _write(path, page.read_text(encoding="utf-8"))
    for path, html in reversed(made.items()):
        _write(path, html)
    return [*made, *kept]


def _of_compounds(
    report: Report, wells: Iterable[pd.DataFrame]
) -> Iterator[tuple[str, tuple, Callable, tuple]]:
    """Path of each page of a compound, what it shows, and how it is made from what."""
    settings = digest_of(report.settings)
    for name, part, further in _parts(report, wells):
        own = {"compound": name, **report.shared}
        yield elements.page_of(name), (own, settings, part.contents), compound_page, (part, own)
        for page in further:
            yield page.path, (own, page), wells_page, (page, own)


def _write(path: Path, html: str) -> None:
    """Write a page, if it is not there as it is."""
    if path.is_file() and path.read_text(encoding="utf-8") == html:
        return
    with replacing(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _keep(place: Path, make: Callable[..., str], content: object, own: Mapping) -> None:
    """Make a page and store it."""
    html = make(content, own, make_environment())
    with replacing(place) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _pages(report: Report, filled: Mapping[str, pd.DataFrame], folder: Path):
    """Name, template and content of every page but those of compounds."""
    guide = guide_tables(filled, report.compounds, folder)
    first = pages.index(report)
    yield elements.INDEX, "index.html.j2", first
    yield elements.WHOLE, "whole.html.j2", pages.whole(report, first, guide)
    if first["elsewhere"]:
        yield elements.ANSWERS, "answers.html.j2", pages.answers(report, first)
    if pages.selectivity_figures(report.pictures)[1]:
        yield elements.SELECTIVITY, "selectivity.html.j2", pages.selectivity(report, first)
    yield elements.GUIDES, "guides.html.j2", pages.guides_page(report, guide)
    if report.shared["has_animals"]:
        yield elements.IN_VIVO, "in_vivo.html.j2", pages.animals_page(report)
    yield elements.QUALITY, "quality.html.j2", pages.quality_page(report)
    if report.shared["has_constants"]:
        yield elements.CONSTANTS, "constants.html.j2", pages.constants_page(report)
    yield elements.METHODS, "methods.html.j2", pages.methods_page(report)
    yield elements.PROVENANCE, "provenance.html.j2", pages.provenance_page(report)
    yield elements.CHANGES, "changes.html.j2", changes.content(changes.NOT_YET, [])


def _parts(
    report: Report, wells: Iterable[pd.DataFrame]
) -> Iterator[tuple[str, Report, list[WellsPage]]]:
    """What the pages of each compound are made from, and nothing else, so that it is their key."""
    data = report.data
    nothing = {name: frame[:0] for name, frame in data.items()}
    rows = {name: _by_compound(data[name]) for name in _OF_COMPOUNDS}
    plates = data["plates"].groupby(_PLATE, sort=False).indices
    with_animals = compounds_of(data)
    for compound, own_wells in _wells_of(sorted(report.compounds), data["curves"], wells):
        mine = nothing | {name: of.get(compound, nothing[name]) for name, of in rows.items()}
        here = mine["curves"][_PLATE].drop_duplicates().itertuples(index=False, name=None)
        places = [place for key in here for place in plates.get(key, ())]
        mine["plates"] = data["plates"].iloc[sorted(places)]
        if compound in with_animals:
            mine |= {name: data[name] for name in IN_VIVO}
        curves = mine["curves"]
        mine["curves"] = curves.assign(wells_page=page_of_curves(curves, compound))
        experiments = mine["experiments"]
        on_page = page_of_experiments(experiments, mine["curves"])
        mine["experiments"] = experiments.assign(wells_page=on_page)
        further = wells_pages(mine["curves"], own_wells, report.seals)
        mine["wells"] = own_wells.iloc[:0] if further else own_wells
        affinities = report.affinities
        yield (
            compound,
            replace(
                report,
                data=mine,
                affinities=affinities[affinities["compound"] == compound],
                pictures=report.pictures.of_compound(compound, compound in with_animals),
                cards=[card for card in report.cards if card.compound == compound],
                seals={
                    drop: dict(report.seals.get(drop, {}))
                    for drop in sorted(set(mine["curves"]["drop"]))
                },
            ),
            further,
        )


def _wells_of(
    compounds: list[str], curves: pd.DataFrame, wells: Iterable[pd.DataFrame]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each compound with its wells, which are read some compounds at a time."""
    some = parts.batches(pd.Series([*compounds, *curves["compound"]]))
    number = {name: i for i, names in enumerate(some) for name in names}
    # most wells of a plate are controls of nobody
    named = (part[part["compound"].isin(number)] for part in wells)
    with parts.sorted_out((part, part["compound"].map(number)) for part in named) as rows_of:
        for i, names in enumerate(some):
            found = rows_of(i)
            of = dict(list(found.groupby("compound", sort=False)))
            for name in names:
                yield name, of.get(name, found.iloc[:0])


def _by_compound(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return dict(list(frame.groupby("compound", sort=False)))


def compound_page(part: Report, own: Mapping, environment: Environment) -> str:
    """All that is known of one compound; measured and simulated data in parts of their own."""
    content = own | pages.compound(part, own["compound"])
    return environment.get_template("compound.html.j2").render(pages.with_tables(content))


def wells_page(page: WellsPage, own: Mapping, environment: Environment) -> str:
    """Some curves of one compound: their fits, Ki and wells."""
    content = own | {
        "title_of_wells": page.title,
        "page": f"../{elements.page_of(own['compound'])}",
        "simulated": pages.share_of(page.curves),
        "fits": fits_table(page.curves),
        "ki": ki_table(page.curves),
        "wells": wells_tables(page.curves, page.wells, page.seals),
    }
    return environment.get_template("wells.html.j2").render(content)
