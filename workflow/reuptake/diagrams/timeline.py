"""Timelines: a broken time axis with procedures above and doses below, and what comes after.

`pieces` of the axis are ``{from, to, left, right}``, hours and millimetres, each to a scale of its
own with a break between them; an event is ``{at, icon, title, text, side}`` in hours, or
``{from, to}`` where a time is chosen in a range.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from reuptake.diagrams.canvas import LEADING, NORMAL, SMALL, Canvas, tint
from reuptake.diagrams.icons import ICONS
from reuptake.diagrams.layout import MARGIN, footer, header
from reuptake.diagrams.shapes import COLOURS
from reuptake.figures.palette import INK, MUTED, RULE

_AXIS, _BAND, _TILE = 38.0, 4.6, 11.0
_LINE = SMALL * 25.4 / 72 * LEADING


def draw(canvas: Canvas, about: dict) -> None:
    """Draw axis, events and what comes after."""
    canvas.box(0, 0, canvas.width, canvas.height, radius=0, fill="white")
    header(canvas, about)
    if "subjects" in about:
        canvas.text(MARGIN, 8.4, about["subjects"].strip(), size=SMALL, colour=MUTED,
                    align="left", valign="top")  # fmt: skip
    _axis(canvas, about)
    for event in about["events"]:
        _event(canvas, event, about["pieces"])
    _after(canvas, about["after"], about["after_top"])
    footer(canvas, about)


def place(hours: float, pieces: list[dict]) -> float:
    """Where a time stands on the axis, mm."""
    for piece in pieces:
        if piece["from"] <= hours <= piece["to"]:
            ends = (piece["from"], piece["to"]), (piece["left"], piece["right"])
            return float(np.interp(hours, *ends))
    raise ValueError(f"{hours:g} h is on no piece of the axis")


def _axis(canvas: Canvas, about: dict) -> None:
    pieces = about["pieces"]
    for piece in pieces:
        left, right = piece["left"], piece["right"]
        canvas.box(left, _AXIS - _BAND / 2, right - left, _BAND, radius=0.4,
                   fill=tint(COLOURS["blue"], 0.12))  # fmt: skip
        if "name" in piece:
            canvas.text((left + right) / 2, _AXIS, piece["name"], size=SMALL, bold=True,
                        colour=COLOURS["blue"])  # fmt: skip
    for before, after in pairwise(pieces):
        middle = (before["right"] + after["left"]) / 2
        for shift in (-0.7, 0.7):
            canvas.line([(middle + shift - 0.6, _AXIS + 2), (middle + shift + 0.6, _AXIS - 2)],
                        colour=MUTED, width=0.9)  # fmt: skip


def _event(canvas: Canvas, event: dict, pieces: list[dict]) -> None:
    sign = -1 if event["side"] == "above" else 1
    edge = _AXIS + sign * _BAND / 2
    if "at" in event:
        x = place(event["at"], pieces)
    else:
        low, high = (place(event[key], pieces) for key in ("from", "to"))
        x = (low + high) / 2
        canvas.box(low, edge - (sign < 0) * 1.2, high - low, 1.2, radius=0.3,
                   fill=COLOURS["vermilion"])  # fmt: skip
        edge += sign * 1.2
    middle = edge + sign * (3.2 + _TILE / 2)
    canvas.line([(x, edge), (x, middle - sign * _TILE / 2)], colour=INK, width=0.8)
    canvas.circle(x, _AXIS + sign * _BAND / 2, 0.7, fill=INK)
    canvas.box(x - _TILE / 2, middle - _TILE / 2, _TILE, _TILE, radius=2, fill="white", line=RULE,
               weight=0.8)  # fmt: skip
    ICONS[event["icon"]](canvas, x, middle)
    words = event.get("text", "").strip().split("\n")
    align, at = event.get("align", "center"), x + event.get("shift", 0)
    outer = middle + sign * (_TILE / 2 + 2.2)
    lines = [(event["title"], NORMAL, True), *((w, SMALL, False) for w in words if w)]
    if sign < 0:
        lines = lines[::-1]
    for i, (text, size, bold) in enumerate(lines):
        canvas.text(at, outer + sign * i * _LINE * 1.06, text, size=size, bold=bold, align=align)


def _after(canvas: Canvas, steps: list[dict], top: float) -> None:
    """What follows, one below the other."""
    for i, step in enumerate(steps):
        y = top + (_TILE + 2.4) * i
        canvas.box(MARGIN, y, _TILE, _TILE, radius=2, fill=tint(COLOURS["blue"], 0.07), line=RULE,
                   weight=0.8)  # fmt: skip
        ICONS[step["icon"]](canvas, MARGIN + _TILE / 2, y + _TILE / 2)
        canvas.text(MARGIN + _TILE + 2.4, y + _TILE / 2, step["text"].strip(), align="left")
