"""Guide tables B and C, cell by cell, from the two worked experiments."""

from __future__ import annotations

import pandas as pd
import pytest
from animal_sets import PCA, SWIM, SWIM_S, PCA_ng_per_g, file_of, frame

from reuptake import guides
from reuptake.animals import forced_swim, pca
from reuptake.animals.columns import FORCED_SWIM, PCA_ANTAGONISM
from reuptake.tables import typed

NA = "Data not available"
GUIDE = "Sert-IN-2"


def swim(groups=SWIM_S, species="rat", **more) -> pd.DataFrame:
    assay = SWIM | {"species": species}
    rows = frame(file_of(groups), assay).assign(**more)
    return forced_swim.analyse(rows, {"a": assay})["forced_swim"]


def depletion(groups=PCA_ng_per_g, **more) -> pd.DataFrame:
    rows = frame(file_of(groups), PCA).assign(**more)
    return pca.analyse(rows, {"a": PCA})["pca_antagonism"]


def guide_cells(table: pd.DataFrame, columns) -> list[tuple[str, ...]]:
    return list(table[list(columns)].itertuples(index=False, name=None))


def test_table_b_of_the_worked_experiment():
    table = guides.table_b(swim(), GUIDE)
    assert guide_cells(table, guides.COLUMNS_B) == [
        ("Vehicle", "-", "206", "-"),
        (GUIDE, "1", "199", "3.20"),
        (GUIDE, "3", "165", "19.8"),
        (GUIDE, "10", "115", "44.0"),
    ]
    top = table.iloc[3]
    assert float(top["p_dunnett"]) == pytest.approx(2.7187e-9, rel=1e-4)
    assert float(top["reduction_lower_pct"]) == pytest.approx(34.8096, abs=5e-5)  # as printed
    assert (top["n"], top["species"], top["source"], top["run"]) == ("10", "rat", "measured", "r")


def test_table_c_of_the_worked_experiment():
    table = guides.table_c(depletion(), GUIDE)
    assert guide_cells(table, guides.COLUMNS_C) == [
        ("Vehicle", "-", "791", "-"),
        ("PCA", "-", "304", "-"),
        (f"{GUIDE} + PCA", "1", "370", "13.6"),
        (f"{GUIDE} + PCA", "3", "548", "50.0"),
        (f"{GUIDE} + PCA", "10", "723", "86.0"),
    ]
    assert float(table.iloc[3]["antagonism_lower_pct"]) == pytest.approx(42.5178, abs=5e-5)


def test_table_b_takes_rats_only():
    assert guide_cells(guides.table_b(swim(species="mouse"), GUIDE), guides.COLUMNS_B) == [
        ("Vehicle", "-", NA, "-"),
        *((GUIDE, dose, NA, NA) for dose in ("1", "3", "10")),
    ]


def test_a_dose_of_the_guide_that_was_not_tested_is_said_to_be_missing():
    fewer = {name: SWIM_S[name] for name in ("Vehicle", "1", "3")}
    rows = guide_cells(guides.table_b(swim(fewer), GUIDE), guides.COLUMNS_B)
    assert [row[1] for row in rows] == ["-", "1", "3", "10"]
    assert rows[-1] == (GUIDE, "10", NA, NA)


def test_simulated_animals_have_a_block_of_their_own():
    table = guides.table_b(swim(simulated=True), GUIDE)
    assert table["simulated"].tolist() == ["false"] * 4 + ["true"] * 4
    assert set(table[guides.COLUMNS_B[2]][:4]) == {NA}


def test_another_compound_leaves_the_guides_block_empty_and_adds_its_own():
    other = swim()
    other["treatment"] = other["treatment"].replace(GUIDE, "DEMO-1")
    table = guides.table_b(other, GUIDE)
    assert table["compound"].drop_duplicates().tolist() == [GUIDE, "DEMO-1"]
    assert table["Treatment Group"].tolist()[4:] == ["Vehicle", "DEMO-1", "DEMO-1", "DEMO-1"]


def test_a_group_of_the_vehicle_s_treatment_is_no_compound():
    stressed = swim()
    stressed.loc[stressed["group"] == "3", "treatment"] = "Vehicle"
    assert "3" not in set(guides.table_b(stressed, GUIDE)["group"])
    assert set(guides.table_b(stressed, GUIDE)["compound"]) == {GUIDE}


def test_a_rise_has_a_minus_sign_that_is_no_formula():
    rows = swim({"Vehicle": SWIM_S["3"], "3": SWIM_S["Vehicle"]})
    cell = guides.table_b(rows, GUIDE).iloc[1][guides.COLUMNS_B[3]]
    assert cell == "\N{MINUS SIGN}24.7"  # 100 (1 - 206.0/165.2)


def test_an_invalid_assay_gives_levels_and_no_antagonism():
    table = guides.table_c(depletion(PCA_ng_per_g | {"PCA": PCA_ng_per_g["Vehicle"]}), GUIDE)
    assert table[guides.COLUMNS_C[3]].tolist()[2:] == ["assay invalid"] * 3
    assert table[guides.COLUMNS_C[2]].tolist()[0] == "791"


def test_two_runs_stand_one_after_the_other():
    both = pd.concat([swim(), swim().assign(run="s")], ignore_index=True)
    table = guides.table_b(typed(both, FORCED_SWIM), GUIDE)
    assert table["run"].tolist() == ["r"] * 4 + ["s"] * 4
    assert typed(depletion(), PCA_ANTAGONISM)["readout"].eq("5-HT").all()
