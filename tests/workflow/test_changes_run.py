"""What moved since the previous successful run, in real runs."""

from __future__ import annotations

import pandas as pd
import pytest
from workingfolder import BINDING, PARTNER

pytestmark = pytest.mark.workflow


def changed(working) -> pd.DataFrame:
    path = working.folder / "results" / "changes" / "changes.csv"
    return pd.read_csv(path, dtype="str", keep_default_na=False)


def test_an_exclusion_moves_the_curves_of_its_drop_and_says_so(finished):
    """The first run has nothing to compare with, a lost history costs the history alone."""
    assert changed(finished).empty
    script = finished.folder / "results" / "report" / "changes.js"
    assert "nothing to compare with" in script.read_text(encoding="utf-8")
    wells = finished.table("wells")
    mine = wells[(wells["drop"] == BINDING) & (wells.role == "sample")]
    well = mine[mine.assay == "sert_binding"].iloc[8]
    row = f"{BINDING},{well.run},{well.plate},{well.well},pipetting error,AB,2026-03-03\n"
    with (finished.folder / "config" / "exclusions.csv").open("a") as file:
        file.write(row)
    finished.run()
    moved = changed(finished)
    curves = moved[(moved.table == "curves") & (moved.column == "n_points")]
    assert len(curves) == 1
    assert f"compound={well.compound}" in curves.iloc[0].key
    assert int(curves.iloc[0].before) - int(curves.iloc[0].after) == 1
    told = f"well {BINDING}, {well.run}, {well.plate}, {well.well} is now excluded"
    assert moved.reason.str.startswith(told).all()
    assert not moved.key.str.contains(PARTNER).any()
    report = finished.folder / "results" / "report"
    for name in ("changes.html", "changes.js"):
        assert told in (report / name).read_text(encoding="utf-8"), name
    assert "All changes since" in (report / "index.html").read_text(encoding="utf-8")
    verified = finished.command("reuptake", "verify")
    assert verified.returncode == 0, verified.stdout
    tables = finished.tables()
    (finished.folder / "results" / "changes" / "history.sqlite").unlink()
    assert finished.plan().rules == set()
    finished.run("--forcerun", "provenance")
    assert changed(finished).empty
    assert finished.tables() == tables


@pytest.mark.slow
def test_a_run_that_fails_or_does_nothing_leaves_the_history_alone(finished):
    store = finished.folder / "results" / "changes" / "history.sqlite"
    kept = store.read_bytes()
    finished.run()
    assert store.read_bytes() == kept
    (finished.drops / PARTNER / "SHA256SUMS").write_text("0" * 64 + "  drop.yaml\n")
    finished.run("--config", "strict=true", status=1)
    assert store.read_bytes() == kept
    finished.run()
    moved = changed(finished)
    assert set(moved.reason) == {f"drop {PARTNER} was accepted and is rejected"}
