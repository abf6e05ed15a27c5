"""Schemes of cells: parts at their places, arrows between them, a legend of numbered steps.

A part is ``{<shape>: <name>, at: [x, y], text: ..., ...}``, in the order of drawing; a membrane, a
region or molecules of serotonin have `points`. An arrow is ``{from, to, via, bend, head, label,
at, plausible}``, its ends names of parts or places; a plausible one is dashed.
"""

from __future__ import annotations

import numpy as np

from reuptake.diagrams.canvas import SMALL, Canvas
from reuptake.diagrams.layout import footer, header
from reuptake.diagrams.shapes import COLOURS, PLACED, SPREAD, number

_GAP = 0.9  # mm between an arrow and what it points at


def draw(canvas: Canvas, about: dict) -> None:
    """Draw parts, arrows and the legend."""
    canvas.box(0, 0, canvas.width, canvas.height, radius=0, fill="white")
    known: dict[str, tuple] = {}
    for part in about["parts"]:
        _part(canvas, dict(part), known)
    for arrow in about.get("arrows", []):
        draw_arrow(canvas, arrow, known)
    for part in about.get("above", []):
        _part(canvas, dict(part), known)
    header(canvas, about)
    _legend(canvas, about)
    footer(canvas, about)


def _part(canvas: Canvas, part: dict, known: dict) -> None:
    shape = next(key for key in part if key in PLACED or key in SPREAD)
    name = part.pop(shape)
    if shape in SPREAD:
        SPREAD[shape](canvas, part.pop("points"), **part)
        return
    x, y = part.pop("at")
    text = part.pop("text", None)
    if text is not None:
        part["name"] = text
    known[name] = (x, y, *PLACED[shape](canvas, x, y, **part))


def draw_arrow(canvas: Canvas, arrow: dict, known: dict) -> None:
    """An arrow between parts, whose places and half sizes are `known`, or between points."""
    ends = [known[e] if isinstance(e, str) else (*e, 0, 0) for e in (arrow["from"], arrow["to"])]
    via = arrow.get("via", [])
    start = _edge(ends[0], via[0] if via else ends[1][:2])
    stop = _edge(ends[1], via[-1] if via else ends[0][:2])
    plausible = arrow.get("plausible", False)
    colour = COLOURS[arrow.get("colour", "vermilion" if plausible else "ink")]
    canvas.arrow([start, *via, stop], colour=colour, dashed=plausible, bend=arrow.get("bend", 0),
                 head=arrow.get("head", "arrow"), width=arrow.get("width", 1.0))  # fmt: skip
    if "label" in arrow:
        canvas.text(*arrow["at"], arrow["label"], size=SMALL, colour=colour,
                    italic=plausible, align=arrow.get("align", "center"))  # fmt: skip


def _edge(part: tuple, towards) -> tuple[float, float]:
    """Where the straight line to `towards` leaves a part, and a little beyond."""
    x, y, half_width, half_height = part
    if not half_width:
        return x, y
    d = np.subtract(towards, (x, y))
    with np.errstate(divide="ignore"):
        reach = min(half_width / abs(d[0]), half_height / abs(d[1]))
    out = np.array([x, y]) + d * reach
    return tuple(out + d / np.hypot(*d) * _GAP)


def _legend(canvas: Canvas, about: dict) -> None:
    """The steps in words, numbered as in the picture, in two columns."""
    steps = about.get("steps", [])
    if not steps:
        return
    rows = -(-len(steps) // 2)
    top = about["legend"]
    pitch = about.get("pitch", 5.4)
    for i, words in enumerate(steps):
        x, y = 5.5 + (canvas.width / 2 - 2) * (i // rows), top + pitch * (i % rows)
        number(canvas, x, y, i + 1)
        canvas.text(x + 3.4, y, words, size=SMALL, align="left")
