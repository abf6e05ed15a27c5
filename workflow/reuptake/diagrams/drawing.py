"""From the text of a diagram to its picture: the one place that knows all kinds of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd
import yaml
from matplotlib.figure import Figure

from reuptake.diagrams import graph, scheme, steps, timeline
from reuptake.diagrams.canvas import Canvas
from reuptake.figures import style

FOLDER = Path(__file__).resolve().parents[2] / "diagrams"
KINDS = {"scheme": scheme, "steps": steps, "timeline": timeline, "graph": graph}
_NEEDED = ("title", "alt", "caption", "kind", "width")


@dataclass(frozen=True)
class DiagramData:
    """A diagram: its description, and the state of the run if it shows one.

    Attributes
    ----------
    about : dict
        As read from its text.
    """

    about: dict
    simulated = False


def read(text: str, name: str = "diagram") -> DiagramData:
    """A diagram from its description, in YAML.

    Raises
    ------
    ValueError
        If the description is no mapping, or lacks what every diagram has.
    """
    about = yaml.safe_load(text)
    if not isinstance(about, dict):
        raise ValueError(f"{name}: a diagram is described by keys and values")
    if missing := [key for key in _NEEDED if key not in about]:
        raise ValueError(f"{name}: the diagram needs {', '.join(missing)}")
    if about["kind"] not in KINDS:
        raise ValueError(f"{name}: kind is one of {', '.join(KINDS)}, not {about['kind']!r}")
    return DiagramData(about)


def prepare(
    tables: dict[str, pd.DataFrame], folder: Path = FOLDER
) -> Iterator[tuple[str, DiagramData]]:
    """Every described diagram: yields (name, data); the graph of the stages with its drops."""
    for file in sorted(folder.glob("*.yaml")):
        data = read(file.read_text(encoding="utf-8"), file.name)
        if data.about["kind"] == "graph":
            data = DiagramData(data.about | {"state": drops_in_words(tables["drops"])})
        yield file.stem, data


def drops_in_words(drops: pd.DataFrame) -> str:
    """``This run: 12 drops accepted, 1 rejected``, without what there is none of."""
    counts = drops["status"].value_counts()
    known = [(status, counts.get(status, 0)) for status in ("accepted", "rejected", "unregistered")]
    words = [f"{n} {status}" for status, n in known if n]
    return f"Drops of this run: {', '.join(words)}" if words else ""


def draw(data: DiagramData) -> Figure:
    """The picture of a diagram."""
    return sheet(data).figure


def sheet(data: DiagramData) -> Canvas:
    """The sheet that a diagram is drawn on."""
    about = data.about
    kind = KINDS[about["kind"]]
    canvas = kind.canvas(about) if kind is steps else Canvas(about["width"], about["height"])
    kind.draw(canvas, about)
    return canvas


def caption(data: DiagramData) -> str:
    """What it shows, in words."""
    words, state = data.about["caption"].strip(), data.about.get("state")
    return f"{words} {state}." if state else words


def described(svg: str, data: DiagramData) -> str:
    """The SVG with its title and description for those who do not see it."""
    head, opened, rest = svg.partition("<svg ")
    tag, closed, body = rest.partition(">")
    title, words = (escape(data.about[key].strip()) for key in ("title", "alt"))
    return (
        f'{head}{opened}role="img" aria-label="{title}" {tag}{closed}\n'
        f" <title>{title}</title>\n <desc>{words}</desc>{body}"
    )


def describe(file: Path, data: DiagramData) -> None:
    """Put title and description into an SVG file."""
    svg = file.read_text(encoding="utf-8")
    file.write_text(described(svg, data), encoding="utf-8")


def svg(text: str) -> str:
    """The SVG of a description: the same bytes for the same text."""
    data = read(text)
    out = io.StringIO()
    with style.context():
        draw(data).savefig(out, format="svg", metadata=style.NO_METADATA)
    return described(out.getvalue(), data)
