"""Graphs of stages: boxes with a name and what they do, and arrows that turn at right angles.

A stage is ``{at, width, name, text, per_drop}``; an arrow ``{from, to, via}`` as in a scheme. The
boxes of stages that run once a drop are stacked.
"""

from __future__ import annotations

from reuptake.diagrams.canvas import NORMAL, SMALL, Canvas, tint
from reuptake.diagrams.layout import MARGIN, footer, header
from reuptake.diagrams.scheme import draw_arrow
from reuptake.diagrams.shapes import COLOURS
from reuptake.figures.palette import MUTED

_HEIGHT = 8.6


def draw(canvas: Canvas, about: dict) -> None:
    """Draw stages and arrows."""
    canvas.box(0, 0, canvas.width, canvas.height, radius=0, fill="white")
    header(canvas, about)
    if about.get("state"):
        canvas.text(MARGIN, 9.6, about["state"], size=SMALL, colour=MUTED, align="left")
    known = {
        name: (*stage["at"], stage["width"] / 2, _HEIGHT / 2)
        for name, stage in about["stages"].items()
    }
    for arrow in about["arrows"]:
        draw_arrow(canvas, arrow, known)
    for stage in about["stages"].values():
        _stage(canvas, stage)
    footer(canvas, about)


def _stage(canvas: Canvas, stage: dict) -> None:
    (x, y), width = stage["at"], stage["width"]
    colour = COLOURS[stage.get("colour", "blue")]
    for shift in (0.8, 0.0) if stage.get("per_drop") else (0.0,):
        canvas.box(x - width / 2 + shift, y - _HEIGHT / 2 + shift, width, _HEIGHT, radius=1.4,
                   fill=tint(colour, 0.14), line=colour, weight=0.8)  # fmt: skip
    canvas.text(x, y - 1.75, stage["name"], bold=True, size=NORMAL)
    canvas.text(x, y + 1.9, stage["text"], size=SMALL - 0.4)
