"""One look for every figure, and files that depend on nothing but what is drawn."""

from __future__ import annotations

import warnings
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from reuptake.figures.palette import ALERT, INK

MM = 1 / 25.4
COLUMN_MM, PAGE_MM = 85, 174  # one and two columns of a journal page

STYLE = {
    "font.family": "DejaVu Sans",  # shipped with matplotlib: the same on every machine
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
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


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write `stem`.svg and `stem`.png (300 dpi), with no date and no version inside."""
    svg, png = Path(f"{stem}.svg"), Path(f"{stem}.png")
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the caption spells it out.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(svg, metadata=NO_METADATA)
        figure.savefig(png, dpi=300, metadata={"Software": None})
    return svg, png
