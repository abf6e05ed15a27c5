"""Forest plots: every experiment in its block, bounds as arrows, published values kept apart."""

import numpy as np
import pandas as pd
import pytest
import report_tables

from reuptake.figures import curves, forest, style

PUBLISHED = pd.DataFrame(
    [
        ("citalopram", "SERT", "human", "binding", "Ki", "1.2"),
        ("citalopram", "SERT", "human", "binding", "Ki", "0.4"),
        ("citalopram", "SERT", "rat", "binding", "Ki", "900"),
        ("citalopram", "SERT", "human", "uptake", "Ki", "700"),
        ("citalopram", "DAT", "human", "binding", "Ki", "100"),
        ("citalopram", "NET", "human", "binding", "IC50", "5"),
        ("citalopram", "NET", "human", "binding", "Ki", ""),
    ],
    columns=["compound", "target", "species", "modality", "quantity", "value_nM"],
)


@pytest.fixture(scope="module")
def tables():
    return report_tables.archive()


@pytest.fixture(scope="module")
def found(tables):
    return {key: data for *key, data in forest.prepare(tables, PUBLISHED) for key in [tuple(key)]}


def drawn(data):
    with style.context():
        return forest.draw(data)


def words(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_band_has_the_same_species_modality_and_quantity_and_real_data_alone(found):
    assert found["citalopram", "binding", False].published == {
        "SERT": [0.4, 1.2],
        "DAT": [100.0],
    }
    assert found["citalopram", "binding", True].published == {}
    figure = drawn(found["citalopram", "binding", False])
    bands = [patch for patch in figure.axes[0].patches if patch.get_gid() == "band"]
    # 0.4 and 1.2 nM: p 9.398 and 8.921
    assert bands[0].get_x() == pytest.approx(9 - np.log10(1.2))
    assert bands[0].get_x() + bands[0].get_width() == pytest.approx(9 - np.log10(0.4))
    simulated = drawn(found["citalopram", "binding", True])
    assert not [patch for patch in simulated.axes[0].patches if patch.get_gid() == "band"]
    assert "published" not in forest.caption(found["citalopram", "binding", True])


def test_every_experiment_stands_in_its_block_with_its_value(found, tables):
    data = found["citalopram", "binding", False]
    figure = drawn(data)
    experiments = tables["experiments"]
    mine = experiments[
        (experiments["compound"] == "citalopram")
        & (experiments["modality"] == "binding")
        & (experiments["quantity"] == "Ki")
        & ~experiments["simulated"].astype(bool)
    ]
    assert len(data.experiments) == len(mine)
    points = np.concatenate(
        [line.get_xdata() for line in figure.axes[0].lines if line.get_marker() == "o"]
    )
    exact = pd.concat([mine, data.potency])
    exact = exact[exact["qualifier"] == "="]
    assert np.sort(points) == pytest.approx(np.sort(9 - np.log10(exact["value_nM"].astype(float))))
    shown = words(figure)
    assert [t for t in shown if t in ("SERT", "DAT", "NET")] == ["SERT", "DAT", "NET"]
    # 2.6, 2.2 and 2.9 halved: geometric mean 1.275
    assert any(text.startswith("1.28 nM (") for text in shown)
    assert "combined, n = 3" in shown


def test_a_bound_is_an_arrow_towards_the_weaker_side(found):
    data = found["compound A", "binding", False]
    net = data.potency[data.potency["target"] == "NET"].iloc[0]
    assert net["qualifier"] == ">"
    figure = drawn(data)
    arrows = [line for line in figure.axes[0].lines if line.get_marker() == "<"]
    assert arrows
    assert not [line for line in figure.axes[0].lines if line.get_marker() == ">"]
    assert any(text.startswith("> ") for text in words(figure))


def test_a_value_far_from_all_that_is_published_is_noted(found):
    data = found["citalopram", "binding", False]
    # DAT: 41 000 halved against 100
    assert "published 100 nM; 205-fold above what is published" in forest.caption(data)
    assert "published 0.400 to 1.20 nM." in forest.caption(data)
    assert "fold above what is published" in " ".join(words(drawn(data)))
    row = data.potency[data.potency["target"] == "SERT"].iloc[0]
    near = forest.ForestData("", "Ki", data.experiments, data.potency, False, {"SERT": [0.13, 99]})
    assert forest.far_note(near, row) == ""
    below = forest.ForestData("", "Ki", data.experiments, data.potency, False, {"SERT": [13, 99]})
    assert forest.far_note(below, row) == "10.2-fold below what is published"
    bound = row.copy()
    bound["qualifier"] = ">"
    assert forest.far_note(below, bound) == ""


def test_a_target_without_the_quantity_has_a_row_without_a_value(tables):
    potency = tables["potency"]
    refused = (potency["target"] == "DAT") & (potency["quantity"] == "Ki")
    data = next(
        data
        for *key, data in forest.prepare(tables | {"potency": potency[~refused]}, PUBLISHED)
        if tuple(key) == ("citalopram", "binding", False)
    )
    assert "DAT: Ki no value; n = 0; published 100 nM." in forest.caption(data)
    assert "no value" in words(drawn(data))


def test_of_many_experiments_the_newest_are_drawn_and_the_rest_is_told(tables):
    mine = tables["experiments"].query("compound == 'citalopram' and target == 'SERT'")
    mine = mine[(mine["quantity"] == "Ki") & ~mine["simulated"].astype(bool)].iloc[:1]
    many = pd.concat(
        [mine.assign(date=f"2026-01-{i + 1:02d}", experiment=f"d/{i + 1}") for i in range(29)]
    )
    ((*_, data),) = [
        each
        for each in forest.prepare(tables | {"experiments": many}, PUBLISHED)
        if each[:3] == ("citalopram", "binding", False)
    ]
    assert data.experiments["experiment"].tolist() == [f"d/{i}" for i in range(18, 30)]
    assert "17 older experiments not drawn" in forest.caption(data)


def test_estimates_of_every_kind_in_one_call():
    with style.context():
        axes = style.new_figure(80, 60).add_subplot()
        curves.draw_estimates(
            axes,
            y=[0, 1, 2, 3, 4],
            qualifier=["=", "=", ">", "", "="],
            point=[1.0, 2.0, 3.0, np.nan, 9.0],
            lower=[0.5, -np.inf, np.nan, np.nan, 8.0],
            upper=[1.5, 2.5, np.nan, np.nan, 9.5],
            edges=(0.0, 5.0),
            colour="k",
        )
    marks = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines}
    assert marks["o"] == [[1, 0], [2, 1]]
    assert marks["<"] == [[0, 1]]
    assert marks[">"] == [[5, 2], [5, 4]]
    assert marks["|"] == [[0.5, 0], [1.5, 0], [2.5, 1], [3, 2]]
