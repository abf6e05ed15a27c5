"""Selectivity: how many times weaker a compound is at each off-target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reuptake import formatting
from reuptake.figures import palette, style
from reuptake.figures.curves import draw_estimates

COMPOUNDS_PER_FIGURE = 40


@dataclass(frozen=True)
class SelectivityData:
    """What one figure shows.

    Attributes
    ----------
    rows : DataFrame
        compound, target, qualifier, ratio, lower, upper; compounds in the order of the rows.
    """

    title: str
    primary: str
    rows: pd.DataFrame
    simulated: bool


def draw(data: SelectivityData) -> Figure:
    """The figure: one row per compound, one colour per off-target, folds on a log axis."""
    compounds = list(dict.fromkeys(data.rows["compound"]))
    targets = palette.target_order(data.rows["target"])
    colours = palette.target_colours(targets)
    labels = {target: palette.label(target, 20) for target in targets}
    row_mm = max(5.0, 3.4 * len(targets) + 2)
    height_mm = 25 + row_mm * len(compounds)
    figure = style.new_figure(style.PAGE_MM, height_mm)
    axes = figure.add_axes(
        (44 / style.PAGE_MM, 11 / height_mm, 122 / style.PAGE_MM, (height_mm - 25) / height_mm)
    )
    low, high = _limits(data.rows)
    for i, compound in enumerate(compounds):
        if i % 2:
            axes.axhspan(-i - 0.5, -i + 0.5, color="#f5f7f8", lw=0, zorder=0)
        for row in data.rows[data.rows["compound"] == compound].itertuples():
            place = (len(targets) - 1) / 2 - targets.index(row.target)
            y = -i + place * 3.4 / row_mm
            with np.errstate(divide="ignore"):
                point, lower, upper = np.log10([row.ratio, row.lower, row.upper])
            draw_estimates(
                axes, y, row.qualifier, point, lower, upper, (low, high), colours[row.target]
            )
    axes.axvline(0, color=palette.INK, lw=0.7, zorder=1)
    axes.set_xlim(low, high)
    axes.set_ylim(-len(compounds) + 0.5, 0.5)
    axes.set_yticks([-i for i in range(len(compounds))], [palette.label(c, 24) for c in compounds])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    ticks = np.arange(np.ceil(low), np.floor(high) + 0.5)
    axes.set_xticks(ticks, [style.number_label(t) for t in ticks])
    style.minor_ticks(axes, [t + np.log10(k) for t in ticks[:-1] for k in range(2, 10)])
    axes.grid(axis="x", color=palette.RULE, lw=0.4)
    axes.set_axisbelow(True)
    primary = palette.label(data.primary, 20)
    axes.set_xlabel(f"Off-target / {primary} (fold; above 1: selective for {primary})")
    axes.legend(
        handles=[
            *(
                Line2D([], [], color=colours[t], marker="o", ms=4, lw=1.4, label=labels[t])
                for t in targets
            ),
            Line2D(
                [],
                [],
                color=palette.MUTED,
                marker=r"|",
                ls="none",
                ms=6,
                label="arrow: one-sided 95 % bound",
            ),
        ],
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(targets) + 1,
        borderaxespad=0.2,
        handlelength=1.6,
        columnspacing=1.6,
    )
    style.title(figure, data.title, data.simulated)
    return figure


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    values = rows[["ratio", "lower", "upper"]].to_numpy(float).ravel()
    values = np.log10(values[np.isfinite(values) & (values > 0)])
    low, high = min(values.min(initial=0), 0), max(values.max(initial=1), 1)
    return float(np.floor(low)) - 0.15, float(np.ceil(high + 0.3)) + 0.15


def caption(data: SelectivityData) -> str:
    """What is drawn and every claim in words."""
    claims = []
    for row in data.rows.itertuples():
        span = formatting.interval(row.lower, row.upper)
        fold = formatting.bounded(row.qualifier, row.ratio)
        interval = (
            f" (95 % CI {span})" if row.qualifier == "=" and span != formatting.MISSING else ""
        )
        claims.append(f"{row.compound}: {fold}-fold over {row.target}{interval}")
    text = (
        f"{data.title}. Points with 95 % intervals; arrows start at a one-sided 95 % bound. "
        f"{'; '.join(claims)}."
    )
    return f"{text} Simulated data." if data.simulated else text


def prepare(tables: dict[str, pd.DataFrame]):
    """Every selectivity figure: yields (species, modality, quantity, page, simulated, data).

    Parameters
    ----------
    tables : dict
        Frame `selectivity`; rows without a claim are not drawn.
    """
    frame = tables["selectivity"]
    frame = frame[frame["qualifier"] != ""]
    frame = frame.assign(simulated=frame["simulated"].fillna(False).astype(bool))
    keys = ["primary", "species", "modality", "quantity", "simulated"]
    for (primary, species, modality, quantity, simulated), mine in frame.groupby(keys, sort=True):
        compounds = sorted(set(mine["compound"]))
        pages = range(0, len(compounds), COMPOUNDS_PER_FIGURE)
        for page, start in enumerate(pages, start=1):
            some = compounds[start : start + COMPOUNDS_PER_FIGURE]
            rows = mine[mine["compound"].isin(some)].sort_values(["compound", "target"])
            title = f"Selectivity for {primary}, {modality} {quantity}, {species}"
            yield (
                species,
                modality,
                quantity,
                page,
                simulated,
                SelectivityData(
                    title=title + (f", page {page}" if len(pages) > 1 else ""),
                    primary=primary,
                    rows=rows[
                        ["compound", "target", "qualifier", "ratio", "lower", "upper"]
                    ].reset_index(drop=True),
                    simulated=bool(simulated),
                ),
            )
