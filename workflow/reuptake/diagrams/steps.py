"""Workflows: numbered steps one below the other, each with its picture and its conditions.

A step is ``{title, icon, text}``; `volumes` of one of them are drawn as a bar to scale.
"""

from __future__ import annotations

from reuptake.diagrams.canvas import LEADING, NORMAL, SMALL, Canvas, tint
from reuptake.diagrams.icons import ICONS
from reuptake.diagrams.layout import MARGIN, footer, header
from reuptake.diagrams.shapes import COLOURS, number
from reuptake.figures.palette import MUTED, RULE

_TOP, _TILE, _GAP, _FOOT = 12.0, 13.0, 4.6, 4.0
_TEXT = MARGIN + _TILE + 7.6
_LINE = SMALL * 25.4 / 72 * LEADING
_BAR = 10.5


def canvas(about: dict) -> Canvas:
    """An empty sheet as high as the steps need."""
    high = sum(_height(step) for step in about["steps"]) + _GAP * (len(about["steps"]) - 1)
    note = _LINE * len(about["note"].splitlines()) + 4 if "note" in about else 0
    return Canvas(about["width"], _TOP + high + _FOOT + note)


def _height(step: dict) -> float:
    lines = len(step["text"].splitlines())
    return max(_TILE, 5.0 + lines * _LINE + (_BAR if "volumes" in step else 0))


def draw(canvas: Canvas, about: dict) -> None:
    """Draw every step and the arrows between them."""
    canvas.box(0, 0, canvas.width, canvas.height, radius=0, fill="white")
    header(canvas, about)
    top, previous = _TOP, None
    for i, step in enumerate(about["steps"], start=1):
        height = _height(step)
        middle = MARGIN + _TILE / 2
        if previous is not None:
            canvas.arrow([(middle, previous + 0.5), (middle, top - 0.5)], colour=MUTED, width=1.3)
        canvas.box(MARGIN, top, _TILE, _TILE, radius=2.2, fill=tint(COLOURS["blue"], 0.07),
                   line=RULE, weight=0.8)  # fmt: skip
        ICONS[step["icon"]](canvas, middle, top + _TILE / 2)
        number(canvas, MARGIN + _TILE + 3.6, top + 2.5, i)
        canvas.text(_TEXT, top + 2.5, step["title"], size=NORMAL + 0.6, bold=True, align="left")
        canvas.text(_TEXT, top + 5.4, step["text"].strip(), size=SMALL, align="left", valign="top")
        if "volumes" in step:
            _bar(canvas, top + 6.6 + len(step["text"].splitlines()) * _LINE, step["volumes"])
        previous, top = top + _TILE, top + height + _GAP
    footer(canvas, about)


def _bar(canvas: Canvas, top: float, volumes: list) -> None:
    """Volumes in a well, to scale."""
    room = canvas.width - MARGIN - _TEXT
    total = sum(volume for _, volume, _ in volumes)
    left = _TEXT
    for name, volume, colour in volumes:
        wide = room * volume / total
        canvas.box(left + 0.2, top, wide - 0.4, 4.0, radius=0.7, fill=tint(COLOURS[colour], 0.3),
                   line=COLOURS[colour], weight=0.7)  # fmt: skip
        canvas.text(left + wide / 2, top + 2, f"{volume}", size=SMALL, bold=True)
        canvas.text(left + wide / 2, top + 6.7, name, size=5.6, colour=MUTED, valign="baseline")
        left += wide
