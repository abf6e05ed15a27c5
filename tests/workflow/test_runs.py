"""The graph as a whole: what runs, what does not run again, and what a new drop costs."""

from __future__ import annotations

import os
import shutil

import pandas as pd
import pytest
from workingfolder import BINDING, PARTNER, SATURATION, UPTAKE

pytestmark = pytest.mark.workflow

POOLED = {"accept", "listing", "collect", "in_vivo", "potency", "selectivity", "guides"} | {
    "figures",
    "report",
    "provenance",
}
ALL = POOLED | {"ingest_drop", "qc_drop", "fit_drop"}
EVERY = ALL | {"constants_drop"}  # that of drops with runs that measure constants


def test_everything_is_planned_on_a_fresh_folder(fresh):
    plan = fresh.plan()
    per_drop = dict.fromkeys(ALL - POOLED, 4) | {"constants_drop": 1}
    assert plan.counts == dict.fromkeys(POOLED, 1) | per_drop
    assert plan.drops == {BINDING, UPTAKE, PARTNER, SATURATION}
    assert not (fresh.folder / "results").exists()


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        ("ingest", {"ingest_drop"}),
        ("qc", {"ingest_drop", "qc_drop"}),
        ("constants", {"ingest_drop", "qc_drop", "constants_drop"}),
        ("fit", {"ingest_drop", "qc_drop", "constants_drop", "fit_drop"}),
        (
            "potency",
            EVERY
            - {"listing", "in_vivo", "selectivity", "guides", "figures", "report", "provenance"},
        ),
        (
            "selectivity",
            EVERY - {"listing", "in_vivo", "guides", "figures", "report", "provenance"},
        ),
        ("report", EVERY - {"provenance"}),
        ("provenance", EVERY),
    ],
)
def test_named_targets(fresh, target, rules):
    assert fresh.plan(target).rules == rules


def test_a_finished_run_is_complete_and_does_nothing_again(finished):
    results = finished.folder / "results"
    assert set(finished.table("drops").status) == {"accepted"}
    assert {path.name for path in (results / "tables").iterdir()} >= {
        "README.md",
        "drops.csv",
        "wells.csv",
        "plates.csv",
        "curves.csv",
        "constants.csv",
        "isotherms.csv",
        "potency.csv",
        "selectivity.csv",
        "guide_table_0.csv",
        "guide_table_a.csv",
        "guide_table_b.csv",
        "guide_table_c.csv",
    }
    assert (results / "report" / "index.html").stat().st_size > 1000
    # three curves on each of four plates, five of the partner
    assert len(finished.table("curves")) == 3 * 4 + 5
    # all of it from simulated drops, and every answer says so
    for name in ("drops", "wells", "plates", "curves", "potency", "selectivity"):
        assert set(finished.table(name).simulated) == {"true"}, name
    assert not [path for path in results.rglob("*") if path.name.endswith(".tmp")]
    assert "Nothing to be done" in finished.run()


def test_every_curve_has_its_wells_and_its_drop(finished):
    curves, wells = finished.table("curves"), finished.table("wells")
    keys = ["drop", "run", "assay", "plate", "compound", "role"]
    known = set(wells[keys].itertuples(index=False, name=None))
    assert set(curves[keys].itertuples(index=False, name=None)) <= known
    assert set(curves["drop"]) == set(finished.table("drops")["drop"]) - {SATURATION}


def test_a_new_drop_runs_its_own_jobs_and_the_pooled_ones(finished, drop_contents):
    files = {
        name: content.replace(b"2026-03-02", b"2026-04-02")
        for name, content in drop_contents[BINDING].items()
    }
    finished.add("2026-04-02-binding", files)
    plan = finished.plan()
    assert plan.counts == dict.fromkeys(ALL, 1)
    assert plan.drops == {"2026-04-02-binding"}


def test_a_touched_raw_file_runs_nothing(finished):
    for path in (finished.drops / BINDING).rglob("*"):
        os.utime(path)
    assert finished.plan().jobs == []


def test_a_changed_byte_rejects_its_drop_and_no_other(finished):
    before = finished.table("curves")
    raw = finished.drops / BINDING / "raw" / "sert.txt"
    content = bytearray(raw.read_bytes())
    content[-40] ^= 1
    raw.write_bytes(content)
    plan = finished.plan()
    assert plan.drops == {BINDING}
    assert plan.counts == dict.fromkeys(ALL, 1)

    finished.run()
    drops = finished.table("drops").set_index("drop")
    assert drops.status.to_dict() == {
        BINDING: "rejected",
        UPTAKE: "accepted",
        PARTNER: "accepted",
        SATURATION: "accepted",
    }
    assert "raw/sert.txt: the file was changed after sealing" in drops.reasons[BINDING]
    others = before[before["drop"] != BINDING].reset_index(drop=True)
    pd.testing.assert_frame_equal(finished.table("curves"), others)


@pytest.mark.slow
def test_a_removed_drop_leaves_nothing_behind_and_can_come_back(finished, tmp_path):
    report, figures = (finished.folder / "results" / name for name in ("report", "figures"))
    before = finished.tables()

    def traces(compound, drop):
        """Where the compound's page, the list of drops and the figures speak of them."""
        pages = [path for path in (report / "compounds").glob("*.html") if path.stem == compound]
        listed = [drop] if drop in (report / "provenance.html").read_text() else []
        drawn = [path for path in figures.rglob("*") if compound in path.name]
        return [bool(found) for found in (pages, listed, drawn)]

    # bupropion is the reference at DAT, and otherwise only the partner's
    assert traces("bupropion", BINDING) == [True, True, True]
    for drop in (BINDING, PARTNER):
        shutil.move(finished.drops / drop, tmp_path / drop)
    finished.run()
    assert list(finished.table("drops")["drop"]) == [SATURATION, UPTAKE]
    for name in ("wells", "plates"):
        assert set(finished.table(name)["drop"]) == {SATURATION, UPTAKE}, name
    assert set(finished.table("curves")["drop"]) == {UPTAKE}
    assert set(finished.table("experiments").experiment) == {f"{UPTAKE}/2026-03-04-U"}
    assert set(finished.table("potency").modality) == {"uptake"}
    for name in ("potency", "selectivity"):
        assert "bupropion" not in set(finished.table(name).compound), name
    assert traces("bupropion", BINDING) == [False, False, False]

    for drop in (PARTNER, BINDING):
        shutil.move(tmp_path / drop, finished.drops / drop)
    finished.run("listing", "guides")
    assert finished.tables() == before
