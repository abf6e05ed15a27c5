"""What only shows across drops: double plates, unregistered drops, names, jumps of a range."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from test_potency import curve

import dropmaker
from reuptake.drops.scan import scan
from reuptake.parts import Parts
from reuptake.pooling import Repeats, compound_names, fingerprints, join_flags, range_jumps
from reuptake.potency import experiments_of, potencies_of
from reuptake.settings.load import load_settings
from reuptake.settings.sections import section
from reuptake.stages import accept, collect, listing
from reuptake.tables import CURVES, PLATES, TABLES, WELLS, read_csv, typed, write_parquet


@pytest.fixture
def archive(tmp_path):
    return dropmaker.write_archive(tmp_path)


def ingest_all(archive):
    """Verdicts of all drops that have a seal, and the final word on each."""
    results = archive.folder / "results"
    sealed = [folder.name for folder in scan(archive.folder / "drops") if folder.sealed]
    for name in sealed:
        archive.ingest(name)
    accepted = results / "accepted.json"
    accept.run([results / name / "verdict.json" for name in sealed], accepted)
    return {verdict["drop"]: verdict for verdict in accept.read(accepted)}


def drops_table(archive) -> pd.DataFrame:
    results = archive.folder / "results"
    ingest_all(archive)
    others = [folder for folder in scan(archive.folder / "drops") if not folder.sealed]
    share = section("listing", load_settings([archive.config]))
    listing.run(results / "accepted.json", others, share, results / "drops.csv")
    return pd.read_csv(results / "drops.csv", keep_default_na=False).set_index("drop")


def test_two_drops_with_the_same_run_and_plate_are_both_rejected(archive):
    for name in ("2026-01-06-copy", "2026-01-07-else"):
        dropmaker.write_drop(archive.drop(name))
    dropmaker.edit(archive.drop("2026-01-07-else") / "drop.yaml", "run: A", "run: B")
    for drop in (archive.folder / "drops").iterdir():
        dropmaker.seal_by_hand(drop)
    verdicts = ingest_all(archive)
    assert {name: verdict["status"] for name, verdict in verdicts.items()} == {
        dropmaker.NAME: "rejected",
        "2026-01-06-copy": "rejected",
        "2026-01-07-else": "accepted",
    }
    reason = verdicts[dropmaker.NAME]["reasons"][0]
    assert reason.startswith("run A, plate P1 is also in drop 2026-01-06-copy")
    assert dropmaker.NAME in verdicts["2026-01-06-copy"]["reasons"][0]


def test_a_rejected_copy_does_not_take_the_good_drop_with_it(archive):
    copy = dropmaker.write_drop(archive.drop("2026-01-06-copy"))
    (copy / "layout.csv").unlink()
    dropmaker.seal_by_hand(copy)
    dropmaker.seal_by_hand(archive.drop())
    verdicts = ingest_all(archive)
    assert verdicts[dropmaker.NAME]["status"] == "accepted"
    assert verdicts["2026-01-06-copy"]["status"] == "rejected"


def test_drops_csv_lists_every_folder_with_what_is_wrong(archive, capsys):
    unregistered = dropmaker.write_drop(archive.drop("2026-01-06-open"))
    dropmaker.edit(unregistered / "layout.csv", "P1,A1,total", "P1,A1,totals")
    dropmaker.write_drop(archive.drop("2026-01-07-ready"))
    bad = dropmaker.write_drop(archive.drop("2026-01-08-bad"))
    dropmaker.edit(bad / "drop.yaml", "run: A", "run: C")
    dropmaker.seal_by_hand(bad)
    (bad / "raw/p1.csv").write_text("")
    misnamed = dropmaker.write_drop(archive.drop("=cmd"))
    dropmaker.seal_by_hand(misnamed)
    (archive.folder / "drops/.hidden").mkdir()
    dropmaker.seal_by_hand(archive.drop())
    exclusion = "2025-12-24-gone,A,P1,A1,r,AB,2026-01-07"
    archive.exclusions.write_text(f"{dropmaker.EXCLUSIONS_HEADER}{exclusion}\n")

    before = dropmaker.snapshot(archive.folder / "drops")
    table = drops_table(archive)
    assert dropmaker.snapshot(archive.folder / "drops") == before

    assert table.status.to_dict() == {
        "'=cmd": "rejected",
        dropmaker.NAME: "accepted",
        "2026-01-06-open": "unregistered",
        "2026-01-07-ready": "unregistered",
        "2026-01-08-bad": "rejected",
    }
    assert table.loc[dropmaker.NAME, ["n_runs", "n_plates", "n_wells"]].tolist() == [1, 1, 96]
    assert "layout.csv, line 2, role: unknown role" in table.reasons["2026-01-06-open"]
    assert "run `reuptake register` on it" in table.reasons["2026-01-07-ready"]
    assert "raw/p1.csv: the file was changed" in table.reasons["2026-01-08-bad"]
    assert "folder's name may hold only" in table.reasons["'=cmd"]
    assert "exclusions file, line 2: there is no drop 2025-12-24-gone" in capsys.readouterr().out


COMPOUNDS = [
    {"compound": "citalopram", "name": "Citalopram", "synonyms": ()},
    {"compound": "desipramine", "name": "Desipramine", "synonyms": ("DMI",)},
    {"compound": "DNS001", "name": "DNS001", "synonyms": ()},
]


@pytest.mark.parametrize(
    ("written", "compound", "flag"),
    [
        ("citalopram", "citalopram", ""),
        ("CITALOPRAM", "citalopram", "written as CITALOPRAM"),
        ("dmi", "desipramine", "written as dmi"),
        ("citalopran", "citalopran", "not listed, nearly spells citalopram"),
        ("DNS-001", "DNS-001", "not listed, nearly spells DNS001"),
        ("DNS002", "DNS002", ""),
        ("unheard-of", "unheard-of", ""),
    ],
)
def test_compound_names(written, compound, flag):
    assert compound_names([written], COMPOUNDS) == {written: (compound, flag)}


def test_two_spellings_of_a_compound_that_is_not_listed():
    found = compound_names(["Lead-7", "lead 7", "LEAD 8", "citalopram"], COMPOUNDS)
    assert found == {
        "Lead-7": ("Lead-7", "not listed, nearly spells lead 7"),
        "lead 7": ("lead 7", "not listed, nearly spells Lead-7"),
        "LEAD 8": ("LEAD 8", ""),
        "citalopram": ("citalopram", ""),
    }


def curves(low: list[float], high: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "compound": "c",
            "assay": "a",
            "role": "sample",
            "experiment": [f"e{i}" for i in range(len(low))],
            "lowest_tested_nM": low,
            "highest_tested_nM": high,
        }
    )


def test_a_range_a_thousandfold_off_is_flagged_and_a_wider_one_is_not():
    """uM entered as nM shifts both ends by three decades; a new design moves one."""
    flags = range_jumps(curves([0.1, 0.1, 100.0, 0.1], [1e4, 1e4, 1e7, 1e8]))
    assert [bool(flag) for flag in flags] == [False, False, True, False]
    assert "about 1,000-fold above" in flags[2]


def test_a_single_experiment_has_nothing_to_jump_from():
    assert list(range_jumps(curves([0.1], [1e4]))) == [""]
    assert list(range_jumps(curves([0.1, np.nan], [1e4, np.nan]))) == ["", ""]


def test_join_flags():
    assert join_flags("", "a", "", "b") == "a; b"


def plate_wells(plate, signals, **more) -> pd.DataFrame:
    frame = pd.DataFrame({"signal": signals, "concentration_nM": 10.0 ** np.arange(len(signals))})
    frame["well"] = [f"A{i + 1}" for i in range(len(signals))]
    place = {"drop": "d1", "run": "A", "plate": plate, "assay": "a", "role": "sample"}
    place |= {"compound": "c", "simulated": False}
    return typed(frame.assign(**(place | more)), WELLS)


COUNTS = [4801.0, 4702.0, 4120.0, 2509.0, 1188.0, 640.0]


def repeats(*frames) -> dict:
    watch = Repeats()
    for frame in frames:
        watch.note(fingerprints(frame))
    return watch.found


@pytest.mark.parametrize("other", [{"plate": "P9"}, {"run": "B"}, {"drop": "d2"}])
def test_the_same_counts_under_another_name_are_found(other):
    """In one part of the archive or in two."""
    place = {"plate": "P1"} | other
    again = plate_wells(signals=COUNTS, **place)
    found = repeats(pd.concat([again, plate_wells("P1", COUNTS)], ignore_index=True))
    assert repeats(plate_wells("P1", COUNTS), again) == found
    key = (*again.iloc[0][["drop", "run", "plate", "assay", "role", "compound"]],)
    assert found == {key: "d1/A/P1"}


@pytest.mark.parametrize(
    "again",
    [
        plate_wells("P2", [*COUNTS[:5], 641.0]),  # one count differs
        plate_wells("P2", COUNTS[::-1]),  # the same counts at other concentrations
        plate_wells("P2", COUNTS, simulated=True),
        plate_wells("P2", COUNTS[:5]),
    ],
)
def test_what_is_not_the_same_is_left_alone(again):
    assert repeats(plate_wells("P1", COUNTS), again) == {}


def test_few_or_equal_values_may_agree_by_chance():
    for values in (COUNTS[:5], [100.0] * 5 + [99.0, 98.0]):
        assert repeats(plate_wells("P1", values), plate_wells("P2", values)) == {}


def test_a_copy_of_a_plate_is_flagged_and_does_not_raise_n():
    """The rerun keeps its row, names what it repeats and leaves the answer."""
    names = ["P1", "P2", "P3"]
    changed = [value + 1 for value in COUNTS]
    wells = pd.concat(
        [plate_wells(p, v) for p, v in zip(names, (COUNTS, COUNTS, changed), strict=True)]
    )
    rows = [
        curve(v, f"e{p}", drop="d1", run="A", plate=p, assay="a", compound="c")
        for p, v in zip(names, (10.0, 10.0, 40.0), strict=True)
    ]
    curves = typed(pd.DataFrame(rows), CURVES)
    collect.mark_repeats(curves, repeats(wells))
    assert curves.repeat_of.tolist() == ["", "d1/A/P1", ""]
    assert "same counts as d1/A/P1" in curves["flags"][1]
    potency = potencies_of(experiments_of(curves))
    assert potency.n_experiments.tolist() == [2, 2]
    assert potency.value_nM.tolist() == pytest.approx([20.0, 20.0])


def test_pooled_tables_do_not_depend_on_how_many_drops_are_read_at_once(tmp_path, monkeypatch):
    """All wells of all accepted drops, in the order of drops; one has no plate, one no well."""
    wells = {
        "a": {"compound": ["x", ""], "counts": [1.0, np.nan], "row": [0, None], "note": ["=1", ""]},
        "b": {"compound": [], "counts": [], "row": [], "note": []},
        "c": {"compound": ["y"], "counts": [3.0], "row": [None], "note": ["in\rtwo"]},
    }
    for drop, columns in wells.items():
        frame = typed(pd.DataFrame(columns).assign(drop=drop), WELLS)
        write_parquet(frame, tmp_path / drop / "wells.parquet")
        for name, table in (("plates", PLATES), ("curves", CURVES)):
            write_parquet(typed(pd.DataFrame(), table), tmp_path / drop / f"{name}.parquet")
    verdicts = [{"drop": drop, "status": "accepted"} for drop in wells]
    (tmp_path / "accepted.json").write_text(json.dumps({"drops": verdicts}))
    compounds = [{"compound": "x-1", "name": "", "synonyms": ["x"]}]
    made, parts = {}, {}
    for at_once in (1, 2, 50):
        monkeypatch.setattr(collect, "DROPS_AT_ONCE", at_once)
        tables = tmp_path / str(at_once)
        some = tmp_path / "accepted.json", tmp_path, [], {"compounds": compounds}, tables
        collect.run(*some, tmp_path / f"{at_once}.parquet", tmp_path / "cache")
        parts[at_once] = list(Parts(tmp_path / f"{at_once}.parquet"))
        made[at_once] = {path.name: path.read_bytes() for path in tables.iterdir()}
    assert made[1] == made[2] == made[50]
    assert [list(part["drop"].unique()) for part in parts[1] if len(part)] == [["a"], ["c"]]
    assert [list(part["drop"].unique()) for part in parts[2]] == [["a"], ["c"]]
    assert len(parts[50]) == 1
    for found in parts.values():
        again = pd.concat(found, ignore_index=True)
        pd.testing.assert_frame_equal(again.drop(columns="note"), parts[50][0].drop(columns="note"))
        pd.testing.assert_frame_equal(
            again.drop(columns="note"),
            read_csv(tmp_path / "50" / "wells.csv", WELLS).drop(columns="note"),
        )
    # of what is kept, a changed drop or another compound's name makes its own part anew
    monkeypatch.setattr(collect, "DROPS_AT_ONCE", 1)
    worked = []
    keep = collect._keep
    monkeypatch.setattr(collect, "_keep", lambda part: (worked.append(part.drops), keep(part)))
    again = tmp_path / "accepted.json", tmp_path, [], {"compounds": compounds}, tmp_path / "again"
    again = *again, tmp_path / "again.parquet"
    collect.run(*again, tmp_path / "cache")
    assert len(worked) == 3  # the parts were of fifty drops
    changed = typed(pd.DataFrame({"drop": ["c"], "compound": ["y"], "counts": [4.0]}), WELLS)
    write_parquet(changed, tmp_path / "c" / "wells.parquet")
    collect.run(*again, tmp_path / "cache")
    assert worked[3:] == [[tmp_path / "c"]]
    assert read_csv(tmp_path / "again" / "wells.csv", WELLS)["counts"].tolist()[-1] == 4.0
    compounds[0]["synonyms"].append("y")
    collect.run(*again, tmp_path / "cache")
    assert read_csv(tmp_path / "again" / "wells.csv", WELLS)["compound"].tolist()[-1] == "x-1"
    assert len(list((tmp_path / "cache").iterdir())) == 3 * 5
    pooled = read_csv(tmp_path / "1" / "wells.csv", WELLS)
    assert list(pooled["drop"]) == ["a", "a", "c"]
    assert list(pooled["compound"]) == ["x-1", "", "y"]
    assert list(pooled["note"]) == ["=1", "", "in\ntwo"]
    assert pooled["row"].tolist() == [0, pd.NA, pd.NA]


def test_spellings_and_a_mistaken_unit_are_seen_across_drops(tmp_path):
    """Two compounds in four drops: one misspelt once, one in uM as if it were nM."""
    drops = ["d1", "d2", "d3", "d4"]
    for i, drop in enumerate(drops):
        rows = [
            curve(
                10.0,
                f"{drop}/A",
                drop=drop,
                compound=name,
                lowest_tested_nM=0.1 * factor,
                highest_tested_nM=1e4 * factor,
            )
            for name, factor in (
                ("citalopran" if i == 3 else "citalopram", 1.0),
                ("lead", 1e3 if i == 2 else 1.0),
            )
        ]
        wells = [{"drop": drop, "compound": row["compound"]} for row in rows]
        for name, table, some in (
            ("plates", PLATES, []),
            ("wells", WELLS, wells),
            ("curves", CURVES, rows),
        ):
            write_parquet(typed(pd.DataFrame(some), table), tmp_path / drop / f"{name}.parquet")
    verdicts = [{"drop": drop, "status": "accepted"} for drop in drops]
    (tmp_path / "accepted.json").write_text(json.dumps({"drops": verdicts}))
    section = {"compounds": COMPOUNDS}
    places = tmp_path / "tables", tmp_path / "wells.parquet", tmp_path / "cache"
    collect.run(tmp_path / "accepted.json", tmp_path, [], section, *places)
    pooled = read_csv(tmp_path / "tables" / "curves.csv", CURVES)
    told = {(row.drop, row.compound): row.flags for row in pooled.itertuples() if row.flags}
    assert list(told) == [("d3", "lead"), ("d4", "citalopran")]
    assert "about 1,000-fold above" in told["d3", "lead"]
    assert "nearly spells citalopram" in told["d4", "citalopran"]


def test_pooled_tables_of_no_drop_have_their_header(tmp_path):
    (tmp_path / "accepted.json").write_text('{"drops": []}')
    nothing = {"compounds": []}
    places = tmp_path / "tables", tmp_path / "wells.parquet", tmp_path / "cache"
    collect.run(tmp_path / "accepted.json", tmp_path, [], nothing, *places)
    for name in ("wells", "plates", "curves"):
        header = ",".join(column.name for column in TABLES[name])
        assert (tmp_path / "tables" / f"{name}.csv").read_text() == f"{header}\n"
