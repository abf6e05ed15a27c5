"""The heat map of a panel: its cells, their numbers, bounds, and what was not tested."""

import math

import pandas as pd
import pytest

from reuptake.figures import heatmap, style

NOTHING = math.nan


def row(compound, target, qualifier, value_nM, **more) -> dict:
    return {
        "compound": compound,
        "target": target,
        "species": "human",
        "modality": "binding",
        "quantity": "Ki",
        "assay": "",
        "qualifier": qualifier,
        "value_nM": value_nM,
        "simulated": False,
    } | more


ROWS = [
    row("b", "DAT", ">", 9e3),
    row("b", "SERT", "=", 0.64),
    row("A", "SERT", "<", 0.95),
    row("A", "NET", "", NOTHING),
    row("A", "SERT", "=", 12.0, species="rat"),
    row("A", "SERT", "=", 3.0, quantity="IC50", assay="x"),
]


CURVES = ["compound", "target", "species", "kind", "assay", "simulated"]


def prepared(rows, curves=()):
    tables = {"potency": pd.DataFrame(rows), "selectivity": pd.DataFrame({"primary": ["NET"]})}
    return list(heatmap.prepare(tables | {"curves": pd.DataFrame(curves, columns=CURVES)}))


def texts(data) -> dict[tuple, str]:
    with style.context():
        axes = heatmap.draw(data).axes[0]
    return {(t.get_position()[1] // 1, t.get_position()[0] // 1): t.get_text() for t in axes.texts}


def test_cells_stand_in_their_row_and_column_with_the_primary_target_first():
    ((modality, quantity, page, simulated, data),) = prepared(ROWS)
    assert (modality, quantity, page, simulated) == ("binding", "Ki", 1, False)
    assert data.compounds == ["A", "b"]
    assert data.columns == ["NET", "SERT", "SERT, rat", "DAT"]
    assert texts(data) == {
        # p of 0.95 nM is 9.0223 and of 9 uM 5.0458: bounds are rounded outward
        (0, 0): "–",
        (0, 1): "> 9.02",
        (0, 2): "7.92",
        (1, 1): "9.19",
        (1, 3): "< 5.05",
    }
    assert data.n_wanting == 3
    assert "n = 2 values, 2 bounds (hatched)" in heatmap.caption(data)
    assert "1 tested without a value (–), 3 not tested" in heatmap.caption(data)


@pytest.mark.parametrize(
    ("qualifier", "p", "text"),
    [
        ("=", 9.19382, "9.2"),
        ("<", 5.0458, "< 5.1"),
        (">", 9.0223, "> 9.0"),
        ("<", 5.0, "< 5.0"),
        ("=", 10.04, "10.0"),
        ("", NOTHING, "–"),
    ],
)
def test_a_bound_never_claims_more_than_was_found(qualifier, p, text):
    assert heatmap.cell_text(qualifier, p, 1) == text


def test_bounds_are_hatched_and_colours_follow_potency():
    ((*_, data),) = prepared(ROWS)
    with style.context():
        axes = heatmap.draw(data).axes[0]
    hatched = [c for c in axes.collections if c.get_hatch()]
    assert sum(len(c.get_paths()) for c in hatched) == 2
    image = axes.images[0].get_array()
    assert image[0, 3, 3] == 0  # not tested: the grey of the axes shows
    lightness = [image[i, j, :3].sum() for i, j in ((1, 3), (0, 2), (1, 1))]
    assert lightness == sorted(lightness, reverse=True)


def test_more_than_a_page_is_paged_and_nothing_is_lost():
    rows = [row(f"c{i:03d}", f"T{j:02d}", "=", 10.0) for i in range(110) for j in range(23)]
    pages = prepared(rows)
    assert [page for _, _, page, _, _ in pages] == [1, 2, 3, 4, 5, 6]
    assert sum(len(data.cells) for *_, data in pages) == 110 * 23
    assert all(
        len(data.compounds) <= heatmap.COMPOUNDS_PER_FIGURE
        and len(data.columns) <= heatmap.COLUMNS_PER_FIGURE
        for *_, data in pages
    )
    assert "page 6 of 6" in pages[-1][4].title


def test_assays_of_one_target_have_columns_of_their_own_and_simulated_data_a_figure():
    rows = [
        row("A", "SERT", "=", 3.0, quantity="IC50", assay="x", modality="uptake"),
        row("A", "SERT", "=", 5.0, quantity="IC50", assay="y", modality="uptake"),
        row("A", "SERT", "=", 7.0, modality="uptake", simulated=True),
    ]
    found = prepared(rows)
    assert [(q, s) for _, q, _, s, _ in found] == [("IC50", False), ("Ki", True)]
    assert found[0][4].columns == ["SERT, x", "SERT, y"]
    assert "Simulated data." in heatmap.caption(found[1][4])


def test_a_target_where_every_curve_failed_is_not_called_untested():
    curves = [
        ("b", "NET", "human", "competition_binding", "x", False),
        ("b", "SERT", "human", "competition_binding", "x", False),
        ("A", "VMAT2", "human", "competition_binding", "x", False),
        ("A", "DAT", "human", "competition_binding", "x", True),
        ("A", "DAT", "human", "uptake_inhibition", "x", False),
    ]
    ((*_, data),) = prepared(ROWS, curves)
    assert data.columns == ["NET", "SERT", "SERT, rat", "DAT", "VMAT2"]
    found = texts(data)
    assert found[1, 0] == "–"
    assert found[1, 1] == "9.19"
    assert found[0, 4] == "–"
    assert (0, 3) not in found
    assert len(found) == len(data.cells) == 7


@pytest.mark.parametrize(("qualifier", "expected"), [("", ["IC50"]), (">", ["Ki"])])
def test_binding_shows_its_ic50_only_where_there_is_no_ki(qualifier, expected):
    rows = [
        row("A", "SERT", qualifier, 9.0 if qualifier else NOTHING),
        row("A", "SERT", "=", 7.0, quantity="IC50", assay="x"),
    ]
    assert [quantity for _, quantity, *_ in prepared(rows)] == expected


def test_a_panel_without_a_value_has_no_figure():
    assert prepared([row("A", "SERT", "", NOTHING)]) == []
