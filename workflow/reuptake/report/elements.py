"""What a page is made of before it is HTML: cells, rows and tables of finished text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from reuptake.formatting import MISSING, bounded, interval, significant, slug
from reuptake.provenance import change
from reuptake.tables import TABLES

INDEX, QUALITY, CONSTANTS, IN_VIVO = "index.html", "qc.html", "constants.html", "in-vivo.html"
GUIDES, METHODS, PROVENANCE = "guides.html", "methods.html", "provenance.html"
ANSWERS, SELECTIVITY, WHOLE = "answers.html", "selectivity.html", "report-single-file.html"
CHANGES, CHANGES_SCRIPT = change.PAGE, change.SCRIPT


@dataclass(frozen=True)
class Cell:
    """One cell; the template escapes every text.

    Attributes
    ----------
    text : str
        What is read.
    sort : float or str
        What it is sorted by, if not by its text.
    href : str
        Where it links to inside the report.
    style : str
        CSS classes: ``number``, ``verdict-fail`` and the like.
    notes : tuple of str
        Several short lines below each other, instead of or after the text.
    simulated : bool
        Adds the mark of simulated data.
    """

    text: str = ""
    sort: float | str = ""
    href: str = ""
    style: str = ""
    notes: tuple[str, ...] = ()
    simulated: bool = False


@dataclass(frozen=True)
class Row:
    """One row of a table, with an anchor to link to."""

    cells: list[Cell]
    id: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class Head:
    """The header of a column, and what stands in the column."""

    text: str
    help: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its caption; the unit stands in the header."""

    caption: str
    columns: list[Head]
    rows: list[Row] = field(default_factory=list)
    sortable: bool = True


def heads(table: str, columns: dict[str, str]) -> list[Head]:
    """Headers with the definitions of the data dictionary.

    Parameters
    ----------
    table : str
        The result table that the columns are taken from.
    columns : dict
        Header to the column's name there, or to a definition where none of its columns is meant.
    """
    known = {column.name: column.definition for column in TABLES.get(table, ())}
    return [Head(text, known.get(name, name)) for text, name in columns.items()]


def number(value: float, digits: int = 3) -> Cell:
    """A number, sorted by its value."""
    return Cell(significant(value, digits), _sort_key(value), style="number")


def qualified(qualifier: str, value: float) -> Cell:
    """A value with its qualifier."""
    return Cell(bounded(qualifier, value), _sort_key(value), style="number")


def span(lower: float, upper: float) -> Cell:
    """A 95 % interval."""
    return Cell(interval(lower, upper), _sort_key(lower), style="number")


def count(value: object) -> Cell:
    """A whole number, or a dash where there is none."""
    missing = pd.isna(value)
    return Cell(
        MISSING if missing else f"{int(value):,}", "" if missing else int(value), style="number"
    )


def notes(joined: str) -> Cell:
    """Flags or reasons joined by '; ', one below the other."""
    parts = tuple(part for part in joined.split("; ") if part)
    return Cell("" if parts else MISSING, notes=parts, style="notes")


def verdict(word: str) -> Cell:
    """A verdict: the word, and a colour that only repeats it."""
    known = word if word in ("pass", "warn", "fail") else "none"
    order = {"fail": 0, "warn": 1, "pass": 2, "none": 3}[known]
    return Cell(word or "none", order, style=f"verdict verdict-{known}")


def anchor(kind: str, *identity: str) -> str:
    """The id of an element, for example of a plate: safe in HTML and in a link."""
    return f"{kind}-{slug('/'.join(identity))}"


def page_of(compound: str) -> str:
    """The page of a compound, relative to the first page."""
    return f"compounds/{slug(compound)}.html"


def wells_page_of(compound: str, number: int) -> str:
    """A page of the wells of a compound with many curves, relative to the first page."""
    return f"wells/{slug(compound)}-{number}.html"


def is_simulated(frame: pd.DataFrame) -> pd.Series:
    """The column `simulated` as plain booleans."""
    return frame["simulated"].fillna(False).astype(bool)


def is_true(value: object) -> bool:
    """A boolean cell that may be missing."""
    return not pd.isna(value) and bool(value)


def _sort_key(value: float) -> float | str:
    return "" if value is None or math.isnan(value) else float(value)
