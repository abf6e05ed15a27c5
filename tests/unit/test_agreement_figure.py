"""Bland-Altman plots: every animal of every pair, with the numbers of the table."""

import numpy as np
import pandas as pd
import pytest

from reuptake.animals.readings import scorers_of
from reuptake.figures import agreement, style

# Bland & Altman 1986, Lancet 327:307: peak expiratory flow by two meters, l/min
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
PLACE = {"drop": "d", "run": "r", "assay": "a", "readout": "immobility", "simulated": False}


def tables(scorers: dict[str, list[float]], **more) -> dict[str, pd.DataFrame]:
    rows = [
        PLACE | {"animal": f"A{i:02d}", "scorer": name, "value": value, "excluded": False} | more
        for name, values in scorers.items()
        for i, value in enumerate(values)
    ]
    # one animal that only one of them judged, and one that is excluded
    rows.append(rows[0] | {"animal": "Z1"})
    rows += [r | {"animal": "Z2", "excluded": True} for r in rows if r["animal"] == "A00"]
    animals = pd.DataFrame(rows)
    pairs, _ = scorers_of(animals)
    return {"animals": animals, "scorer_agreement": pairs.assign(**(PLACE | more))}


def figure_of(data):
    with style.context():
        return agreement.draw(data)


def test_every_animal_at_its_mean_and_difference_and_lines_at_the_papers_numbers():
    ((key, data),) = agreement.prepare(tables({"Wright": WRIGHT, "mini": MINI}))
    assert key == ("d", "r", "a")
    (panel,) = figure_of(data).axes
    points = next(line for line in panel.lines if line.get_marker() == "o")
    first, second = np.array(WRIGHT), np.array(MINI)
    assert np.sort(points.get_ydata()) == pytest.approx(np.sort(first - second))
    assert np.sort(points.get_xdata()) == pytest.approx(np.sort((first + second) / 2))
    levels = [line.get_ydata()[0] for line in panel.lines if len(line.get_xdata()) == 2]
    # -2.1, and by 1.96 SD of 38.8: 73.9 and -78.1
    assert levels[:3] == pytest.approx([-2.1, 73.9, -78.1], abs=0.1)


def test_caption_tells_n_limits_and_icc():
    ((_, data),) = agreement.prepare(tables({"Wright": WRIGHT, "mini": MINI}))
    text = agreement.caption(data)
    assert "Wright minus mini: bias -2.12 s (95 % CI -22.1 to 17.9)" in text
    assert "n = 17." in text
    assert "ICC(2,1) 0.94" in text
    assert "Simulated" not in text


def test_three_scorers_make_three_panels_and_simulated_ones_say_so():
    scorers = {"a": WRIGHT, "b": MINI, "c": [x + 3 for x in WRIGHT]}
    ((_, data),) = agreement.prepare(tables(scorers, simulated=True))
    figure = figure_of(data)
    assert len(figure.axes) == 3
    assert any(text.get_text() == "simulated data" for text in figure.texts)
    assert agreement.caption(data).endswith("3 scorers. Simulated data.")


def test_one_scorer_makes_no_figure():
    frames = tables({"Wright": WRIGHT, "mini": MINI})
    empty = frames["scorer_agreement"].iloc[:0]
    assert list(agreement.prepare(frames | {"scorer_agreement": empty})) == []
