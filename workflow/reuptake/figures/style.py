"""One look for every figure, and files that depend on nothing but what is drawn."""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.markers import TICKDOWN

from reuptake.figures import palette, svg
from reuptake.figures.palette import ALERT, INK

MM = 1 / 25.4
POINT_MM = 25.4 / 72
COLUMN_MM, PAGE_MM = 85, 174  # one and two columns of a journal page

STYLE = {
    "font.family": "DejaVu Sans",  # shipped with matplotlib: the same on every machine
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # or matplotlib measures every label of the axes to place a title
    "axes.labelsize": 7.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "text.parse_math": False,  # names come from data: a $ in one is a $
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 1.6,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.dpi": 300,
    "svg.fonttype": "path",
    "svg.hashsalt": "reuptake",
}

# no date and no version inside an SVG
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def context():
    """The style as a context manager; figures are made and saved inside it."""
    return rc_context(STYLE)


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """An empty figure of the given size."""
    return Figure(figsize=(width_mm * MM, height_mm * MM))


def mark_simulated(figure: Figure) -> None:
    """The mark that a figure of simulated data carries: boxed words in the top right corner."""
    width_in, height_in = figure.get_size_inches()
    figure.text(
        1 - 2.5 * MM / width_in,
        1 - 2.5 * MM / height_in,
        "simulated data",
        ha="right",
        va="top",
        size=7.5,
        weight="bold",
        color=ALERT,
        gid="simulated-data",
        bbox={"boxstyle": "square,pad=0.35", "facecolor": "white", "edgecolor": ALERT, "lw": 0.9},
    )


DOTTED = (0, (1, 1.6))  # a curve that is left out of the answers
_CHARACTER_MM = 1.5  # of a number at an axis
_TICK_STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), tuple(np.arange(10, 100) / 10))


def log10_ticks(axis, low: float, high: float, length_mm: float) -> None:
    """Numbered ticks on an axis of log10 values, as round numbers: decades, or parts of one.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    low, high : float
        Ends of the axis, log10.
    length_mm : float
        Of the axis: numbers that would touch the one before are left out.
    """
    decades = np.arange(np.floor(low), np.ceil(high) + 1)
    for steps in _TICK_STEPS:
        places = np.sort((decades[:, None] + np.log10(steps)).ravel())
        places = places[(places >= low) & (places <= high)]
        if len(places) >= 3:
            break
    labels, end_mm = [], -math.inf
    for place in places:
        text = number_label(place)
        middle, half = (place - low) / (high - low) * length_mm, _CHARACTER_MM * len(text) / 2
        free = middle - half > end_mm
        labels.append(text if free else "")
        end_mm = middle + half + 1.5 if free else end_mm
    axis.set_ticks(places, labels)


def number_label(log10_value: float) -> str:
    """A round number in full: ``0.01``, ``1.5``, ``10,000``."""
    value = 10.0**log10_value
    digits = max(0, 1 - math.floor(log10_value + 1e-9))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def title(figure: Figure, text: str, simulated: bool, left_mm: float = 7) -> None:
    """The figure's name in the top left corner and, of simulated data, the mark in the right."""
    width_mm, height_mm = figure.get_size_inches() / MM
    room = int((width_mm - left_mm - (35 if simulated else 4)) / 1.75)
    figure.text(
        left_mm / width_mm,
        1 - 3 / height_mm,
        palette.label(text, room),
        size=8.5,
        weight="bold",
        va="top",
    )
    if simulated:
        mark_simulated(figure)


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write `stem`.svg and `stem`.png (300 dpi), with no date and no version inside."""
    lines, pixels = Path(f"{stem}.svg"), Path(f"{stem}.png")
    with warnings.catch_warnings(), io.StringIO() as written:
        # A name in a script that the font lacks is drawn as boxes; the caption spells it out.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(written, format="svg", metadata=NO_METADATA)
        lines.write_text(svg.compact(written.getvalue()), encoding="utf-8")
        # level 3: a sixth larger than the default 6 and twice as fast
        figure.savefig(
            pixels, dpi=300, metadata={"Software": None}, pil_kwargs={"compress_level": 3}
        )
    return lines, pixels


def minor_ticks(axes, at) -> None:
    """Ticks without labels at `at` on the x axis: one artist, where an axis makes one for each."""
    axes.plot(
        at,
        [0] * len(at),
        ls="none",
        marker=TICKDOWN,
        ms=1.6,
        mew=0.4,
        color=INK,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        zorder=2.5,
        gid="minor-ticks",
    )
