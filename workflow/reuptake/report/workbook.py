"""The result tables as one workbook: a sheet a table, its text never a formula."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd

from reuptake import __version__, guides
from reuptake.tables import TABLES, records, replacing

LEFT_OUT = ("wells",)
# a longer table opens slowly and takes as long to write as the rest of the report
MOST_ROWS = 3_000
FIRST = ("potency", "selectivity", "experiments")
_GUIDES = {
    "guide_table_0": "guide table 0: quantitative data",
    "guide_table_a": "guide table A: binding affinity and selectivity",
    "guide_table_b": "guide table B: forced swim test",
    "guide_table_c": "guide table C: antagonism of PCA-induced 5-HT depletion",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
_NARROWEST, _WIDEST, _ROWS_MEASURED = 8, 60, 200
_SIMULATED = "FFFBE3B5"  # a pale orange, as an opaque colour
_LIVE = ("=", "+", "-", "@", "\t")


def write_workbook(
    ordered: Mapping[str, pd.DataFrame], n_rows: Mapping[str, int], path: Path, title: str
) -> None:
    """Write the tables as an xlsx file; the same tables, the same bytes.

    Parameters
    ----------
    ordered : mapping
        What is written (:func:`sheets`).
    n_rows : mapping
        Rows of every result table; those that are not written are named on the first sheet.
    path : Path
        File to write.
    title : str
        Of the report.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = f"reuptake {__version__}"
    book.properties.created = datetime(*_EPOCH)
    _sheet(book, "about", *_about(ordered, n_rows, title), widths=[24, 10, _WIDEST])
    for name, frame in ordered.items():
        rows = records(frame)
        _sheet(book, name, list(frame.columns), ([row[c] for c in frame] for row in rows))
    _sheet(book, "dictionary", *_dictionary())
    out = io.BytesIO()
    book.save(out)
    with replacing(path) as temporary:
        _timeless(out, temporary)


def sheets(
    tables: Mapping[str, pd.DataFrame], guide_tables: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """The frames that are written, answers first, each with the columns of its CSV file.

    Parameters
    ----------
    tables : mapping
        Every result table, typed, by its name. Wells, and tables of more than `MOST_ROWS` rows,
        are left out.
    guide_tables : mapping
        The four tables of the guides.
    """
    order = dict.fromkeys([*FIRST, *guide_tables, *tables])
    out = {}
    for name in order:
        if name in guide_tables:
            out[name] = _with_numbers(guide_tables[name])
        elif name not in LEFT_OUT and len(tables[name]) <= MOST_ROWS:
            out[name] = tables[name]
    return out


def _with_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """A guide table, whose cells are text, with numbers where its columns hold numbers."""
    counts = {"n", "n_experiments"}
    found = [c for c in frame if c in guides.NUMBERS or c in counts or c.endswith("_nM")]
    truth = {"true": True, "false": False}
    return frame.assign(
        **{name: pd.to_numeric(frame[name].replace("", None)) for name in found},
        simulated=frame["simulated"].map(truth),
    )


def _about(ordered: Mapping, n_rows: Mapping, title: str) -> tuple[list[str], list[list]]:
    """The first sheet: what there is, what is left out, and what the colour means."""
    lines = [
        [f"The result tables of reuptake {__version__}, one a sheet. The definition of every"
         " column stands on the sheet dictionary."],
        ["Rows on an orange ground are simulated, or rest on simulated data: no measurement."],
        ["Concentrations are nM. An empty cell has no value; an unbounded limit is inf or -inf."],
        [],
        ["sheet", "rows", "contents"],
    ]  # fmt: skip
    for name, frame in ordered.items():
        lines.append([name, len(frame), _GUIDES.get(name, f"tables/{name}.csv")])
    lines.append(["dictionary", None, "table, column, type, unit and definition"])
    lines.append([])
    for name, n in n_rows.items():
        if name not in ordered:
            why = "left out here, being too large"
            lines.append([name, n, f"{why}: see tables/{name}.csv"])
    return [title], lines


def _dictionary() -> tuple[list[str], list[list]]:
    rows = [
        [name, column.name, column.kind, column.unit, column.definition]
        for name, columns in TABLES.items()
        for column in columns
    ]
    return ["table", "column", "type", "unit", "definition"], rows


def _sheet(
    book, name: str, header: list[str], rows: Iterable[list], widths: list[float] | None = None
) -> None:
    """One sheet: a bold header that stays in sight; simulated rows on a coloured ground."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    rows = list(rows)
    sheet.freeze_panes = "A2"
    for i, width in enumerate(widths or _widths(header, rows), start=1):
        sheet.column_dimensions[get_column_letter(i)].width = width
    if "simulated" in header and rows:
        # a rule and no fill of the cells: it stays right when the rows are sorted
        mark = FormulaRule(
            [f"${get_column_letter(header.index('simulated') + 1)}2=TRUE"],
            fill=PatternFill(bgColor=_SIMULATED),
        )
        end = f"{get_column_letter(len(header))}{len(rows) + 1}"
        sheet.conditional_formatting.add(f"A2:{end}", mark)
        sheet.auto_filter.ref = f"A1:{end}"
    head = [_cell(sheet, text) for text in header]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet, value):
    """What is written for a value: text as text whatever it begins with, and no false number."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, float) and math.isinf(value):
        value = "inf" if value > 0 else "-inf"
    if not isinstance(value, str):
        return None if value is pd.NA or value != value else value
    if not value:
        return None
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", value))
    cell.data_type = "s"  # or what begins with = would be a formula
    if value.startswith(_LIVE):
        cell.quotePrefix = True  # and become one when somebody edits it
    return cell


def _widths(header: list[str], rows: list[list]) -> list[float]:
    """Widths of the columns in characters, by their longest line among the first rows."""
    out = []
    for i, name in enumerate(header):
        texts = [name, *(row[i] for row in rows[:_ROWS_MEASURED] if isinstance(row[i], str))]
        longest = max(len(line) for text in texts for line in text.splitlines() or [""])
        out.append(min(max(longest + 3, _NARROWEST), _WIDEST))
    return out


def _timeless(made: io.BytesIO, path: Path) -> None:
    """Write a zip again without the time of its making."""
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", data
                )
            entry = zipfile.ZipInfo(name, _EPOCH)
            new.writestr(entry, data, zipfile.ZIP_DEFLATED)
