"""Result tables: types, ten digits, empty for missing, no live formula, nothing half-written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reuptake.tables import (
    TABLES,
    Column,
    data_dictionary,
    guard_cell,
    read_csv,
    replacing,
    typed,
    write_csv,
    write_parquet,
)

COLUMNS = (
    Column("name", "text", "a name"),
    Column("x_nM", "number", "a number", "nM"),
    Column("n", "integer", "a count"),
    Column("ok", "boolean", "a truth"),
)


def frame(**columns) -> pd.DataFrame:
    return typed(pd.DataFrame(columns), COLUMNS)


def test_ten_digits_and_empty_cells(tmp_path):
    table = frame(
        name=["a", None, "b"], x_nM=[1 / 3, np.nan, 1e-12], n=[1, None, 3], ok=[True, None, False]
    )
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == (
        b"name,x_nM,n,ok\na,0.3333333333,1,true\n,,,\nb,1e-12,3,false\n"
    )
    back = read_csv(tmp_path / "t.csv", COLUMNS)
    pd.testing.assert_frame_equal(back.drop(columns="x_nM"), table.drop(columns="x_nM"))
    assert back.x_nM.tolist()[0] == 0.3333333333


def test_infinite_limits_survive(tmp_path):
    write_csv(frame(name=["a"], x_nM=[np.inf]), tmp_path / "t.csv")
    assert read_csv(tmp_path / "t.csv", COLUMNS).x_nM.item() == np.inf


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "=cmd|' /C calc'!A0"])
def test_formulas_are_defused(tmp_path, text):
    write_csv(frame(name=[text, "plain"], x_nM=[-1.0, 1.0]), tmp_path / "t.csv")
    written = pd.read_csv(tmp_path / "t.csv", dtype=str)
    assert written.name.tolist() == [f"'{text}", "plain"]
    assert written.x_nM.tolist() == ["-1", "1"]  # numbers keep their sign


@pytest.mark.parametrize("text", ["=", "-", "", "a=b", "[3H]x"])
def test_what_is_no_formula_is_left_alone(text):
    assert guard_cell(text) == text


def test_awkward_text_is_quoted(tmp_path):
    names = ['a,"b"', "c\nd", "ünïcode", "x;y", "one\rrow", "\rx"]
    write_csv(frame(name=names), tmp_path / "t.csv")
    kept = [*names[:4], "one\nrow", "\nx"]
    assert read_csv(tmp_path / "t.csv", COLUMNS).name.tolist() == kept


def test_unknown_columns_are_a_mistake():
    with pytest.raises(KeyError, match="without a definition"):
        typed(pd.DataFrame({"name": ["a"], "surprise": [1]}), COLUMNS)


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_table_has_its_header(tmp_path, table):
    columns = TABLES[table]
    write_csv(typed(pd.DataFrame(), columns), tmp_path / "t.csv")
    header = (tmp_path / "t.csv").read_text().strip()
    assert header == ",".join(column.name for column in columns)
    assert read_csv(tmp_path / "t.csv", columns).empty


def test_the_same_contents_give_the_same_bytes(tmp_path):
    table = frame(name=["a", "b"], x_nM=[0.1, np.nan], n=[1, None], ok=[None, True])
    for name in ("1.parquet", "2.parquet"):
        write_parquet(table.copy(), tmp_path / name)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "1.parquet"), table)


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_every_column_is_in_the_dictionary_with_a_definition():
    text = data_dictionary()
    for name, columns in TABLES.items():
        section = text.partition(f"## {name}.csv\n")[2].partition("\n## ")[0]
        for column in columns:
            assert f"| `{column.name}` | {column.kind} |" in section
            assert column.definition
            assert ("_nM" in column.name) <= (column.unit == "nM"), column.name
