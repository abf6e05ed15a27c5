"""Pages from tables and figures: a first page, pages of detail, one for each compound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from reuptake import guides
from reuptake.figures.inputs import read_tables
from reuptake.report import changes, elements, pages
from reuptake.report.cards import make_cards
from reuptake.report.guide_blocks import guide_tables
from reuptake.report.pages import Report, ReportSettings
from reuptake.report.pictures import Pictures
from reuptake.report.store import Store
from reuptake.report.templates import make_environment
from reuptake.report.workbook import write_workbook
from reuptake.tables import replacing

if TYPE_CHECKING:
    from jinja2 import Environment

WORKBOOK = "tables.xlsx"
_IN_READING_ORDER = ("potency", "selectivity", "curves", "experiments")


def build_report(
    tables: Path,
    figures: Path,
    reference: Path,
    out: Path,
    settings: ReportSettings,
    store: Store,
    seals: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Path]:
    """Write ``index.html``, its other pages, ``compounds/<compound>.html`` and ``tables.xlsx``.

    What changed is not known here: ``changes.html`` and ``changes.js`` say so until the run has
    been compared with the one before.

    Parameters
    ----------
    tables, figures : Path
        Result tables; figures with their ``index.csv``.
    reference : Path
        Folder of published values (``affinities.csv``).
    out : Path
        Folder of the report. Pages of what is gone are removed.
    settings : ReportSettings
    store : Store
        Where pages of compounds are kept from run to run.
    seals : mapping, optional
        Of each sealed drop the SHA-256 of its files.

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
    environment = make_environment()
    made = {
        out / name: environment.get_template(template).render(report.shared | content)
        for name, template, content in _pages(report, tables)
    }
    rows = _by_compound(data)
    for name in sorted(report.compounds):
        mine = {key: of.get(name, data[key][:0]) for key, of in rows.items()}
        content = report.shared | pages.compound(report, name, mine)
        made[out / elements.page_of(name)] = store.page(
            content, lambda content=content: compound_page(content, environment)
        )
    store.keep_only_used()
    for old in set(out.rglob("*.html")) - set(made):
        old.unlink()
    with replacing(out / elements.CHANGES_SCRIPT) as temporary:
        temporary.write_text(changes.script(changes.NOT_YET, []), encoding="utf-8")
    filled = guides.guide_tables(data, report.affinities, settings.guide_compound)
    write_workbook(data, filled, out / WORKBOOK, settings.title)
    for path, html in reversed(made.items()):  # the first page last: what it links to is there
        with replacing(path) as temporary:
            temporary.write_text(html, encoding="utf-8")
    return list(made)


def _pages(report: Report, folder: Path):
    """Name, template and content of every page but those of compounds."""
    guide = guide_tables(
        report.data, report.affinities, report.settings.guide_compound, report.compounds, folder
    )
    first = pages.index(report)
    yield elements.INDEX, "index.html.j2", first
    yield elements.WHOLE, "whole.html.j2", pages.whole(report, first, guide)
    if pages.selectivity_figures(report.pictures)[1]:
        yield elements.SELECTIVITY, "selectivity.html.j2", pages.selectivity(report)
    yield elements.GUIDES, "guides.html.j2", pages.guides_page(report, guide)
    if report.shared["has_animals"]:
        yield elements.IN_VIVO, "in_vivo.html.j2", pages.animals_page(report)
    yield elements.QUALITY, "quality.html.j2", pages.quality_page(report)
    if report.shared["has_constants"]:
        yield elements.CONSTANTS, "constants.html.j2", pages.constants_page(report)
    yield elements.METHODS, "methods.html.j2", pages.methods_page(report)
    yield elements.PROVENANCE, "provenance.html.j2", pages.provenance_page(report)
    yield elements.CHANGES, "changes.html.j2", changes.content(changes.NOT_YET, [])


def _by_compound(data: dict[str, pd.DataFrame]) -> dict[str, dict[str, pd.DataFrame]]:
    out = {}
    for name in ("curves", "experiments", "potency", "selectivity", "wells"):
        frame = data[name]
        frame = frame[frame["compound"] != ""]  # most wells of a plate are controls of nobody
        out[name] = dict(list(frame.groupby("compound", sort=False)))
    return out


def compound_page(content: dict, environment: Environment) -> str:
    """All that is known of one compound; measured and simulated data in parts of their own."""
    return environment.get_template("compound.html.j2").render(pages.with_tables(content))
