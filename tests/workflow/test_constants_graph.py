"""A Kd that an assay takes from a run is an edge of the graph: of that run and of no other."""

from __future__ import annotations

import shutil

import pytest
from workingfolder import BINDING, PARTNER, SATURATION, UPTAKE

from reuptake.drops import seal

pytestmark = pytest.mark.workflow

OWN = {(rule, SATURATION) for rule in ("ingest_drop", "qc_drop", "constants_drop", "fit_drop")}


def of_drops(plan):
    return {job for job in plan.jobs if job[1]}


def binding(working):
    table = working.table("curves")
    return table[table["drop"] == BINDING].reset_index(drop=True)


def change_counts(working):
    """Other counts in two wells of the SERT plate of the saturation run, their sum kept."""
    raw = working.drops / SATURATION / "raw" / "sert.txt"
    lines = raw.read_bytes().split(b"\r\n")
    row = next(i for i, line in enumerate(lines) if line.startswith(b"A\t"))
    cells = lines[row].split(b"\t")
    for column, by in ((6, 1500), (8, -1500)):
        cells[column] = b"%d" % (int(cells[column]) + by)
    lines[row] = b"\t".join(cells)
    raw.write_bytes(b"\r\n".join(lines))


def test_curves_take_the_kd_of_their_run(finished):
    curves, constants = finished.table("curves"), finished.table("constants")
    kd = constants[constants.parameter == "kd"].set_index("target").value.astype(float)
    mine = binding(finished)
    assert set(mine.constants_from) == {f"{SATURATION}/{SATURATION[:10]}-S"}
    for row in mine.itertuples():
        assert float(row.kd_nM) == pytest.approx(kd[row.target], rel=1e-9)
        assert row.ki_qualifier in {"=", ">"}
    # truth of the simulation
    assert kd["SERT"] == pytest.approx(5.3, rel=0.1)
    # the kinetics run that the uptake assay names is not in this archive
    sert = curves[curves.assay == "sert_uptake"]
    assert set(sert.ki_method) == {"none"}
    assert sert["flags"].str.contains("no accepted run of this name has a km").all()
    assert (sert.ic50_nM != "").all()


def test_another_saturation_run_fits_the_curves_that_name_it_and_no_others(finished):
    change_counts(finished)
    seal.write(finished.drops / SATURATION)
    assert of_drops(finished.plan()) == OWN | {("fit_drop", BINDING)}
    before = binding(finished)
    finished.run()
    after = binding(finished)
    sert = after.target == "SERT"
    assert (after.kd_nM != before.kd_nM).tolist() == sert.tolist()
    assert after.ic50_nM.tolist() == before.ic50_nM.tolist()


def test_a_saturation_run_that_nobody_names_fits_nothing_else(finished, drop_contents):
    new = "2026-04-16-saturation"
    files = {
        name: content.replace(SATURATION[:10].encode(), new[:10].encode())
        for name, content in drop_contents[SATURATION].items()
    }
    finished.add(new, files)
    assert of_drops(finished.plan()) == {(rule, new) for rule, _ in OWN}


@pytest.mark.slow
def test_the_ki_goes_with_its_run_and_the_ic50_stays(finished, tmp_path):
    before = binding(finished)
    shutil.move(finished.drops / SATURATION, tmp_path / SATURATION)
    assert of_drops(finished.plan()) == {("fit_drop", BINDING)}
    finished.run()
    after = binding(finished)
    assert set(after.ki_qualifier) == {""}
    assert after.ic50_nM.tolist() == before.ic50_nM.tolist()
    assert after["flags"].str.contains("no accepted run of this name has a kd").all()

    shutil.move(tmp_path / SATURATION, finished.drops / SATURATION)
    finished.run()
    assert binding(finished).equals(before)


@pytest.mark.slow
def test_a_rejected_run_tells_no_kd(finished):
    change_counts(finished)
    finished.run()
    drops = finished.table("drops").set_index("drop")
    assert drops.status.to_dict() == {
        SATURATION: "rejected",
        BINDING: "accepted",
        UPTAKE: "accepted",
        PARTNER: "accepted",
    }
    assert finished.table("constants").empty
    mine = binding(finished)
    assert set(mine.ki_qualifier) == {""}
    assert (mine.ic50_nM != "").all()


@pytest.mark.slow
def test_a_run_in_two_drops_tells_no_kd(finished, drop_contents):
    """Each of the two is right by itself; only a look at all drops can reject them."""
    twin = "2026-02-17-saturation"
    files = dict(drop_contents[SATURATION])
    files["drop.yaml"] = files["drop.yaml"].replace(SATURATION.encode(), twin.encode())
    finished.add(twin, files)
    assert ("fit_drop", BINDING) not in finished.plan().jobs
    finished.run()
    drops = finished.table("drops").set_index("drop")
    assert drops.status[[SATURATION, twin]].tolist() == ["rejected", "rejected"]
    mine = binding(finished)
    assert set(mine.ki_qualifier) == {""}
    assert set(mine.ki_method) == {"none"}
    assert (mine.ic50_nM != "").all()
    assert mine["flags"].str.contains("of a drop that was rejected").all()
