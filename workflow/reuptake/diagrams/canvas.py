"""A sheet in millimetres, counted from its left and top: text, shapes, arrows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.text import Text

from reuptake.figures import style
from reuptake.figures.palette import INK

Point = tuple[float, float]
SMALL, NORMAL, LARGE = 6.2, 6.8, 8.6  # points
LEADING = 1.28
_FILLET, _HEAD, _HALF_HEAD = 3.0, 2.2, 0.95  # mm
_STEPS = 24


def tint(colour: str, share: float) -> tuple[float, float, float]:
    """A colour mixed with white: `share` of it is left."""
    return tuple(1 - share * (1 - c) for c in to_rgb(colour))


class Canvas:
    """A sheet to draw on; what is drawn later lies above.

    Attributes
    ----------
    figure : Figure
    lines : list of ndarray, shape (n, 2)
        The course of every arrow.
    """

    def __init__(self, width_mm: float, height_mm: float):
        self.width, self.height = width_mm, height_mm
        self.figure = style.new_figure(width_mm, height_mm)
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, width_mm)
        self.axes.set_ylim(height_mm, 0)
        self.lines: list[np.ndarray] = []
        self._order = 0

    def _next(self) -> int:
        self._order += 1
        return self._order

    def text(self, x: float, y: float, words: str, *, size=NORMAL, colour=INK, bold=False,
             italic=False, align="center", valign="center") -> Text:  # fmt: skip
        """Words at a place; several lines are one text."""
        return self.axes.text(
            x, y, words, size=size, color=colour, weight="bold" if bold else "normal",
            style="italic" if italic else "normal", ha=align, va=valign, linespacing=LEADING,
            zorder=self._next(),
        )  # fmt: skip

    def shape(self, points, codes=None, *, fill="none", line="none", width=0.7, dashed=False):
        """A filled or stroked outline; without `codes` a polygon."""
        path = Path(np.asarray(points, float), codes, closed=codes is None)
        if codes is None:
            path = Path(np.vstack([points, points[:1]]), closed=True)
        patch = PathPatch(path, fc=fill, ec=line, lw=width, zorder=self._next(),
                          joinstyle="round", capstyle="round",
                          ls=(0, (3, 2)) if dashed else "-")  # fmt: skip
        self.axes.add_patch(patch)

    def circle(self, x, y, radius, *, fill="none", line="none", width=0.7, dashed=False):
        """A circle."""
        self.axes.add_patch(
            Circle((x, y), radius, fc=fill, ec=line, lw=width, zorder=self._next(),
                   ls=(0, (3, 2)) if dashed else "-")
        )  # fmt: skip

    def dots(self, places: Sequence[Point], radius: float, *, fill: str):
        """Many small circles of one size."""
        x, y = np.asarray(places, float).T
        self.axes.plot(x, y, ls="none", marker="o", ms=2 * radius / 25.4 * 72, mew=0, color=fill,
                       zorder=self._next())  # fmt: skip

    def box(self, left, top, width, height, *, radius=1.6, fill="none", line="none", weight=0.7,
            dashed=False):  # fmt: skip
        """A box with rounded corners."""
        style_ = f"round,pad=0,rounding_size={min(radius, width / 2, height / 2)}"
        self.axes.add_patch(
            FancyBboxPatch((left, top), width, height, boxstyle=style_, fc=fill, ec=line,
                           lw=weight, zorder=self._next(), mutation_aspect=1,
                           ls=(0, (3, 2)) if dashed else "-")
        )  # fmt: skip

    def line(self, points: Sequence[Point], *, colour=INK, width=0.8, dashed=False):
        """An open line."""
        x, y = np.asarray(points, float).T
        self.axes.plot(x, y, color=colour, lw=width, ls=(0, (3, 2)) if dashed else "-",
                       solid_capstyle="round", dash_capstyle="butt",
                       zorder=self._next())  # fmt: skip

    def arrow(self, points: Sequence[Point], *, colour=INK, width=1.0, dashed=False, head="arrow",
              bend=0.0):  # fmt: skip
        """A line with a head (`arrow`, `block` or `none`); its corners are rounded.

        `bend` moves the middle of two points to the left, by a share of their distance.
        """
        way = course(points, bend)
        self.lines.append(way)
        tip = way[-1]
        back = way[np.hypot(*(way - tip).T) >= _HEAD * 0.9]
        direction = tip - (back[-1] if len(back) else way[0])
        direction = direction / np.hypot(*direction)
        normal = np.array([-direction[1], direction[0]])
        drawn = way
        if head == "arrow":
            base = tip - _HEAD * direction
            drawn = np.vstack([way[np.hypot(*(way - tip).T) > _HEAD * 0.8], base + 0.3 * direction])
        self.line(drawn, colour=colour, width=width, dashed=dashed)
        if head == "arrow":
            corners = [tip, base + _HALF_HEAD * normal, base + 0.45 * direction,
                       base - _HALF_HEAD * normal]  # fmt: skip
            self.axes.add_patch(Polygon(corners, fc=colour, ec="none", zorder=self._next()))
        elif head == "block":
            self.line([tip + 1.7 * normal, tip - 1.7 * normal], colour=colour, width=width * 1.8)


def course(points: Sequence[Point], bend: float = 0.0) -> np.ndarray:
    """The way through some points, its corners rounded or its middle bent, as many short steps."""
    p = np.asarray(points, float)
    if len(p) == 2 and bend:
        along = p[1] - p[0]
        control = p.mean(axis=0) + 2 * bend * np.array([along[1], -along[0]])
        return _quadratic(p[0], control, p[1])
    parts = [p[:1]]
    for before, corner, after in zip(p, p[1:], p[2:], strict=False):
        ends = []
        for other in (before, after):
            arm = other - corner
            length = np.hypot(*arm)
            ends.append(corner + arm / length * min(_FILLET, length / 2))
        parts.append(_quadratic(ends[0], corner, ends[1]))
    parts.append(p[-1:])
    rough = np.vstack(parts)
    steps = [np.linspace(a, b, _STEPS, endpoint=False) for a, b in pairwise(rough)]
    return np.vstack([*steps, rough[-1:]])


def _quadratic(a, control, b) -> np.ndarray:
    t = np.linspace(0, 1, _STEPS)[:, None]
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t**2 * b
