"""Run charts: the reference compound's potency, run by run, against the laboratory's history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reuptake.figures import palette, style
from reuptake.formatting import significant

_COLOURS = {
    "not established": palette.MUTED,
    "in control": palette.BLUE,
    "warning": palette.ORANGE,
    "out of control": palette.ALERT,
}
_MARKS = {"not established": "o", "in control": "o", "warning": "D", "out of control": "X"}
_LABELS_PER_CHART = 12
NEWEST = 100  # runs of a chart; more are not told apart, and earlier ones stand in the table


@dataclass(frozen=True)
class RunChartData:
    """What one figure shows.

    Attributes
    ----------
    rows : DataFrame
        experiment, date, p_potency, mean, sd, verdict, rules, msr; in the order of the runs.
    n_earlier : int
        Runs that are not drawn.
    """

    title: str
    unit: str
    rows: pd.DataFrame
    n_earlier: int
    simulated: bool


def draw(data: RunChartData) -> Figure:
    """The figure: runs in the order of their dates, mean and 1, 2 and 3 SD of those before."""
    rows = data.rows
    height_mm = 72
    figure = style.new_figure(style.PAGE_MM, height_mm)
    axes = figure.add_axes((15 / style.PAGE_MM, 17 / height_mm, 0.885, 1 - 31 / height_mm))
    x = np.arange(len(rows))
    mean, sd = rows["mean"].to_numpy(float), rows["sd"].to_numpy(float)
    known = rows["verdict"].to_numpy() != "not established"
    for factor, shade in ((3, "#eef2f5"), (2, "#dfe6eb"), (1, "#cdd8e0")):
        low, high = (np.where(known, mean + s * factor * sd, np.nan) for s in (-1, 1))
        axes.fill_between(x, low, high, step="mid", color=shade, lw=0, zorder=1)
    axes.step(x, np.where(known, mean, np.nan), where="mid", color=palette.INK, lw=0.8, zorder=2)
    axes.plot(x, rows["p_potency"], color=palette.MUTED, lw=0.6, zorder=3)
    for verdict, colour in _COLOURS.items():
        mine = rows["verdict"].to_numpy() == verdict
        if mine.any():
            axes.plot(
                x[mine],
                rows["p_potency"].to_numpy()[mine],
                ls="none",
                marker=_MARKS[verdict],
                ms=4,
                mec="white",
                mew=0.4,
                color=colour,
                label=verdict,
                zorder=4,
            )
    for i, row in enumerate(rows.itertuples()):
        if row.rules:
            axes.annotate(
                row.rules,
                (i, row.p_potency),
                xytext=(0, 4 if row.p_potency > row.mean else -9),
                textcoords="offset points",
                ha="center",
                size=6,
                color=_COLOURS[row.verdict],
            )
    step = max(1, -(-len(rows) // _LABELS_PER_CHART))
    axes.set_xticks(x[::step], rows["date"].iloc[::step], rotation=30, ha="right", size=6)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.margins(y=0.12)
    axes.set_ylabel(data.unit)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, borderaxespad=0.2)
    style.title(figure, data.title, data.simulated)
    return figure


def caption(data: RunChartData) -> str:
    """What is drawn, what is broken, and the minimum significant ratio."""
    text = (
        f"{data.title}. Each run against the mean (line) and 1, 2 and 3 SD (bands) of the runs "
        "before it; no limits before there are eight."
    )
    if data.n_earlier:
        text += f" The newest {len(data.rows)} runs; {data.n_earlier} earlier ones are not drawn."
    broken = [f"{row.experiment} ({row.rules})" for row in data.rows.itertuples() if row.rules]
    if broken:
        text += f" Westgard rules: {'; '.join(broken)}."
    smallest = data.rows["msr"].iloc[-1]
    if np.isfinite(smallest):
        text += f" Minimum significant ratio {significant(smallest)}."
    return f"{text} Simulated data." if data.simulated else text


def prepare(tables: dict[str, pd.DataFrame]):
    """Every run chart: yields (assay, compound, quantity, simulated, data).

    Parameters
    ----------
    tables : dict
        Frame `runcharts`; a single run makes no chart.
    """
    frame = tables["runcharts"]
    frame = frame.assign(simulated=frame["simulated"].fillna(False).astype(bool))
    keys = ["assay", "compound", "quantity", "simulated"]
    for (assay, compound, quantity, simulated), mine in frame.groupby(keys, sort=True):
        if len(mine) < 2:
            continue
        unit = f"p{quantity}"
        columns = ["experiment", "date", "p_potency", "mean", "sd", "verdict", "rules", "msr"]
        data = RunChartData(
            title=f"Run chart of {compound} in {assay}, {unit}",
            unit=unit,
            rows=mine[columns].tail(NEWEST).reset_index(drop=True),
            n_earlier=max(0, len(mine) - NEWEST),
            simulated=bool(simulated),
        )
        yield assay, compound, quantity, bool(simulated), data
