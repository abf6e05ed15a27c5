"""In-vivo figures: every animal is drawn, claims are those of the tables, nothing breaks."""

import numpy as np
import pytest
from animal_sets import PCA, SWIM, SWIM_S, PCA_ng_per_g, file_of, frame
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reuptake.animals import forced_swim, pca
from reuptake.animals.readings import one_per_animal
from reuptake.figures import animals as figures
from reuptake.figures import style


def swim_data(groups, simulated=False):
    rows = frame(file_of(groups), SWIM)
    table = forced_swim.analyse(rows, {"a": SWIM})["forced_swim"]
    return figures.SwimData("Forced swim", one_per_animal(rows), table, 300.0, simulated)


def depletion_data(groups, **columns):
    rows = frame(file_of(groups, **columns), PCA)
    out = pca.analyse(rows, {"a": PCA})
    return figures.DepletionData(
        "Depletion", one_per_animal(rows), out["pca_antagonism"], "Vehicle", "PCA", False,
        out["pca_ed50"],
    )  # fmt: skip


def points(axes):
    """Heights of the drawn animals."""
    offsets = [c.get_offsets() for c in axes.collections]
    return np.sort(np.concatenate([np.asarray(o)[:, 1] for o in offsets if len(o)]))


def words(figure):
    return " ".join(t.get_text() for axes in figure.axes for t in axes.texts) + " ".join(
        t.get_text() for t in figure.texts
    )


def test_every_animal_is_a_point_and_every_difference_has_its_p():
    with style.context():
        figure = figures.draw_forced_swim(swim_data(SWIM_S, simulated=True))
    above, below = figure.axes
    assert points(above) == pytest.approx(np.sort(np.concatenate(list(SWIM_S.values()))))
    assert {t.get_text() for t in below.texts} == {"p = 0.88", "p = 0.0020", "p < 0.0001"}
    assert "simulated data" in words(figure)


def test_caption_of_forced_swim():
    text = figures.forced_swim_caption(swim_data(SWIM_S))
    assert "3: -40.8 s (95 % CI -67.9 to -13.7; p = 0.0020)" in text


def test_equal_values_stand_side_by_side():
    places = figures.spread([5.0, 5.0, 5.0, 50.0], 1.0)
    assert len(set(places[:3])) == 3
    assert places[3] == 0
    assert places[:3].sum() == pytest.approx(0)


def test_depletion_shows_both_scales():
    data = depletion_data(PCA_ng_per_g)
    with style.context():
        figure = figures.draw_depletion(data)
        curve = figures.draw_dose_response(data, "Sert-IN-2")
    assert len(points(figure.axes[0])) == 30
    assert "62 % depleted" in words(figure)
    (right,) = figure.axes[0].child_axes
    bottom, top = figure.axes[0].get_ylim()
    v, c = np.mean(PCA_ng_per_g["Vehicle"]), np.mean(PCA_ng_per_g["PCA"])
    FigureCanvasAgg(figure).draw()  # the right-hand scale is set when it is drawn
    low, high = right.get_ylim()
    assert (low, high) == pytest.approx(
        (100 * (bottom - c) / (v - c), 100 * (top - c) / (v - c)), rel=1e-6
    )
    assert "ED50 3.02 mg/kg (95 % CI 2.52 to 3.64)" in words(curve)
    assert "3: 50.0 % (95 % CI 42.5 to 57.5)" in figures.depletion_caption(data)


def test_an_invalid_assay_has_no_antagonism_scale():
    data = depletion_data(PCA_ng_per_g | {"PCA": PCA_ng_per_g["Vehicle"]})
    with style.context():
        figure = figures.draw_depletion(data)
        curve = figures.draw_dose_response(data, "Sert-IN-2")
    assert figure.axes[0].child_axes == []
    assert "assay invalid" in words(figure)
    assert "assay invalid" in words(curve)
    assert "No % antagonism is given." in figures.depletion_caption(data)


@pytest.mark.parametrize(
    "groups",
    [
        {"Vehicle": [200] * 5, "3": [150] * 5},
        {"Vehicle": [200, 210, 190], "1": [150], "3": [100, 120, 90, 60]},
        {"Vehicle": [0] * 5, "3": [0, 0, 1, 300, 300]},
    ],
)
def test_groups_that_cannot_be_compared_are_drawn(groups, tmp_path):
    with style.context():
        style.save(figures.draw_forced_swim(swim_data(groups)), tmp_path / "f")
    assert "not compared" in figures.forced_swim_caption(swim_data({"Vehicle": [2] * 5, "3": [1]}))


def test_levels_below_the_limit_are_open_points():
    data = depletion_data(PCA_ng_per_g, loq=lambda g, i: 295 if g == "PCA" else 20)
    with style.context():
        figure = figures.draw_depletion(data)
    white = [
        len(c.get_offsets())
        for c in figure.axes[0].collections
        if len(c.get_facecolor()) and np.allclose(c.get_facecolor()[0, :3], 1)
    ]
    assert sum(white) == 2
