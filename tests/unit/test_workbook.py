"""The workbook of the result tables, read back with openpyxl and with calamine."""

from __future__ import annotations

import io
import math
import time
import zipfile

import openpyxl
import pandas as pd
import pytest
import report_tables
from python_calamine import CalamineWorkbook

from reuptake import guides
from reuptake.report import workbook
from reuptake.tables import TABLES, typed

LITERATURE = pd.DataFrame(
    {
        "compound": ["Sert-IN-2"],
        "target": ["SERT"],
        "species": [""],
        "modality": ["uptake"],
        "quantity": ["IC50"],
        "value_nM": ["0.58"],
        "source": ["a vendor"],
    }
)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return report_tables.empty() | report_tables.archive()


def write(tables, path, **changed):
    filled = guides.guide_tables(tables, LITERATURE, "Sert-IN-2")
    tables = tables | changed
    n_rows = {name: len(frame) for name, frame in tables.items()}
    workbook.write_workbook(workbook.sheets(tables, filled), n_rows, path, "Transporter panel")
    return path


@pytest.fixture(scope="module")
def book(tables, tmp_path_factory) -> openpyxl.Workbook:
    return openpyxl.load_workbook(write(tables, tmp_path_factory.mktemp("book") / "t.xlsx"))


def cells(sheet) -> list[dict]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_sheet_for_every_table_but_wells_answers_first(book):
    names = book.sheetnames
    assert names[:4] == ["about", "potency", "selectivity", "experiments"]
    assert names[4:8] == [f"guide_table_{x}" for x in "0abc"]
    assert names[-1] == "dictionary"
    assert set(names[1:-1]) == set(TABLES) - {"wells"} | set(names[4:8])
    about = list(book["about"].iter_rows(values_only=True))
    assert about[0][0] == "Transporter panel"
    (wells,) = [row for row in about if row[0] == "wells"]
    assert "left out" in wells[2]
    assert any("orange" in str(row[0]) for row in about)


def test_every_value_comes_back_as_it_was(book, tables):
    for name in ("potency", "selectivity", "experiments", "curves", "drops", "plates"):
        frame = tables[name]
        back = cells(book[name])
        assert len(back) == len(frame) > 0
        for row, expected in zip(back, frame.to_dict("records"), strict=True):
            assert list(row) == list(frame.columns)
            for column, value in expected.items():
                if value == "" or pd.isna(value):
                    assert row[column] is None
                elif isinstance(value, float) and math.isinf(value):
                    assert row[column] == str(value)
                elif isinstance(value, float):  # a workbook holds 16 digits
                    assert math.isclose(row[column], value, rel_tol=1e-15)
                else:
                    assert row[column] == value
                    assert type(row[column]) is type(value)


def test_columns_of_guide_tables_are_the_guides_own(book):
    (row,) = [r for r in cells(book["guide_table_0"]) if "literature" in r["source"]]
    guide = ["Compound", "Parameter", "Value", "Species", "Assay Type"]
    assert list(row)[:5] == guide
    assert row["Value"] == "0.58 nM"
    assert (row["value_nM"], row["simulated"]) == (0.58, False)
    assert book["guide_table_b"].max_row > 1


def test_the_header_stays_and_columns_are_wide_enough(book):
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet["A1"].font.bold
    widths = book["potency"].column_dimensions
    assert widths["A"].width >= len("compound")
    assert all(8 <= width.width <= 60 for width in widths.values())


def test_simulated_rows_stand_on_a_ground_of_their_own(book, tables):
    assert tables["potency"]["simulated"].any()
    assert not tables["potency"]["simulated"].all()
    ((place, (rule,)),) = [(c.sqref, c.rules) for c in book["potency"].conditional_formatting]
    letter = openpyxl.utils.get_column_letter(list(tables["potency"]).index("simulated") + 1)
    assert rule.formula == [f"${letter}2=TRUE"]
    assert str(place).startswith("A2:")
    assert str(place).endswith(str(len(tables["potency"]) + 1))
    assert rule.dxf.fill.bgColor.rgb == "FFFBE3B5"


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "#N/A", "=HYPERLINK(A1)", "a\x00b", "1"]


def test_text_is_never_a_formula(tables, tmp_path):
    frame = typed(pd.DataFrame({"drop": HOSTILE, "status": "rejected"}), TABLES["drops"])
    path = write(tables, tmp_path / "t.xlsx", drops=frame)
    sheet = openpyxl.load_workbook(path)["drops"]
    found = [sheet.cell(row, 1) for row in range(2, len(HOSTILE) + 2)]
    assert {cell.data_type for cell in found} == {"s"}
    assert [cell.value for cell in found] == [text.replace("\0", "\ufffd") for text in HOSTILE]
    assert [cell.quotePrefix for cell in found] == [True] * 5 + [False, True, False, False]
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets"):
                assert b"<f>" not in archive.read(name)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("drops").to_python()
    assert [row[0] for row in rows[1:]] == [text.replace("\0", "\ufffd") for text in HOSTILE]


def test_the_same_tables_give_the_same_bytes(tables, tmp_path):
    first = write(tables, tmp_path / "a.xlsx").read_bytes()
    time.sleep(2.1)  # a zip counts time in steps of two seconds
    assert write(tables, tmp_path / "b.xlsx").read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_very_long_table_is_named_and_left_out(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", len(tables["curves"]) - 1)
    book = openpyxl.load_workbook(write(tables, tmp_path / "t.xlsx"))
    assert "curves" not in book.sheetnames
    about = {row[0]: row for row in book["about"].iter_rows(values_only=True)}
    assert about["curves"][1] == len(tables["curves"])
    assert about["curves"][2].endswith("see tables/curves.csv")


def test_no_drop_at_all_gives_headers(tmp_path):
    book = openpyxl.load_workbook(write(report_tables.empty(), tmp_path / "t.xlsx"))
    assert [c.value for c in book["potency"][1]] == [c.name for c in TABLES["potency"]]
    assert book["potency"].max_row == 1
