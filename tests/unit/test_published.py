"""Measured values beside published ones: a note in the potency table, never a verdict."""

import numpy as np
import pandas as pd
import pytest
from test_potency import curve

from reuptake.published import far_from_published, note_of, published_values
from reuptake.stages import potency
from reuptake.tables import CURVES, POTENCY, read_csv, typed, write_csv

AFFINITIES = (
    "compound,target,species,modality,quantity,value_nM,sd_nM,source,status\n"
    "X,SERT,human,binding,Ki,0.12,,one,published\n"
    "X,SERT,human,binding,Ki,1.2,,other,secondary\n"
)


@pytest.mark.parametrize(
    ("qualifier", "value", "note"),
    [
        ("=", 12.1, "10.1-fold above what is published"),
        ("=", 11.9, ""),
        ("=", 0.0119, "10.1-fold below what is published"),
        (">", 12.1, "10.1-fold above what is published"),
        (">", 0.01, ""),
        ("<", 0.0119, "10.1-fold below what is published"),
        ("<", 100.0, ""),
        ("", np.nan, ""),
    ],
)
def test_only_a_value_over_tenfold_from_all_of_them_is_noted(qualifier, value, note):
    assert far_from_published(qualifier, value, ["0.12", "1.2"]) == note
    assert far_from_published(qualifier, value, []) == ""


def test_the_note_is_a_flag_of_the_row_and_never_of_a_simulated_one(tmp_path):
    (tmp_path / "affinities.csv").write_text(AFFINITIES, encoding="utf-8")
    rows = [curve(20.0, "a"), curve(20.0, "b", simulated=True), curve(20.0, "c", target="DAT")]
    write_csv(typed(pd.DataFrame(rows), CURVES), tmp_path / "curves.csv")
    potency.run(tmp_path, {"reference": str(tmp_path)})
    table = read_csv(tmp_path / "potency.csv", POTENCY)
    note = "16.7-fold above what is published"
    told = table[table["flags"].str.contains(note, regex=False)]
    (row,) = told.itertuples()
    assert (row.target, row.quantity, row.simulated) == ("SERT", "Ki", False)
    assert (row.qualifier, row.value_nM) == ("=", 20.0)


def test_another_species_or_quantity_is_not_compared():
    published = published_values(
        pd.DataFrame([line.split(",") for line in AFFINITIES.split()[1:]]).set_axis(
            AFFINITIES.split()[0].split(","), axis=1
        )
    )
    row = dict(zip(("compound", "target", "species"), ("X", "SERT", "human"), strict=True))
    row |= {"modality": "binding", "quantity": "Ki", "simulated": False}
    row |= {"qualifier": "=", "value_nM": 100.0}
    assert note_of(row, published)
    for change in ({"species": "rat"}, {"quantity": "IC50"}, {"modality": "uptake"}):
        assert note_of(row | change, published) == ""
