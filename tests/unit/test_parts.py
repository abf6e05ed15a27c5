"""Tables in parts: whole drops in each, sorted out by compound, and never all in memory."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_tables

from reuptake import parts
from reuptake.figures import build
from reuptake.figures.inputs import INDEX
from reuptake.guides import read_affinities
from reuptake.report import build as report_build
from reuptake.report.cards import make_cards
from reuptake.report.pages import Report, ReportSettings
from reuptake.report.pictures import Pictures
from reuptake.tables import write_parquet

PUBLISHED = read_affinities(Path(__file__).parents[2] / "data" / "reference")


def test_each_file_is_a_part_however_long(tmp_path):
    lengths = [2, 0, 1_100_000, 1]  # longer than what a parquet file divides by itself
    for number, n in enumerate(lengths):
        frame = pd.DataFrame({"drop": [f"d{number}"] * n, "counts": np.arange(n, dtype=float)})
        write_parquet(frame.astype({"drop": "str"}), tmp_path / str(number))
    parts.join((tmp_path / str(i) for i in range(4)), tmp_path / "all")
    whole = parts.Parts(tmp_path / "all")
    for _ in range(2):
        assert [len(part) for part in whole if len(part)] == [2, 1_100_000, 1]
    assert whole.n_rows == sum(lengths)
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]


def test_a_table_without_a_row_has_its_columns(tmp_path):
    write_parquet(pd.DataFrame({"drop": [], "counts": []}).astype({"drop": "str"}), tmp_path / "0")
    parts.join([tmp_path / "0"], tmp_path / "all")
    whole = parts.Parts(tmp_path / "all")
    assert sum(map(len, whole)) == whole.n_rows == 0


def test_batches_keep_a_compound_together(monkeypatch):
    monkeypatch.setattr(parts, "CURVES_AT_ONCE", 4)
    names = pd.Series(["c"] * 5 + ["a"] * 2 + ["b"] * 2 + ["d"])
    assert parts.batches(names) == [["a", "b"], ["c"], ["d"]]
    assert parts.batches(names.iloc[:0]) == []
    monkeypatch.undo()
    assert parts.batches(names) == [["a", "b", "c", "d"]]


def test_rows_are_sorted_out_in_their_order_and_with_their_types():
    first = pd.DataFrame({"name": ["x", "y", "é"], "value": [1.0, np.nan, np.inf], "ok": True})
    second = pd.DataFrame({"name": ["z"], "value": [2.0], "ok": [False]})
    frames = [(first, np.array([1, 0, 1])), (second, np.array([1])), (second[:0], np.array([]))]
    with parts.sorted_out(frames) as rows_of:
        for _ in range(2):
            found = rows_of(1)
            expected = pd.DataFrame(
                {"name": ["x", "é", "z"], "value": [1.0, np.inf, 2.0], "ok": [True, True, False]}
            )
            pd.testing.assert_frame_equal(found, expected)
        assert rows_of(0)["name"].tolist() == ["y"]
        assert rows_of(7).empty
        assert list(rows_of(7)) == ["name", "value", "ok"]


class Watched:
    """The wells of an archive, a drop at a time, and how many of them are held at once."""

    def __init__(self, wells: pd.DataFrame):
        self.by_drop = [rows.reset_index(drop=True) for _, rows in wells.groupby("drop")]
        self.alive: list[weakref.ref] = []
        self.most = self.passes = 0

    def __iter__(self):
        self.passes += 1
        for rows in self.by_drop:
            part = rows.copy()
            self.alive.append(weakref.ref(part))
            yield part
            del part
            gc.collect()
            self.most = max(self.most, sum(ref() is not None for ref in self.alive))


def many_drops(n: int) -> dict[str, pd.DataFrame]:
    """An archive of the same real drop under several names."""
    tables = report_tables.archive(simulated=False)
    out = dict(tables)
    for name, frame in tables.items():
        if name in ("wells", "curves", "plates"):
            mine = frame[frame["drop"] == report_tables.UPTAKE_DROP]
            copies = [mine.assign(drop=f"{report_tables.UPTAKE_DROP}-{i}") for i in range(n)]
            out[name] = pd.concat(copies, ignore_index=True)
    return out


def test_figures_hold_the_wells_of_a_drop_or_of_some_compounds(monkeypatch):
    tables = many_drops(6)
    wells = Watched(tables.pop("wells"))
    monkeypatch.setattr(parts, "CURVES_AT_ONCE", 1)
    one_by_one = [d.row["file"] for d in build.list_drawings(tables, wells, PUBLISHED)]
    assert wells.passes >= 3
    assert wells.most <= 1
    monkeypatch.undo()
    whole = [pd.concat(wells.by_drop, ignore_index=True)]
    assert [d.row["file"] for d in build.list_drawings(tables, whole, PUBLISHED)] == one_by_one


def test_figures_do_not_depend_on_how_the_wells_are_cut():
    archive = report_tables.archive()
    apart = [rows.reset_index(drop=True) for _, rows in archive["wells"].groupby("drop")]
    whole = [pd.concat(apart, ignore_index=True)]
    archive["curves"] = archive["curves"].sort_values("drop", kind="stable", ignore_index=True)
    keys = [
        [
            build.cache.key(drawing.kind, drawing.data)
            for drawing in build.list_drawings(archive, wells, PUBLISHED)
        ]
        for wells in (apart, whole)
    ]
    assert keys[0] == keys[1]


def test_pages_hold_the_wells_of_a_drop_or_of_some_compounds(monkeypatch, tmp_path):
    tables = many_drops(6)
    wells = Watched(tables.pop("wells"))
    settings = ReportSettings("title", "")
    (tmp_path / "index.csv").write_text(",".join(c.name for c in INDEX) + "\n")
    pictures = Pictures(tmp_path)
    report = Report(tables, PUBLISHED, pictures, make_cards(tables, ""), settings, {})
    monkeypatch.setattr(parts, "CURVES_AT_ONCE", 1)
    found = {name: part.data["wells"] for name, part, _ in report_build._parts(report, wells)}
    assert wells.most <= 1
    whole = pd.concat(wells.by_drop)
    for name, rows in found.items():
        assert len(rows) == (whole["compound"] == name).sum()
    assert sum(map(len, found.values())) > 0


def test_a_full_disk_is_told_with_the_folder_of_temporary_files(monkeypatch, tmp_path):
    monkeypatch.setattr(parts, "TemporaryFile", lambda: open("/dev/full", "wb", buffering=0))
    monkeypatch.setattr(parts, "gettempdir", lambda: str(tmp_path))
    rows = pd.DataFrame({"signal": np.arange(10.0)})
    with (
        pytest.raises(OSError, match="No space left") as failed,
        parts.sorted_out([(rows, [0] * 10)]),
    ):
        pass
    assert str(tmp_path) in failed.value.filename
