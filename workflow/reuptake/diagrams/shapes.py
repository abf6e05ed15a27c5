"""What schemes of cells are drawn from: membranes, proteins, vesicles, small molecules.

Every shape is a function of the canvas, its place and a few options; it returns half its width
and height, where arrows end. Distances are millimetres.
"""

from __future__ import annotations

import numpy as np

from reuptake.diagrams.canvas import NORMAL, SMALL, Canvas, Point, tint
from reuptake.figures import palette

COLOURS = {
    "blue": palette.BLUE,
    "vermilion": palette.VERMILION,
    "green": palette.GREEN,
    "purple": palette.PURPLE,
    "orange": palette.ORANGE,
    "sky": palette.SKY,
    "ink": palette.INK,
    "muted": palette.MUTED,
    "rule": palette.RULE,
    "alert": palette.ALERT,
}
_HEAD, _SPACING, _HALF = 0.5, 1.1, 1.35  # of the lipids
_LIPID, _TAIL = "#b9a88f", "#d8ccb9"
SEROTONIN = palette.ORANGE


def smooth(points: list[Point]) -> np.ndarray:
    """A Catmull-Rom spline through some points."""
    p = np.asarray(points, float)
    p = np.vstack([p[0], p, p[-1]])
    t = np.linspace(0, 1, 16, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
               + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]  # fmt: skip
    return np.vstack([*parts, p[-2:-1]])


def region(canvas: Canvas, points: list[Point], fill: str):
    """The inside of a cell, with straight sides."""
    canvas.shape(np.asarray(points, float), fill=fill)


def membrane(canvas: Canvas, points: list[Point], fill: str = "none", gaps: list | None = None):
    """A bilayer along a smooth line, and what it encloses.

    `gaps` are circles (x, y, radius) without lipids.
    """
    line = smooth(points)
    if fill != "none":
        canvas.shape(line, fill=fill)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    places = np.arange(_SPACING / 2, along[-1], _SPACING)
    x, y = (np.interp(places, along, line[:, i]) for i in (0, 1))
    ahead = [np.interp(np.minimum(places + 0.2, along[-1]), along, line[:, i]) for i in (0, 1)]
    behind = [np.interp(np.maximum(places - 0.2, 0), along, line[:, i]) for i in (0, 1)]
    dx, dy = ahead[0] - behind[0], ahead[1] - behind[1]
    length = np.hypot(dx, dy)
    normal = np.column_stack([-dy, dx]) / length[:, None]
    centre = np.column_stack([x, y])
    keep = np.ones(len(x), bool)
    for *middle, radius in gaps or []:
        keep &= np.hypot(*(centre - middle).T) > radius
    centre, normal = centre[keep], normal[keep]
    sideways = 0.2 * np.column_stack([-normal[:, 1], normal[:, 0]])
    for side in (-1, 1):
        for tail in (centre + sideways, centre - sideways):
            ends = tail + side * (_HALF - _HEAD) * normal, tail + side * 0.12 * normal
            gap = np.full_like(tail, np.nan)
            canvas.line(np.stack([*ends, gap], axis=1).reshape(-1, 2), colour=_TAIL, width=0.55)
    canvas.dots(np.vstack([centre + s * _HALF * normal for s in (-1, 1)]), _HEAD, fill=_LIPID)


def transporter(canvas, x, y, facing="up", colour="blue", scale=1.0):
    """A transporter in a membrane, open to the outside (`facing`)."""
    up = (-1 if facing == "down" else 1) * scale
    half = np.array([(-4.0, -4.0), (-2.5, -4.0), (-0.35, 0.8), (-0.35, 4.0), (-3.1, 4.0)])
    fill = COLOURS[colour]
    for side in (-1, 1):
        canvas.shape(half * (side * scale, up) + (x, y), fill=fill, line=fill, width=2.2 * scale)
    for side in (-1, 1):  # helices
        for shift in (0.0, 1.05):
            a, b = np.array([(-3.55 + shift, -3.3), (-2.5 + shift * 0.7, 3.4)])
            canvas.line([a * (side * scale, up) + (x, y), b * (side * scale, up) + (x, y)],
                        colour=tint(fill, 0.55), width=0.9 * scale)  # fmt: skip
    return 4.4 * scale, 4.4 * scale


def receptor(canvas, x, y, colour="purple"):
    """A receptor with seven helices."""
    fill = COLOURS[colour]
    left = x - 4.2
    for i in range(7):
        canvas.box(left + 1.2 * i, y - 3.6, 1.05, 7.2, radius=0.52, line="white", weight=0.3,
                   fill=tint(fill, 0.7 if i % 2 else 1))  # fmt: skip
    return 4.4, 3.8


def inhibitor(canvas, x, y, scale=1.0, colour="vermilion"):
    """An inhibitor: a hexagon."""
    angles = np.radians(np.arange(6) * 60 + 30)
    fill = COLOURS[colour]
    outline = np.column_stack([np.cos(angles), np.sin(angles)]) * 1.75 * scale + (x, y)
    canvas.shape(outline, fill=fill, line="white", width=0.8)
    return 1.9 * scale, 1.9 * scale


def serotonin(canvas, at: list[Point], radius=0.72):
    """Molecules of 5-HT."""
    canvas.dots(at, radius, fill=SEROTONIN)


def vesicle(canvas, x, y, radius=4.6, opened=False):
    """A vesicle with 5-HT in it; an `opened` one releases it below."""
    canvas.circle(x, y, radius, fill="white")
    gap = 32 if opened else 0
    angles = np.radians(np.linspace(90 + gap, 450 - gap, 80))
    wall = np.column_stack([np.cos(angles), np.sin(angles)]) * radius + (x, y)
    canvas.line(wall, colour=_LIPID, width=1.7)
    r = radius * 0.42
    ring = [(x + r * np.cos(a), y + r * np.sin(a)) for a in np.radians(np.arange(6) * 60)]
    serotonin(canvas, [(x, y), *ring], radius=radius * 0.16)
    return radius + 0.3, radius + 0.3


def endosome(canvas, x, y, radius=6.0):
    """A vesicle that carries the transporter."""
    canvas.circle(x, y, radius, fill="white", line=_LIPID, width=1.9)
    transporter(canvas, x, y + radius, facing="up", scale=0.62)
    return radius + 0.4, radius + 0.4


def protein(canvas, x, y, name="", colour="green", width=14.0, height=7.0):
    """A protein with its name in it."""
    fill = COLOURS[colour]
    canvas.box(x - width / 2, y - height / 2, width, height, radius=height / 2,
               fill=tint(fill, 0.2), line=fill, weight=1.1)  # fmt: skip
    canvas.text(x, y, name, bold=True, size=NORMAL + 0.6)
    return width / 2, height / 2


def molecule(canvas, x, y, name="", colour="orange", radius=4.8):
    """A messenger with its name in it."""
    fill = COLOURS[colour]
    canvas.circle(x, y, radius, fill=tint(fill, 0.25), line=fill, width=1.1)
    canvas.text(x, y, name, bold=True, size=NORMAL)
    return radius, radius


def phosphate(canvas, x, y):
    """A phosphate group."""
    canvas.circle(x, y, 1.75, fill=tint(palette.ORANGE, 0.55), line=palette.INK, width=0.7)
    canvas.text(x, y, "P", bold=True, size=SMALL)
    return 1.75, 1.75


def process(canvas, x, y, name="", width=24.0, height=9.0, colour="muted", dashed=False):
    """What happens, in a box."""
    line = COLOURS[colour]
    canvas.box(x - width / 2, y - height / 2, width, height, fill="white", line=line, weight=0.8,
               dashed=dashed)  # fmt: skip
    canvas.text(x, y, name)
    return width / 2, height / 2


def nucleus(canvas, x, y, width=60.0, height=26.0):
    """The nucleus of a cell, its envelope double."""
    for shrink, fill, weight in ((0, tint(palette.SKY, 0.12), 1.0), (1.2, "white", 0.6)):
        canvas.box(x - width / 2 + shrink, y - height / 2 + shrink, width - 2 * shrink,
                   height - 2 * shrink, radius=height / 2, fill=fill, line=palette.MUTED,
                   weight=weight)  # fmt: skip
    return width / 2, height / 2


def helix(canvas, x, y, width=26.0, height=4.0, colour="sky"):
    """DNA."""
    t = np.linspace(0, 3 * 2 * np.pi, 160)
    across = x - width / 2 + width * t / t[-1]
    rungs = t[4::8]
    at = x - width / 2 + width * rungs / t[-1]
    for rung, place in zip(rungs, at, strict=True):
        reach = height / 2 * np.sin(rung)
        canvas.line([(place, y - reach), (place, y + reach)], colour=palette.RULE, width=0.9)
    for sign, shade in ((1, COLOURS[colour]), (-1, palette.BLUE)):
        canvas.line(np.column_stack([across, y + sign * height / 2 * np.sin(t)]), colour=shade,
                    width=1.3)  # fmt: skip
    return width / 2, height / 2 + 0.6


def number(canvas, x, y, name=""):
    """The number of a step, which the legend explains."""
    canvas.circle(x, y, 2.1, fill=palette.INK, line="white", width=0.6)
    canvas.text(x, y + 0.05, str(name), bold=True, size=SMALL, colour="white")
    return 2.1, 2.1


def cross(canvas, x, y, radius=2.0):
    """A block mark."""
    canvas.circle(x, y, radius, fill="white", line=palette.ALERT, width=1.5)
    d = radius * 0.66
    canvas.line([(x - d, y - d), (x + d, y + d)], colour=palette.ALERT, width=1.5)
    return radius, radius


def words(canvas, x, y, name="", size="normal", colour="ink", bold=False, italic=False,
          align="center"):  # fmt: skip
    """Words alone; where arrows end is guessed from their length."""
    points = {"small": SMALL, "normal": NORMAL, "large": 7.6}[size]
    canvas.text(x, y, name, size=points, colour=COLOURS[colour], bold=bold, italic=italic,
                align=align)  # fmt: skip
    lines = name.split("\n")
    return max(map(len, lines)) * points * 0.115, len(lines) * points * 0.24


PLACED = {
    shape.__name__: shape
    for shape in (transporter, receptor, inhibitor, vesicle, endosome, protein, molecule,
                  phosphate, process, nucleus, helix, number, cross, words)
}  # fmt: skip
SPREAD = {shape.__name__: shape for shape in (region, membrane, serotonin)}
