"""The compact SVG: the same drawing as matplotlib wrote."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from reuptake.figures import style, svg

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def written() -> str:
    rng = np.random.default_rng(4)
    with style.context():
        figure = Figure(figsize=(4, 3))
        axes = figure.add_subplot()
        axes.plot(rng.normal(size=50), rng.normal(size=50), "o", ms=3, alpha=0.4)
        axes.plot(np.linspace(-3, 3, 200), np.sin(np.linspace(-9, 9, 200)))
        axes.imshow(rng.normal(size=(4, 6)), extent=(0, 1, 0, 1))
        axes.set_ylabel("<turned> & $odd$")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def absolute(path: str) -> list[tuple[str, list[float]]]:
    """Commands of a path with their places, whether written as places or as steps."""
    out, here, start = [], np.zeros(2), np.zeros(2)
    for letter, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        if letter in "zZ":
            out.append(("z", []))
            here = start
            continue
        size = {"m": 2, "l": 2, "q": 4, "c": 6}[letter.lower()]
        for i in range(0, len(numbers), size):
            places = np.array(numbers[i : i + size]).reshape(-1, 2)
            places = places + (here if letter.islower() else 0)
            here = places[-1]
            kind = letter.lower() if i == 0 or letter not in "mM" else "l"
            start = here if kind == "m" else start
            out.append((kind, list(places.ravel())))
    return out


def scale_of(element) -> float:
    """The factor of an element's places."""
    found = re.fullmatch(r"scale\(([\d.]+)\)", element.get("transform", ""))
    return float(found[1]) if found else 1.0


@pytest.mark.parametrize(
    "path",
    [
        "M 10.123456 20 \nL 11.129 19.871 \nL 400.5 0.004 \nz \nM 3 4 \nQ 5 6 7 8.5 \nL 7 8.5 \nz",
        "M 0 1.5 \nC 0.397805 1.5 0.77937 1.341951 1.06066 1.06066 \nL -3 0.5 \nz",
        "M 2034 4250 \nQ 1547 4250 1301 3770 \nQ 1056 3291 1056 2328 \nL 0 0 \nz",
        "M -0.5 0 \nL 0 0 \nL 0 0.001 \nL 0.25 0.25",
    ],
)
def test_steps_lead_to_the_same_places(path):
    found, expected = absolute(svg._relative(path, 1, 2)), absolute(path)
    assert [kind for kind, _ in found] == [kind for kind, _ in expected]
    for (_, here), (_, there) in zip(found, expected, strict=True):
        # to the rounding, which does not add up
        np.testing.assert_allclose(here, there, atol=0.00501)


def test_letters_are_drawn_in_quarters_of_a_hundredth_of_their_size():
    path = "M 2034 4250 \nQ 1547 4250 1301 3770 \nL 0 7 \nz"
    assert svg._relative(path, 1 / 16, 0) == "m127 266q-30 0-46-30l-81-236z"


def test_steps_do_not_drift():
    x = np.cumsum(np.full(5000, 0.00499)) + 0.3
    path = "M 0.3 0 " + " ".join(f"L {v:.6f} {v:.6f}" for v in x)
    assert absolute(svg._relative(path, 1, 2))[-1][1] == pytest.approx([x[-1]] * 2, abs=0.00501)


def test_every_mark_letter_and_path_is_kept_at_its_place(written):
    before, after = (ElementTree.fromstring(t) for t in (written, svg.compact(written)))

    def places(root, tag):
        return [e for e in root.iter(NAMESPACE + tag) if e.get("d" if tag == "path" else "y")]

    for tag in ("path", "use", "image"):
        assert len(list(before.iter(NAMESPACE + tag))) == len(list(after.iter(NAMESPACE + tag)))
    for old, new in zip(places(before, "use"), places(after, "use"), strict=True):
        for key in "xy":
            assert float(new.get(key)) == pytest.approx(float(old.get(key)), abs=0.00501)
    for old, new in zip(places(before, "path"), places(after, "path"), strict=True):
        expected = absolute(old.get("d"))
        ends = [places for _, places in absolute(new.get("d"))]
        # letters in hundredths of their size: half a quarter is 0.0125 points of a 10 point one
        scale, units = scale_of(new), scale_of(old)
        exact = 0.00501 if units == 1 else 0.12501
        for here, (_, there) in zip(ends, expected, strict=True):
            np.testing.assert_allclose(scale * np.array(here), units * np.array(there), atol=exact)


def test_every_name_that_is_used_is_given_once(written):
    root = ElementTree.fromstring(svg.compact(written))
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    text = svg.compact(written)
    used = re.findall(r'href="#([^"]+)"', text) + re.findall(r"url\(#([^)]+)\)", text)
    assert set(used) <= set(ids)
    assert used


def test_marks_keep_the_style_they_had(written):
    root = ElementTree.fromstring(svg.compact(written))
    styled = [
        group
        for group in root.iter(NAMESPACE + "g")
        if "fill-opacity:0.4" in group.get("style", "")
    ]
    assert [len(list(group)) for group in styled] == [written.count("fill-opacity: 0.4")]


def test_it_is_much_smaller_and_always_the_same(written):
    assert len(svg.compact(written)) < 0.6 * len(written)
    assert svg.compact(written) == svg.compact(written)
