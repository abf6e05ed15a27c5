"""Agreement of scorers: the difference of two scores against their mean, animal by animal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reuptake import formatting
from reuptake.figures import palette, style

_ACROSS = 2
_PANEL_MM, _LEFT_MM, _RIGHT_MM, _BELOW_MM, _HEAD_MM = (40.0, 40.0), 16.0, 31.0, 14.0, 15.0


@dataclass(frozen=True)
class AgreementData:
    """What one figure shows.

    Attributes
    ----------
    readout : str
    scores : DataFrame
        One row an animal that every scorer judged, one column a scorer, in seconds.
    pairs : DataFrame
        The run's rows of scorer_agreement.
    """

    title: str
    readout: str
    scores: pd.DataFrame
    pairs: pd.DataFrame
    simulated: bool


def draw(data: AgreementData) -> Figure:
    """The figure: a panel for each pair of scorers, bias and limits with their intervals."""
    pairs = list(data.pairs.itertuples())
    across = min(_ACROSS, len(pairs))
    down = -(-len(pairs) // across)
    (width, height) = _PANEL_MM
    total_width = across * (_LEFT_MM + width + _RIGHT_MM)
    total = _HEAD_MM + down * (height + _BELOW_MM)
    figure = style.new_figure(total_width, total)
    for i, pair in enumerate(pairs):
        x = (i % across) * (_LEFT_MM + width + _RIGHT_MM) + _LEFT_MM
        y = total - _HEAD_MM - (i // across) * (height + _BELOW_MM) - height
        box = (x / total_width, y / total, width / total_width, height / total)
        _draw_pair(figure.add_axes(box), data, pair)
    style.title(figure, data.title, data.simulated, 3)
    return figure


def differences(data: AgreementData, pair) -> tuple[np.ndarray, np.ndarray]:
    """Mean and difference (first minus second) of the scores of each animal."""
    first, second = (data.scores[name].to_numpy(float) for name in (pair.first, pair.second))
    return (first + second) / 2, first - second


def _draw_pair(panel, data: AgreementData, pair) -> None:
    mean, difference = differences(data, pair)
    panel.plot(mean, difference, "o", ms=3, mew=0, color=palette.BLUE, alpha=0.55, zorder=4)
    half, upper, lower = pair.limits_half_width, pair.limit_upper, pair.limit_lower
    broken = (0, (4, 3))
    for level, below, above, dash, words in (
        (pair.bias, pair.bias_lower, pair.bias_upper, "-", "bias"),
        (upper, upper - half, upper + half, broken, "upper limit"),
        (lower, lower - half, lower + half, broken, "lower limit"),
    ):
        panel.axhspan(below, above, color=palette.RULE, alpha=0.45, lw=0, zorder=1)
        panel.axhline(level, color=palette.INK, lw=0.8, ls=dash, zorder=2)
        told = f"{words} {formatting.significant(level)}\n({formatting.interval(below, above)})"
        where = panel.get_yaxis_transform()
        panel.text(1.03, level, told, transform=where, va="center", size=6.2, linespacing=1.25)
    panel.axhline(0, color=palette.MUTED, lw=0.5, ls=":", zorder=1)
    panel.margins(x=0.06, y=0.12)
    first, second = (palette.label(str(name), 14) for name in (pair.first, pair.second))
    panel.set_xlabel(f"Mean of {first} and {second} (s)", labelpad=2)
    panel.set_ylabel(f"{first} − {second} (s)", labelpad=2)


def caption(data: AgreementData) -> str:
    """What is drawn, and bias, limits and ICC of the scorers in words."""
    text = (
        f"{data.title}. Every animal that all scorers judged: difference of two scores of "
        f"{data.readout} against their mean. Line, the bias; broken lines, the 95 % limits of "
        "agreement (bias ± 1.96 SD); shaded, their 95 % intervals (Bland & Altman 1999)."
    )
    for pair in data.pairs.itertuples():
        half = pair.limits_half_width
        bias = formatting.interval(pair.bias_lower, pair.bias_upper)
        limits = [
            f"{formatting.significant(limit)} s (95 % CI "
            f"{formatting.interval(limit - half, limit + half)})"
            for limit in (pair.limit_lower, pair.limit_upper)
        ]
        text += (
            f" {pair.first} minus {pair.second}: bias {formatting.significant(pair.bias)} s "
            f"(95 % CI {bias}), limits {limits[0]} and {limits[1]}, n = {pair.n}."
        )
    row = data.pairs.iloc[0]
    if np.isfinite(row["icc"]):
        span = formatting.interval(row["icc_lower"], row["icc_upper"])
        icc = formatting.significant(row["icc"])
        text += f" ICC(2,1) {icc} (95 % CI {span}), {row['n_scorers']} scorers."
    return f"{text} Simulated data." if data.simulated else text


def prepare(tables: dict[str, pd.DataFrame]):
    """Every run with two scorers or more: yields ((drop, run, assay), AgreementData).

    Parameters
    ----------
    tables : dict
        Frames `scorer_agreement` and `animals`.
    """
    keys = ["drop", "run", "assay", "readout"]
    animals = tables["animals"]
    animals = animals[
        ~animals["excluded"].astype(bool) & animals["value"].notna() & (animals["scorer"] != "")
    ]
    of = dict(list(animals.groupby(keys)))
    for key, pairs in tables["scorer_agreement"].groupby(keys, sort=True):
        scores = of[key].pivot_table(index="animal", columns="scorer", values="value", sort=True)
        data = AgreementData(
            title=f"Scorers of {key[1]}",
            readout=key[3],
            scores=scores.dropna(),
            pairs=pairs.reset_index(drop=True),
            simulated=bool(pairs["simulated"].any()),
        )
        yield key[:3], data
