"""The curves of one table in small multiples: wells, fit, IC50 and what must be known of it."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reuptake import formatting
from reuptake.curves.models import MODELS, Model
from reuptake.figures import palette, style
from reuptake.figures.curves import draw_estimates
from reuptake.tables import replacing

COLUMNS, ROWS = 3, 4
_WIDTH_MM, _HEIGHT_MM = 210, 297
_LEFT_MM, _TOP_MM, _PANEL_MM = 6, 10, (66, 69)
_AXES_MM = (9, 4, 53, 40)  # in a panel: from its left, from its top, width, height
_MARGIN = 0.3  # decades free on either side of the tested concentrations
_LINE = 58  # characters of the words below a panel
_LINES = 6
# beyond so many wells they are drawn as an image: a page stays small and quick to open
_MOST_MARKS = 2000
# parameters beside IC50 and plateaus, and how they are called
_SHAPE = {
    "hill": "Hill",
    "asymmetry": "asymmetry",
    "log10_ic50_1": "IC50 (nM) of the first site",
    "log10_ic50_2": "of the second",
    "fraction": "share of the first",
    "loss_decades": "decades to the loss",
    "loss_hill": "Hill of the loss",
}
_KEY = (
    "Points are wells, the line is the fitted curve (none where the IC50 is a limit). The bar "
    "below is the IC50 with its 95 % interval, an arrow a limit or an open side. In nM."
)


def write(
    fits: pd.DataFrame,
    curve: np.ndarray,
    concentration_nM: np.ndarray,
    response: np.ndarray,
    path: Path,
    progress: Callable[[int], object] = lambda n: None,
) -> None:
    """Draw every curve, twelve a page in the order of the table; the same input, the same bytes.

    Parameters
    ----------
    fits : DataFrame
        ``curve`` (its name) and the fit's columns of curves.csv.
    curve : ndarray of int, shape (n,)
        Row of `fits` that each well belongs to.
    concentration_nM, response : ndarray, shape (n,)
        Wells; 0 is vehicle, inf full block, a response NaN missing.
    path : Path
        PDF to write.
    progress : callable
        Told, after each page, how many more curves are drawn.
    """
    order = np.argsort(curve, kind="stable")
    starts = np.searchsorted(curve[order], np.arange(len(fits) + 1))
    rows, a_page = fits.to_dict("records"), COLUMNS * ROWS
    n_pages = -(-len(rows) // a_page)
    nothing = {"CreationDate": None, "Creator": None, "Producer": None}
    with replacing(path) as temporary, style.context(), warnings.catch_warnings():
        # a script that the font lacks is drawn as boxes; the table has the name in full
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        with PdfPages(temporary, metadata=nothing) as pages:
            for page in range(n_pages):
                first = page * a_page
                shown = rows[first : first + a_page]
                figure = style.new_figure(_WIDTH_MM, _HEIGHT_MM)
                for i, row in enumerate(shown):
                    well = order[starts[first + i] : starts[first + i + 1]]
                    _panel(figure, i, row, concentration_nM[well], response[well])
                _words(figure, _LEFT_MM + _AXES_MM[0], _HEIGHT_MM - 5, _KEY, size=5.5)
                right = _WIDTH_MM - 8
                _words(figure, right, _HEIGHT_MM - 5, f"{page + 1} / {n_pages}", ha="right")
                pages.savefig(figure)
                progress(len(shown))


def _words(figure: Figure, x_mm: float, y_mm: float, text: str, **how) -> None:
    """Text at a place counted from the page's left and top."""
    how = {"color": palette.MUTED, "va": "top", "size": 6, **how}
    figure.text(x_mm / _WIDTH_MM, 1 - y_mm / _HEIGHT_MM, text, **how)


def _panel(figure: Figure, i: int, row: dict, concentration_nM, response) -> None:
    """One curve at the i-th place of a page: its name, its picture, and below it the words."""
    inset, below, width, height = _AXES_MM
    left = _LEFT_MM + _PANEL_MM[0] * (i % COLUMNS) + inset
    top = _TOP_MM + _PANEL_MM[1] * (i // COLUMNS) + below
    name = palette.label(row["curve"], 34)
    _words(figure, left, top - 4, name, size=7, weight="bold", color=palette.INK)
    corner = left / _WIDTH_MM, 1 - (top + height) / _HEIGHT_MM
    axes = figure.add_axes((*corner, width / _WIDTH_MM, height / _HEIGHT_MM))
    axes.tick_params(labelsize=5.5)
    measured = np.isfinite(response)
    _picture(axes, row, concentration_nM[measured], response[measured])
    _words(figure, left, top + height + 5, _answer(row), color=palette.INK)
    lines = textwrap.wrap("; ".join(filter(None, (_described(row), row["flags"]))), _LINE)
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"{lines[_LINES - 1][: _LINE - 2]} …"]
    _words(figure, left, top + height + 8.2, "\n".join(lines), size=5, linespacing=1.25)


def _picture(axes, row: dict, concentration_nM, response) -> None:
    """Wells, fitted line, and at the foot the IC50."""
    with np.errstate(divide="ignore"):
        x = np.log10(concentration_nM)
        estimate = np.log10([row["ic50_nM"], row["ic50_lower_nM"], row["ic50_upper_nM"]])
    low, high = _span(x)
    gap = 0.1 * (high - low)
    ends = {-np.inf: low - gap, np.inf: high + gap}
    at = np.clip(x, *ends.values())
    marks = {"s": 7, "lw": 0, "alpha": 0.6, "color": palette.MUTED}
    axes.scatter(at, response, **marks, rasterized=len(x) > _MOST_MARKS)
    line = _line(row)
    axes.plot(*line, color=palette.BLUE, lw=1.1)
    drawn = np.concatenate([response, line[1]])
    lowest, highest = (drawn.min(), drawn.max()) if len(drawn) else (0.0, 1.0)
    reach = (highest - lowest) or abs(highest) or 1.0
    axes.set_ylim(lowest - 0.25 * reach, highest + 0.06 * reach)
    axes.set_xlim(low - 1.5 * gap, high + 1.5 * gap)
    foot = lowest - 0.15 * reach
    draw_estimates(axes, foot, row["ic50_qualifier"], *estimate, (low, high), palette.VERMILION)
    controls = {-np.inf: "vehicle", np.inf: "block"}
    _ticks(axes, low, high, {ends[end]: name for end, name in controls.items() if end in x})
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter("{x:g}")


def _span(x: np.ndarray) -> tuple[float, float]:
    """Ends of the concentration axis: the tested range with a margin, two decades at least."""
    x = x[np.isfinite(x)]
    if not len(x):
        return 0.0, 3.0
    short = max(0.0, 2.0 - (x.max() - x.min())) / 2
    return x.min() - short - _MARGIN, x.max() + short + _MARGIN


def _line(row: dict) -> tuple[np.ndarray, np.ndarray]:
    """The fitted curve over the tested range; empty where the IC50 is none or a limit."""
    if row["ic50_qualifier"] != "=":
        return np.empty(0), np.empty(0)
    model = _model(row)
    x = np.linspace(np.log10(row["lowest_tested_nM"]), np.log10(row["highest_tested_nM"]), 100)
    values = {name: row[_column(name)] for name in model.parameters}
    parameters = [np.log10(v) if n.startswith("log10_") else v for n, v in values.items()]
    return x, model.response(x, *parameters)


def _model(row: dict) -> Model:
    """The model of a fitted row, whose lower plateau may be its own."""
    return MODELS[row["model"].split(",")[0]]


def _column(parameter: str) -> str:
    """The table's column of a parameter."""
    name = parameter.removeprefix("log10_")
    return name if name == parameter else f"{name}_nM"


def _ticks(axes, low: float, high: float, controls: dict[float, str]) -> None:
    """Decades, at most five of them with their number, and the controls beyond the ends."""
    decades = np.arange(np.ceil(low), np.floor(high) + 0.5)
    step = -(-len(decades) // 5)
    labels = [_decade(d) if i % step == 0 else "" for i, d in enumerate(decades)]
    axes.set_xticks([*decades, *controls], [*labels, *controls.values()])


def _decade(decade: float) -> str:
    return style.number_label(decade) if -3 <= decade <= 4 else f"1e{decade:.0f}"


def _answer(row: dict) -> str:
    """``ok: IC50 1.24 nM (0.9 to 1.6)``, or the status alone."""
    if not row["ic50_qualifier"]:
        return row["status"]
    value = formatting.bounded(row["ic50_qualifier"], row["ic50_nM"], "nM")
    span = formatting.interval(row["ic50_lower_nM"], row["ic50_upper_nM"])
    return f"{row['status']}: IC50 {value}" + (f" ({span})" if span != formatting.MISSING else "")


def _described(row: dict) -> str:
    """The model with its shape: ``4PL, Hill 1.80``; empty where nothing was fitted."""
    if not row["model"]:
        return ""
    names = [name for name in _model(row).parameters if name in _SHAPE]
    words = [f"{_SHAPE[name]} {formatting.significant(row[_column(name)])}" for name in names]
    return ", ".join([row["model"], *words])
