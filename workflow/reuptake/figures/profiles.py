"""Profile likelihood of log10 IC50: how well the wells of each curve tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reuptake.curves.choice import choose, profiled
from reuptake.curves.fit import weighted
from reuptake.curves.groups import batches
from reuptake.curves.plates import KEY
from reuptake.figures import palette, style
from reuptake.figures.inputs import series_of
from reuptake.figures.points import points_by_compound, points_of
from reuptake.settings.model import MODALITY

NEWEST = 40  # curves of one target; more are not told apart
_ACROSS = 3
_STEPS = 16  # on either side of the estimate
_HIGHEST = 2.2  # of the rise of the sum of squares, 1 at the 95 % limits
_BEYOND = 1.5  # how far a line goes, in units of the distance to its limit
_OPEN_DECADES = 1.0  # an open side is drawn so far beyond the tested range
_HEIGHT_MM, _WIDEST_MM, _GAP_MM, _LEFT_MM = 34.0, 74.0, (10.5, 16.0), 14.0
_PLACES = ["log10_ic50", "log10_lower", "log10_upper", "x_low", "x_high"]
_WEIGHTS = ["counting_per_unit", "proportional_error"]
_OF_CURVE = ["series", "target", "model", "left_out", *_PLACES, *_WEIGHTS]


@dataclass(frozen=True)
class ProfileData:
    """What one figure shows.

    Attributes
    ----------
    curves : DataFrame
        series, target, model, left_out, log10_ic50, log10_lower, log10_upper (infinite on an
        open side), x_low, x_high (log10 of the tested range), counting_per_unit,
        proportional_error: curves with an IC50.
    wells : DataFrame
        curve (row of `curves`), concentration_nM, signal: wells in use, controls included.
    not_drawn : dict
        By series, how many older curves are left to the table.
    """

    title: str
    curves: pd.DataFrame
    wells: pd.DataFrame
    not_drawn: dict[str, int]
    simulated: bool


def profiles_of(data: ProfileData, at: np.ndarray) -> np.ndarray:
    """Rise of the sum of squares of every curve, 1 at its 95 % limits.

    Parameters
    ----------
    data : ProfileData
    at : ndarray, shape (n, g)
        Values of log10 IC50 of each curve, ascending.

    Returns
    -------
    ndarray, shape (n, g)
    """
    out = np.full(at.shape, np.nan)
    with np.errstate(divide="ignore"):
        x = np.log10(data.wells["concentration_nM"].to_numpy(float))
    signal = data.wells["signal"].to_numpy(float)
    poisson, c = data.curves[_WEIGHTS].to_numpy(float).T
    for batch in batches(data.wells["curve"].to_numpy(), x, signal):
        for part in weighted(batch, poisson, c):
            chosen = choose(part, interval="none")
            out[part.curve] = profiled(part, chosen, at[part.curve])
    return out


def _grid(curves: pd.DataFrame) -> np.ndarray:
    """Values of log10 IC50 at which each curve's profile is drawn; shape (n, g)."""
    centre, lower, upper, low, high = (curves[name].to_numpy(float) for name in _PLACES)
    low = np.where(np.isfinite(lower), centre - _BEYOND * (centre - lower), low - _OPEN_DECADES)
    high = np.where(np.isfinite(upper), centre + _BEYOND * (upper - centre), high + _OPEN_DECADES)
    steps = np.linspace(0.0, 1.0, _STEPS + 1)[:, None]
    below = centre + (np.minimum(low, centre) - centre) * steps[:0:-1]
    above = centre + (np.maximum(high, centre) - centre) * steps
    return np.concatenate([below, above]).T


def draw(data: ProfileData) -> Figure:
    """The figure: a panel for each target, a line for each curve."""
    names = list(dict.fromkeys(data.curves["series"]))
    across = min(_ACROSS, len(names))
    down = -(-len(names) // across)
    height, (gap_x, gap_y) = _HEIGHT_MM, _GAP_MM
    width = min(_WIDEST_MM, (style.PAGE_MM - _LEFT_MM - 5 + gap_x) / across - gap_x)
    total = 14 + down * (height + gap_y) + 2
    figure = style.new_figure(style.PAGE_MM, total)
    at = _grid(data.curves)
    heights = profiles_of(data, at)
    colours = palette.target_colours(list(data.curves["target"]))
    for i, name in enumerate(names):
        x = _LEFT_MM + (i % across) * (width + gap_x)
        y = total - 14 - 4 - (i // across) * (height + gap_y) - height
        box = x / style.PAGE_MM, y / total, width / style.PAGE_MM, height / total
        panel = figure.add_axes(box)
        mine = (data.curves["series"] == name).to_numpy()
        rows = data.curves[mine]
        colour = colours[rows["target"].iloc[0]]
        _draw_panel(panel, rows, at[mine], heights[mine], colour, width)
        panel.set_title(palette.label(name, 26), color=colour, size=7.5, pad=3)
        if i % across == 0:
            panel.set_ylabel("Rise of the sum of squares\n(1: 95 % limit)", size=7)
    _key(figure, total)
    style.title(figure, data.title, data.simulated)
    return figure


def _draw_panel(panel, rows: pd.DataFrame, at, heights, colour: str, width_mm: float) -> None:
    left_out = rows["left_out"].to_numpy(bool)
    for some, dash in ((~left_out, "-"), (left_out, style.DOTTED)):
        lines = np.stack([at[some], heights[some]], axis=-1)
        panel.add_collection(LineCollection(lines, colors=colour, lw=0.9, alpha=0.8, ls=dash))
    centre, lower, upper = (rows[name].to_numpy(float) for name in _PLACES[:3])
    panel.plot(centre, np.zeros(len(rows)), "o", ms=3, color=colour, ls="none", clip_on=False)
    limits = np.concatenate([lower, upper])
    limits = limits[np.isfinite(limits)]
    panel.plot(limits, np.ones(len(limits)), "|", ms=6, mew=1.1, color=colour, ls="none", zorder=4)
    # where the profile stays under the limit as far as it is drawn, the side is open
    for limit, column, mark in ((lower, 0, "<"), (upper, -1, ">")):
        some = ~np.isfinite(limit)
        ends = np.clip(heights[some, column], 0, _HIGHEST)
        panel.plot(at[some, column], ends, mark, ms=4, color=colour, ls="none", clip_on=False)
    panel.axhline(1, color=palette.INK, lw=0.6, ls=(0, (4, 3)), zorder=1)
    low, high = at.min(), at.max()
    margin = 0.06 * (high - low) or 0.05
    panel.set_xlim(low - margin, high + margin)
    panel.set_ylim(0, _HIGHEST)
    panel.set_yticks([0, 1, 2])
    style.log10_ticks(panel.xaxis, low - margin, high + margin, width_mm)
    panel.set_xlabel("IC50 (nM)", labelpad=1)


def _key(figure: Figure, total: float) -> None:
    marks = [
        ("one curve", {"lw": 0.9}),
        ("curve left out of the answers", {"lw": 0.9, "ls": style.DOTTED}),
        ("estimate", {"marker": "o", "ms": 3, "ls": "none"}),
        ("95 % limit", {"marker": "|", "ms": 6, "ls": "none"}),
        ("open side", {"marker": ">", "ms": 4, "ls": "none"}),
    ]
    figure.legend(
        handles=[Line2D([], [], color=palette.MUTED, label=words, **how) for words, how in marks],
        loc="lower left",
        bbox_to_anchor=(_LEFT_MM / style.PAGE_MM, 1 / total),
        ncols=len(marks),
        borderaxespad=0,
        handlelength=1.8,
        columnspacing=1.6,
    )


def caption(data: ProfileData) -> str:
    """What is drawn; for each target the curves, their model and their open sides."""
    text = (
        f"{data.title}. For each curve the weighted sum of squares with log10 IC50 held at a "
        "value and the other parameters fitted again, as its rise above the best fit; it is 1 at "
        "the limits of the 95 % interval (marked). An arrow ends a side that stays below."
    )
    for name, rows in data.curves.groupby("series", sort=False):
        open_sides = int(np.isinf(rows[["log10_lower", "log10_upper"]].to_numpy(float)).sum())
        words = [f"n = {len(rows)} curve{'s' * (len(rows) > 1)}"]
        words.append(f"model {', '.join(sorted(set(rows['model'])))}")
        words.append(f"{open_sides or 'no'} open side{'s' * (open_sides != 1)}")
        if older := data.not_drawn.get(name):
            words.append(f"{older} older curves not drawn")
        text += f" {name}: {'; '.join(words)}."
    return f"{text} Simulated data." if data.simulated else text


_GROUP = ["compound", "modality", "simulated"]


def prepare(tables: dict[str, pd.DataFrame], wells: Iterable[pd.DataFrame]):
    """Every profile figure of the tables: yields (compound, modality, simulated, ProfileData).

    Parameters
    ----------
    tables : dict
        Frame `curves`; curves without an IC50 have no profile.
    wells : iterable of DataFrame
        The result table in parts, each of whole drops.
    """
    curves = tables["curves"]
    curves = curves[curves["kind"].isin(list(MODALITY)) & (curves["ic50_qualifier"] == "=")]
    numbers = ["ic50_nM", "ic50_lower_nM", "ic50_upper_nM", "lowest_tested_nM", "highest_tested_nM"]
    with np.errstate(divide="ignore", invalid="ignore"):
        places = np.log10(curves[numbers].astype(float)).set_axis(_PLACES, axis=1)
    curves = curves.assign(
        modality=curves["kind"].map(MODALITY),
        simulated=curves["simulated"].fillna(False).astype(bool),
        series=series_of(curves),
        left_out=(curves["plate_verdict"] == "fail") | (curves["repeat_of"] != ""),
        **places,
    )
    rank = {name: i for i, name in enumerate(palette.target_order(curves["target"]))}
    panel = [*_GROUP, "series"]
    by_age = curves.sort_values("date", kind="stable", ascending=False)
    newest = by_age.groupby(panel, sort=False).head(NEWEST).index
    columns = [*KEY, "simulated", "modality", *_OF_CURVE]
    shown = curves.loc[curves.index.isin(newest), columns]
    n_curves = curves[panel].value_counts().to_dict()
    for rows, points in points_by_compound(shown, wells, points_of):
        used = points.loc[~points["excluded"], ["concentration_nM", "signal", "curve"]]
        for key, mine in shown.iloc[rows].assign(number=rows).groupby(_GROUP):
            mine = mine.iloc[np.argsort(mine["target"].map(rank).to_numpy(), kind="stable")]
            place = {number: i for i, number in enumerate(mine["number"])}
            n_drawn = mine["series"].value_counts(sort=False)
            older = {name: n_curves[*key, name] - n for name, n in n_drawn.items()}
            own = used[used["curve"].isin(place)]
            own = own.assign(curve=own["curve"].map(place))
            data = ProfileData(
                title=f"{key[0]}, {key[1]}: profile likelihood of the IC50",
                curves=mine[_OF_CURVE].reset_index(drop=True),
                wells=own.sort_values("curve", kind="stable", ignore_index=True),
                not_drawn={name: int(n) for name, n in older.items() if n},
                simulated=bool(key[2]),
            )
            yield *key, data
