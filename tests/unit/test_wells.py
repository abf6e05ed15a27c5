"""From a checked drop to wells: stock and final concentrations, exclusions, identity."""

from datetime import date

import numpy as np
import pytest

from reuptake.drops.check import CheckedDrop, PlateData
from reuptake.drops.layout import LayoutWell
from reuptake.drops.model import Drop
from reuptake.drops.responses import ResponsePoint
from reuptake.readers import CounterPlate
from reuptake.settings.model import Exclusion
from reuptake.wells import wells_of

ASSAYS = {
    "binding": {"kind": "competition_binding", "target": "SERT", "species": "human"},
    "partner": {"kind": "response", "target": "SERT", "species": None},
}


def well(row, col, role="sample", compound="A", nM=10.0, **more):
    fields = {
        "ligand_concentration_nM": None,
        "time_min": None,
        "excluded": False,
        "reason": "",
        "note": "",
    }
    return LayoutWell(1, "P1", row, col, role, compound, nM, **(fields | more))


def checked(wells=(), *, concentrations=None, points=(), exclusions=(), **run):
    """A drop of one run, its counts 0, 1, 2 ... along the rows of a 96-well plate."""
    plates = [{"plate": "P1", "counts": "p1.txt", "layout": "layout.csv"}]
    described = {"run": "R", "assay": "binding", "date": "2026-03-02"} | run
    described |= {"responses": "r.csv"} if points else {"plates": plates}
    described["concentrations"] = concentrations or {"basis": "final"}
    drop = Drop.model_validate({"schema": 1, "drop": "D", "simulated": True, "runs": [described]})
    out = CheckedDrop("D", drop, exclusions=list(exclusions))
    if points:
        out.responses.append((drop.runs[0], list(points)))
    else:
        counter = CounterPlate("1", np.arange(96.0).reshape(8, 12), "CPM", "p1.txt")
        out.plates.append(PlateData(drop.runs[0], drop.runs[0].plates[0], counter, list(wells)))
    return out


def test_stock_concentrations_are_divided_by_their_dilution():
    """50 uL into 250 uL: what is not divided makes every IC50 five times too high."""
    layout = [well(0, 0, nM=50.0), well(1, 3, nM=1580.0)]
    final = wells_of(checked(layout), ASSAYS)
    stock = wells_of(checked(layout, concentrations={"basis": "stock", "dilution": 5}), ASSAYS)
    assert final.concentration_nM.tolist() == [50.0, 1580.0]
    assert stock.concentration_nM.tolist() == [10.0, 316.0]
    assert stock.signal.tolist() == final.signal.tolist() == [0.0, 15.0]


def test_counts_role_and_identity():
    total = well(2, 11, role="total", compound="", nM=None, note="edge")
    row = wells_of(checked([total]), ASSAYS).iloc[0]
    assert (row.well, row.counts, row.unit, row.role) == ("C12", 35.0, "CPM", "total")
    assert np.isnan(row.concentration_nM)
    assert (row["drop"], row.run, row.plate, row.note) == ("D", "R", "P1", "edge")
    assert (row.kind, row.target, row.species) == ("competition_binding", "SERT", "human")
    assert row.experiment == "D/R"
    assert row.simulated
    assert not row.excluded


def test_an_experiment_name_joins_runs():
    frame = wells_of(checked([well(0, 0)], experiment="week 10"), ASSAYS)
    assert frame.experiment.tolist() == ["week 10"]


def test_excluded_wells_stay_with_their_reason():
    layout = [
        well(0, 0),
        well(0, 1, excluded=True, reason="spilt"),
        well(0, 2, excluded=True),
        well(0, 3),
    ]
    fields = {"drop": "D", "run": "R", "plate": "P1", "reason": "air bubble", "by": "AB"}
    exclusion = Exclusion(well="A04", date=date(2026, 3, 3), **fields)
    frame = wells_of(checked(layout, exclusions=[exclusion]), ASSAYS)
    assert frame.excluded.tolist() == [False, True, True, True]
    assert frame.reason.tolist() == [
        "",
        "spilt",
        "no reason given in the layout",
        "air bubble (AB, 2026-03-03)",
    ]
    assert frame.counts.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_responses():
    points = [
        ResponsePoint(2, "vehicle", "A", 0.0, 100.0, False, ""),
        ResponsePoint(3, "sample", "A", 500.0, 40.0, False, ""),
        ResponsePoint(4, "sample", "A", 5000.0, None, True, ""),
    ]
    drop = checked(
        points=points, assay="partner", concentrations={"basis": "stock", "dilution": 10}
    )
    frame = wells_of(drop, ASSAYS)
    assert frame.concentration_nM.tolist() == [0.0, 50.0, 500.0]
    assert frame.well.tolist() == ["line 2", "line 3", "line 4"]
    assert (frame.plate == "").all()
    assert (frame.unit == "response").all()
    assert frame.signal[:2].tolist() == [100.0, 40.0]
    assert np.isnan(frame.signal[2])
    assert frame.excluded.tolist() == [False, False, True]
    assert (frame.species == "").all()


@pytest.mark.parametrize("dilution", [1, 2.5, 5])
def test_a_factor_applies_to_stock_only(dilution):
    layout = [well(0, 0, nM=100.0)]
    frame = wells_of(
        checked(layout, concentrations={"basis": "stock", "dilution": dilution}), ASSAYS
    )
    assert frame.concentration_nM.tolist() == [100.0 / dilution]


def test_a_drop_without_wells():
    drop = checked([well(0, 0)])
    drop.plates.clear()
    assert len(wells_of(drop, ASSAYS)) == 0
