"""Diagrams: legible, nothing over anything else, and what the guides say in them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reuptake.diagrams import canvas, drawing, timeline
from reuptake.figures import style

NAMES = sorted(path.stem for path in drawing.FOLDER.glob("*.yaml"))
GUIDES = {
    "reuptake_inhibition",
    "cgmp_pkg",
    "pkc_trafficking",
    "binding_workflow",
    "uptake_workflow",
    "downstream_signalling",
}


def source(name: str) -> str:
    return (drawing.FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sheets() -> dict[str, canvas.Canvas]:
    drops = pd.DataFrame({"status": ["accepted"] * 1234 + ["rejected"] * 100 + ["unregistered"]})
    with style.context():
        return {name: drawing.sheet(data) for name, data in drawing.prepare({"drops": drops})}


def words_of(sheet: canvas.Canvas) -> list[tuple[str, np.ndarray]]:
    """Every text with its box: left, top, right, bottom in millimetres."""
    renderer = FigureCanvasAgg(sheet.figure).get_renderer()
    per_mm = sheet.figure.dpi / 25.4
    out = []
    for text in sheet.axes.texts:
        box = text.get_window_extent(renderer)
        x0, x1 = box.x0 / per_mm, box.x1 / per_mm
        y0, y1 = sheet.height - box.y1 / per_mm, sheet.height - box.y0 / per_mm
        out.append((text.get_text(), np.array([x0, y0, x1, y1])))
    return out


def test_the_six_of_the_guides_the_timelines_and_the_pipeline(sheets):
    others = {"forced_swim_timeline", "pca_timeline", "pipeline"}
    assert set(sheets) == set(NAMES) == GUIDES | others


@pytest.mark.parametrize("name", NAMES)
def test_a_column_wide_and_large_enough_to_read(name, sheets):
    assert sheets[name].width == style.COLUMN_MM
    assert min(text.get_fontsize() for text in sheets[name].axes.texts) >= 5.5


@pytest.mark.parametrize("name", NAMES)
def test_no_words_touch_others_or_the_edge(name, sheets):
    sheet = sheets[name]
    words = words_of(sheet)
    for text, (left, top, right, bottom) in words:
        inside = left > 1 and top > 1 and right < sheet.width - 1 and bottom < sheet.height - 1
        assert inside, f"{text!r} leaves the sheet"
    for i, (one, a) in enumerate(words):
        for other, b in words[i + 1 :]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, f"{one!r} lies over {other!r}"


@pytest.mark.parametrize("name", NAMES)
def test_no_arrow_runs_through_words(name, sheets):
    for way in sheets[name].lines:
        for text, (left, top, right, bottom) in words_of(sheets[name]):
            inside = (way > (left, top)).all(axis=1) & (way < (right, bottom)).all(axis=1)
            assert not inside.any(), f"an arrow runs through {text!r}"


def crossings(one: np.ndarray, other: np.ndarray) -> int:
    """How often two ways cross; a part that they share, and where they meet, is no crossing."""

    def sides(points, a, b):
        d = b - a
        area = d[0] * (points[:, 1] - a[1]) - d[1] * (points[:, 0] - a[0])
        return np.sign(np.round(area, 9))

    found = 0
    for a, b in pairwise(one):
        s = sides(other, a, b)
        for i in np.flatnonzero(s[:-1] * s[1:] < 0):
            ends = sides(np.array([a, b]), other[i], other[i + 1])
            found += ends[0] * ends[1] < 0
    return int(found)


@pytest.mark.parametrize("name", NAMES)
def test_no_arrows_cross(name, sheets):
    lines = sheets[name].lines
    for i, one in enumerate(lines):
        for other in lines[i + 1 :]:
            assert crossings(one, other) == 0


def test_arrows_of_the_pipeline_pass_no_stage(sheets):
    stages = drawing.read(source("pipeline")).about["stages"].values()
    for way in sheets["pipeline"].lines:
        for stage in stages:
            x, y = np.abs(way - stage["at"]).T
            assert not ((x < stage["width"] / 2) & (y < 4.3)).any(), stage["name"]


def test_crossing_arrows_would_be_found():
    a = canvas.course([(0, 0), (10, 10)])
    assert crossings(a, canvas.course([(0, 10), (10, 0.5)])) == 1
    assert crossings(a, canvas.course([(20, 10), (30, 0.5)])) == 0


@pytest.mark.parametrize(("name", "words"), [("cgmp_pkg", "plausible, not shown"),
                                             ("pkc_trafficking", "plausible,\nnot shown"),
                                             ("downstream_signalling", "putative")])  # fmt: skip
def test_what_is_not_shown_says_so(name, words, sheets):
    assert words in [text for text, _ in words_of(sheets[name])]
    data = drawing.read(source(name))
    assert words.split(",")[0] in drawing.caption(data).lower()
    dashed = [a for a in data.about["arrows"] if a.get("plausible")]
    assert len(dashed) == (len(data.about["arrows"]) if name == "downstream_signalling" else 1)


def test_an_arrow_of_the_inhibitor_on_regulation_is_dashed():
    for name, target in (("cgmp_pkg", "phosphate"), ("pkc_trafficking", "endosome")):
        plausible = [a for a in drawing.read(source(name)).about["arrows"] if a.get("plausible")]
        assert [a["to"] for a in plausible] == [target]


def test_volumes_of_a_binding_well_make_250_microlitres():
    steps = drawing.read(source("binding_workflow")).about["steps"]
    volumes = [volume for step in steps for _, volume, _ in step.get("volumes", [])]
    assert volumes == [50, 50, 50, 100]
    assert sum(volumes) == 250


def test_protocol_times_of_the_timelines():
    swim = drawing.read(source("forced_swim_timeline")).about["events"]
    assert [e["at"] for e in swim if e["icon"] == "syringe"] == [-24, -5, -1]
    pca = drawing.read(source("pca_timeline")).about["events"]
    # compound 30 to 60 minutes before PCA, tissue 4 or 24 h after it
    assert [(e["from"] * 60, e["to"] * 60) for e in pca if "from" in e] == [(-60, -30)]
    assert [e["at"] for e in pca if "at" in e] == [0, 4, 24]


def test_every_piece_of_an_axis_has_its_own_scale():
    pieces = [
        {"from": -2, "to": 0, "left": 10, "right": 30},
        {"from": 4, "to": 5, "left": 40, "right": 44},
    ]
    assert timeline.place(-0.5, pieces) == 25
    assert timeline.place(4.25, pieces) == 41
    with pytest.raises(ValueError, match="2 h is on no piece"):
        timeline.place(2, pieces)


def test_svg_is_the_same_every_time_and_speaks_for_itself():
    text = source("cgmp_pkg")
    made = drawing.svg(text)
    assert made == drawing.svg(text)
    root = ET.fromstring(made)
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    title, description = list(root)[:2]
    assert (title.tag, title.text) == (f"{space}title", "cGMP–PKG signalling and SERT")
    assert (description.tag, description.text[:10]) == (f"{space}desc", "Cyclic GMP")
    assert not re.search("<text|<script|<dc:date", made)


@pytest.mark.parametrize("name", ["pipeline", "forced_swim_timeline"])
def test_pictures_in_the_documentation_are_those_of_the_texts(name):
    kept = drawing.FOLDER.parents[1] / "docs" / "images" / "diagrams" / f"{name}.svg"
    assert kept.read_text(encoding="utf-8") == drawing.svg(source(name))


def test_words_of_a_description_are_text_and_nothing_else():
    text = source("cgmp_pkg").replace("title: cGMP", "title: <script>&cGMP")
    root = ET.fromstring(drawing.svg(text))
    assert next(iter(root)).text.startswith("<script>&cGMP")


def test_the_state_of_the_run_stands_in_the_graph_of_the_pipeline():
    drops = pd.DataFrame({"status": ["accepted", "rejected", "accepted", "accepted"]})
    found = dict(drawing.prepare({"drops": drops}))
    assert found["pipeline"].about["state"] == "Drops of this run: 3 accepted, 1 rejected"
    assert drawing.caption(found["pipeline"]).endswith("3 accepted, 1 rejected.")
    assert drawing.drops_in_words(drops[:0]) == ""
    assert not any("state" in data.about for name, data in found.items() if name != "pipeline")


@pytest.mark.parametrize(("text", "words"), [("- a", "keys and values"),
                                             ("title: x", "needs alt, caption, kind, width"),
                                             ("{title: x, alt: x, caption: x, kind: x, width: 9}",
                                              "kind is one of scheme, steps")])  # fmt: skip
def test_a_faulty_description_says_what_is_wrong(text, words):
    with pytest.raises(ValueError, match=words):
        drawing.read(text, "mine.yaml")
