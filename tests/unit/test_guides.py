"""The guide tables, cell by cell, against what the technical guides print."""

from __future__ import annotations

import pandas as pd
import pytest
import report_tables

from reuptake import guides
from reuptake.tables import POTENCY, SELECTIVITY, typed

NA = "Data not available"
GUIDE = "Sert-IN-2"


@pytest.fixture(scope="module")
def affinities() -> pd.DataFrame:
    """The one published value of the guide compound, and one of another compound."""
    rows = [
        ("citalopram", "SERT", "human", "binding", "Ki", "1.2", "", "Tatsumi 1997", "secondary"),
        (GUIDE, "SERT", "not specified", "uptake", "IC50", "0.58", "", "vendor page", "secondary"),
    ]
    names = ["compound", "target", "species", "modality", "quantity", "value_nM", "sd_nM"]
    names += ["source", "status"]
    return pd.DataFrame(rows, columns=names, dtype="str")


def potency(*rows: dict) -> pd.DataFrame:
    """Potency rows of the guide compound at human SERT unless said otherwise."""
    default = {
        "compound": GUIDE, "target": "SERT", "species": "human", "modality": "binding",
        "quantity": "Ki", "qualifier": "=", "n_experiments": 3, "n_censored": 0,
        "simulated": False, "method": "t interval on log10",
    }  # fmt: skip
    frame = pd.DataFrame([default | row for row in rows], columns=[c.name for c in POTENCY])
    return typed(frame, POTENCY)


def ratios(*rows: dict) -> pd.DataFrame:
    """Selectivity rows of the guide compound, binding Ki over human SERT unless said otherwise."""
    default = {
        "compound": GUIDE, "primary": "SERT", "species": "human", "modality": "binding",
        "quantity": "Ki", "simulated": False,
    }  # fmt: skip
    frame = pd.DataFrame([default | row for row in rows], columns=[c.name for c in SELECTIVITY])
    return typed(frame, SELECTIVITY)


def nothing() -> dict[str, pd.DataFrame]:
    """The result tables without a row."""
    return report_tables.empty()


def cells(frame: pd.DataFrame, columns) -> list[tuple[str, ...]]:
    return list(frame[list(columns)].itertuples(index=False, name=None))


def test_without_data_all_four_tables_are_those_of_the_guides(affinities):
    filled = guides.guide_tables(nothing(), affinities, GUIDE)
    assert cells(
        filled["guide_table_0"], ["Compound", "Parameter", "Value", "Species", "Assay Type"]
    ) == [(GUIDE, "IC50", "0.58 nM", "Not Specified", "Serotonin Reuptake Inhibition")]
    assert cells(
        filled["guide_table_a"],
        [
            "Target",
            "IC50 (nM)",
            "Ki (nM)",
            "Selectivity Ratio (Ki DAT/Ki SERT)",
            "Selectivity Ratio (Ki NET/Ki SERT)",
        ],
    ) == [
        ("hSERT", "0.58 [1]", NA, NA, NA),
        ("hDAT", NA, NA, "-", "-"),
        ("hNET", NA, NA, "-", "-"),
    ]
    assert cells(
        filled["guide_table_b"],
        [
            "Treatment Group",
            "Dose (mg/kg, i.p.)",
            "Immobility Time (seconds)",
            "% Reduction in Immobility vs. Vehicle",
        ],
    ) == [
        ("Vehicle", "-", NA, "-"),
        (GUIDE, "1", NA, NA),
        (GUIDE, "3", NA, NA),
        (GUIDE, "10", NA, NA),
    ]
    assert cells(
        filled["guide_table_c"],
        [
            "Treatment Group",
            "Dose (mg/kg, i.p.)",
            "Hypothalamic 5-HT Level (ng/g tissue)",
            "% Antagonism of PCA Effect",
        ],
    ) == [
        ("Vehicle", "-", NA, "-"),
        ("PCA", "-", NA, "-"),
        (f"{GUIDE} + PCA", "1", NA, NA),
        (f"{GUIDE} + PCA", "3", NA, NA),
        (f"{GUIDE} + PCA", "10", NA, NA),
    ]


def test_the_guides_columns_come_first_and_then_the_compound(affinities):
    filled = guides.guide_tables(nothing(), affinities, GUIDE)
    for name, n in (("0", 5), ("a", 5), ("b", 4), ("c", 4)):
        frame = filled[f"guide_table_{name}"]
        assert frame.columns[n] == "compound"
        assert set(frame["compound"]) == {GUIDE}
        assert set(frame["simulated"]) == {"false"}
        assert (frame.dtypes == "str").all()


def test_a_measured_value_stands_beside_the_literature_and_names_its_modality(affinities):
    measured = potency(
        {"quantity": "IC50", "assay": "sert_binding", "value_nM": 1.2388},
        {"quantity": "IC50", "assay": "sert_uptake", "modality": "uptake", "value_nM": 0.7},
        {"value_nM": 0.641895, "lower_nM": 0.267437, "upper_nM": 1.540659},
    )
    row = guides.table_a(measured, ratios(), affinities, GUIDE).iloc[0]
    assert row["IC50 (nM)"] == "0.58 [1]; 1.24 (binding); 0.700 (uptake)"
    assert row["Ki (nM)"] == "0.642"
    assert (row["ki_nM"], row["ki_lower_nM"], row["n_experiments"]) == ("0.641895", "0.267437", "3")
    table = guides.table_0(measured, affinities, GUIDE)
    assert table["Value"].tolist() == ["0.58 nM", "1.24 nM", "0.642 nM", "0.700 nM"]
    assert table["Species"].tolist() == ["Not Specified", "Human", "Human", "Human"]


def test_the_literature_value_never_enters_a_ratio(affinities):
    # Binding Ki of DAT beside the published uptake IC50 of SERT: 3400/0.58 = 5862 must not appear.
    table = guides.table_a(
        potency({"target": "DAT", "value_nM": 3400.0}), ratios(), affinities, GUIDE
    )
    assert table["Ki (nM)"].tolist() == [NA, "3,400", NA]
    assert table["Selectivity Ratio (Ki DAT/Ki SERT)"].tolist() == [NA, "-", "-"]
    assert not table.apply(lambda column: column.str.contains("5,8|5862")).to_numpy().any()


def test_ratio_cells_are_those_of_binding_ki_at_human_transporters_only(affinities):
    # T-20: 3432.0/0.641895 -> 5346.743; T-21: the one-sided bound 4299.87, rounded down.
    selectivity = ratios(
        {"target": "DAT", "qualifier": "=", "ratio": 5346.743},
        {"target": "NET", "qualifier": ">", "ratio": 4299.87},
        {"target": "DAT", "qualifier": "=", "ratio": 11.0, "modality": "uptake"},
        {"target": "NET", "qualifier": "=", "ratio": 22.0, "quantity": "IC50"},
        {"target": "NET", "qualifier": "=", "ratio": 33.0, "species": "rat"},
    )
    table = guides.table_a(potency({"value_nM": 0.641895}), selectivity, affinities, GUIDE)
    assert table["Selectivity Ratio (Ki DAT/Ki SERT)"].tolist() == ["5,350", "-", "-"]
    assert table["Selectivity Ratio (Ki NET/Ki SERT)"].tolist() == ["> 4,290", "-", "-"]


def test_other_species_stay_out_of_table_a_but_in_table_0(affinities):
    rat = potency({"species": "rat", "value_nM": 2.0, "compound": "X"})
    assert set(guides.table_a(rat, ratios(), affinities, GUIDE)["compound"]) == {GUIDE}
    assert guides.table_0(rat, affinities, GUIDE)["Species"].tolist() == ["Not Specified", "Rat"]


def test_simulated_and_real_values_never_share_a_row(affinities):
    both = potency(
        {"value_nM": 0.5}, {"value_nM": 0.9, "simulated": True}, {"value_nM": 7.0, "compound": "X"}
    )
    table = guides.table_a(both, ratios(), affinities, GUIDE)
    blocks = list(
        table[["compound", "simulated"]].drop_duplicates().itertuples(index=False, name=None)
    )
    assert blocks == [(GUIDE, "false"), (GUIDE, "true"), ("X", "false")]
    assert table.groupby(["compound", "simulated"], sort=False).size().tolist() == [3, 3, 3]
    real, simulated = table.iloc[0], table.iloc[3]
    assert (real["IC50 (nM)"], real["Ki (nM)"]) == ("0.58 [1]", "0.500")
    assert (simulated["IC50 (nM)"], simulated["Ki (nM)"]) == (NA, "0.900")


def test_bounds_are_rounded_outward_and_refusals_are_not_zero(affinities):
    rows = potency(
        {"target": "DAT", "qualifier": ">", "value_nM": 4999.9},
        {"target": "NET", "qualifier": "", "flags": "Kd missing"},
    )
    table = guides.table_a(rows, ratios(), affinities, GUIDE)
    assert table["Ki (nM)"].tolist() == [NA, "> 4,990", NA]


def test_an_archive_keeps_one_block_of_three_rows_per_compound_and_kind_of_data(affinities):
    tables = report_tables.archive()
    table = guides.table_a(tables["potency"], tables["selectivity"], affinities, GUIDE)
    assert (table.groupby(["compound", "simulated"]).size() == 3).all()
    assert table["compound"].iloc[0] == GUIDE
    assert report_tables.SCRIPT in set(table["compound"])
