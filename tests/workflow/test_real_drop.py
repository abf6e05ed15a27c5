"""A real run from its export to the report: MicroBeta2, 384 wells, iodine-125 SPA at NOP.

The data are not part of the project. Control means and IC50 were computed outside of it
(3PL with the controls in, unweighted).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from workingfolder import Working, prepare

pytestmark = pytest.mark.workflow

DROP = "2013-10-31-nop-spa"
IC50_nM = {
    "DNS001137825": 4.09,
    "DNS001441105": 1.66,
    "DNS001442637": 6.42,
    "DNS001440250": 1020.0,
}
ASSAY = {
    "kind": "competition_binding",
    "target": "NOP",
    "species": "human",
    "format": "spa",
    "radioligand": {"name": "iodine-125 ligand", "isotope": "125I"},
    "ligand_concentration": "0.1 nM",
    "kd": {"value": "0.205 nM", "source": "the same laboratory's later sheet"},
}


@pytest.fixture(scope="session")
def finished_real(once, checkout, shared, finished_folder) -> Path:
    """A finished run on the real drop, registered by the command line."""
    source = shared / "real-drops" / DROP
    if not source.is_dir():
        pytest.skip(f"no real drop at {source}")

    def make(folder: Path) -> None:
        real = prepare(folder, checkout, {}, finished_folder)
        config = real.folder / "config"
        (config / "assays.yaml").write_text(yaml.safe_dump({"nop_spa": ASSAY}))
        (config / "targets.yaml").write_text(
            "SERT: {name: serotonin transporter, gene: SLC6A4, role: primary}\n"
            "NOP: {name: nociceptin receptor, gene: OPRL1, role: off-target}\n"
        )
        shutil.copytree(source, real.drops / DROP)
        done = real.command("reuptake", "register", str(real.drops / DROP))
        assert done.returncode == 0, done.stdout
        real.run()

    return once("real", make)


@pytest.fixture
def real(tmp_path, checkout, finished_real) -> Working:
    return Working(shutil.copytree(finished_real, tmp_path / "work"), checkout)


def test_the_plate_is_read_to_the_last_digit(real):
    (plate,) = real.table("plates").to_dict("records")
    assert f"{float(plate['mean_total']):.2f}" == "2012.06"
    assert f"{float(plate['mean_nonspecific']):.2f}" == "74.11"
    assert (plate["n_total"], plate["n_nonspecific"]) == ("16", "18")
    assert plate["unit"] == "CCPM"


def test_every_compound_has_its_ic50(real):
    curves = real.table("curves")
    assert len(curves) == curves.compound.nunique() == 16
    assert set(curves.status) == {"ok"}
    assert set(curves.ic50_qualifier) == {"="}
    ic50 = curves.set_index("compound").ic50_nM.astype(float)
    for compound, expected in IC50_nM.items():
        assert ic50[compound] == pytest.approx(expected, rel=0.05), compound


def test_a_ki_of_unknown_depletion_is_a_bound(real):
    """Protein and Bmax are unknown, and L = 0.1 nM is below 2 Kd = 0.41 nM."""
    curves = real.table("curves")
    assert set(curves.ki_method) == {"bound"}
    assert set(curves.ki_qualifier) == {"<"}
    assert curves["flags"].str.contains("depletion not assessable").all()
    for compound in IC50_nM:
        row = curves[curves.compound == compound].iloc[0]
        # Cheng and Prusoff: IC50 / (1 + 0.1/0.205)
        expected = float(row.ic50_nM) / 1.4878048780487805
        assert float(row.ki_nM) == pytest.approx(expected, rel=1e-6)
    potency = real.table("potency")
    assert set(potency.qualifier[potency.quantity == "Ki"]) == {"<"}
    assert set(potency.qualifier[potency.quantity == "IC50"]) == {"="}


def test_definer_and_reference_are_one_compound(real):
    curves = real.table("curves")
    flagged = curves["flags"].str.contains("non-specific definer is this compound")
    assert list(curves.compound[flagged]) == ["DNS001137825"]


def test_nothing_real_is_called_simulated(real):
    for name in ("drops", "wells", "plates", "curves", "experiments", "potency", "selectivity"):
        assert set(real.table(name).simulated) <= {"false"}, name
    assert set(real.table("curves").simulated) == {"false"}


def test_the_report_has_a_page_for_every_compound(real):
    report = real.folder / "results" / "report"
    index = (report / "index.html").read_text(encoding="utf-8")
    pages = {path.stem for path in (report / "compounds").glob("*.html")}
    for compound in real.table("curves").compound:
        assert compound in pages
        assert f"compounds/{compound}.html" in index


def test_too_much_radioligand_leaves_not_even_a_bound(real):
    """L = 0.5 nM exceeds 2 Kd: Cheng and Prusoff's value need not be an upper bound."""
    real.configure(
        "assays.yaml", lambda assays: assays["nop_spa"].update(ligand_concentration="0.5 nM")
    )
    assert real.plan().rules.isdisjoint({"ingest_drop", "qc_drop"})
    real.run("potency")
    curves = real.table("curves")
    assert set(curves.ki_qualifier) == {""}
    assert set(curves.ki_nM) == {""}
    assert curves["flags"].str.contains("no Ki: depletion not assessable").all()
    assert set(curves.ic50_qualifier) == {"="}
    potency = real.table("potency")
    assert set(potency.qualifier[potency.quantity == "Ki"]) <= {""}


def test_depletion_assumed_negligible_gives_a_ki(real):
    word = {"assume": "negligible", "reason": "excess of beads", "by": "AB"}
    real.configure("assays.yaml", lambda assays: assays["nop_spa"].update(depletion=word))
    real.run("potency")
    curves = real.table("curves").set_index("compound")
    assert set(curves.ki_qualifier) == {"="}
    assert set(curves.ki_method) == {"cheng_prusoff"}
    assert curves["flags"].str.contains("depletion assumed negligible").all()
    for compound, ic50 in IC50_nM.items():
        assert float(curves.ki_nM[compound]) == pytest.approx(ic50 / 1.48780, rel=0.05)


def test_a_file_edited_by_hand_is_rejected_with_its_wells(fresh, shared):
    """The list has 122 rows and the grid 144 wells: somebody removed some."""
    source = shared / "real-drops" / "formats" / "microbeta-A16_283.txt"
    if not source.is_file():
        pytest.skip(f"no file at {source}")
    shutil.rmtree(fresh.drops)
    layout = "plate,well,role,compound,concentration,unit\nP1,A1,total,,,\nP1,B1,nonspecific,,,\n"
    description = {
        "schema": 1,
        "drop": "2026-07-01",
        "simulated": False,
        "runs": [
            {
                "run": "2026-07-01-A",
                "assay": "sert_binding",
                "date": "2026-07-01",
                "concentrations": {"basis": "final"},
                "plates": [
                    {
                        "plate": "P1",
                        "counts": "raw/counts.txt",
                        "counts_plate": "1",
                        "layout": "layout.csv",
                    }
                ],
            }
        ],
    }
    fresh.add(
        "2026-07-01",
        {
            "drop.yaml": yaml.safe_dump(description).encode(),
            "layout.csv": layout.encode(),
            "raw/counts.txt": source.read_bytes(),
        },
    )
    fresh.run("listing")
    (drop,) = fresh.table("drops").to_dict("records")
    assert drop["status"] == "rejected"
    assert "raw/counts.txt" in drop["reasons"]
    assert "list and grid" in drop["reasons"]
    # the last cassette has 24 wells in its grid, and only D5 and D6 in the list
    assert "cassette 6" in drop["reasons"]
    assert "22 of 24 wells" in drop["reasons"]
    for well in ("A1 not in the list, grid 1861", "D4 not in the list, grid 78"):
        assert well in drop["reasons"]
