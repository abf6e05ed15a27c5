"""Saturation and uptake kinetics: every well, the fitted curve, residuals, the time course."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reuptake import formatting
from reuptake.binding.isotherm import isotherm
from reuptake.figures import palette, style

_NAMES = {"kd": "Kd", "bmax": "Bmax", "km": "Km", "vmax": "Vmax"}
_POINTS = 200


@dataclass(frozen=True)
class IsothermData:
    """What one figure shows.

    Attributes
    ----------
    title, kind, ligand : str
    wells : DataFrame
        role, ligand_nM, unlabelled_nM, time_min, response, fitted, weight; wells without
        `fitted` are of the time course.
    constants : DataFrame
        parameter, value, lower, upper, unit, sites_nM.
    linear_to_min : float
        NaN without a time course.
    simulated : bool
    """

    title: str
    kind: str
    ligand: str
    wells: pd.DataFrame
    constants: pd.DataFrame
    linear_to_min: float
    simulated: bool

    @property
    def uptake(self) -> bool:
        """Whether it is of uptake."""
        return self.kind == "uptake_kinetics"


def curve_at(constants: pd.DataFrame, hot_nM, cold_nM, blocked) -> np.ndarray:
    """The fitted curve by the constants of a run, in the unit of its Bmax or Vmax.

    Uptake with a diluted label is told per substrate, so that its curve knows no cold.
    """
    value = constants.set_index("parameter").value
    names = ("km", "vmax") if "km" in value else ("kd", "bmax")
    sites = constants.sites_nM.iloc[0]
    per_nM = value[names[1]] / sites if np.isfinite(sites) else None
    numbers = (value[names[0]], value[names[1]], value.get("ns", 0.0), 0.0)
    return isotherm(hot_nM, cold_nM, blocked, *numbers, per_nM)[0]


def draw(data: IsothermData) -> Figure:
    """The figure: wells and curves, below them the residuals, beside them the time course."""
    fitted = data.wells[data.wells.fitted.notna()]
    course = data.wells[data.wells.time_min.notna() & data.wells.fitted.isna()]
    with_course = data.uptake and len(course) > 0
    height = 78
    figure = style.new_figure(style.PAGE_MM, height)
    ratios = (2, 1) if with_course else (1, 0.001)
    grid = figure.add_gridspec(
        2,
        2,
        height_ratios=(3.2, 1),
        width_ratios=ratios,
        hspace=0.12,
        wspace=0.3,
        left=0.11,
        right=0.97 if with_course else 0.66,
        bottom=0.15,
        top=0.85,
    )
    panel = figure.add_subplot(grid[0, 0])
    below = figure.add_subplot(grid[1, 0], sharex=panel)
    x = _level(data, fitted)
    homologous = not data.uptake and (fitted.unlabelled_nM > 0).any()
    blocked = (fitted.role == "nonspecific").to_numpy()
    response = fitted.response.to_numpy()
    panel.plot(x[~blocked], response[~blocked], "o", ms=3, color=palette.BLUE, label="total")
    panel.plot(
        x[blocked],
        response[blocked],
        "s",
        ms=3,
        mfc="white",
        mec=palette.MUTED,
        ls="none",
        label="non-specific",
    )
    line = _line(x, homologous)
    hot = np.full_like(line, fitted.ligand_nM.median()) if homologous else line
    cold = line - hot if homologous else np.zeros_like(line)
    cold = np.maximum(cold, 0.0)
    total, passive = (curve_at(data.constants, hot, cold, np.full(line.shape, b)) for b in (0, 1))
    panel.plot(line, total, color=palette.BLUE)
    panel.plot(line, passive, color=palette.MUTED)
    panel.plot(line, total - passive, color=palette.VERMILION, ls="--", label="specific")
    panel.legend(fontsize=7, loc="upper left", handlelength=1.6)
    panel.set_ylabel(f"{'uptake' if data.uptake else 'bound'}, {data.constants.unit.iloc[1]}")
    panel.tick_params(labelbottom=False)
    if homologous:
        panel.set_xscale("log")
    weight = np.sqrt(fitted.weight.to_numpy())
    residual = weight * (response - fitted.fitted.to_numpy())
    residual /= np.sqrt(np.mean(residual**2)) or 1.0
    below.axhline(0, color=palette.RULE, lw=0.8)
    below.plot(x[~blocked], residual[~blocked], "o", ms=2.4, color=palette.BLUE)
    below.plot(x[blocked], residual[blocked], "s", ms=2.4, mfc="white", mec=palette.MUTED)
    limit = max(3.2, 1.1 * np.abs(residual).max())
    below.set_ylim(-limit, limit)
    below.set_ylabel("residual\n(SD)")
    what = "substrate" if data.uptake else "radioligand"
    below.set_xlabel(f"{palette.label(data.ligand, 40) or what} in the well (nM)")
    if with_course:
        _draw_course(figure.add_subplot(grid[:, 1]), data, course)
    words = "\n".join(_words(row) for row in data.constants.itertuples() if row.parameter in _NAMES)
    if with_course:
        figure.text(0.63, 0.875, words.replace("\n", "    "), ha="right", size=7)
    else:
        figure.text(0.685, 0.83, words, size=7.5, va="top", linespacing=1.5)
    style.title(figure, data.title, data.simulated, 3)
    return figure


def _level(data: IsothermData, wells: pd.DataFrame) -> np.ndarray:
    """What a well's place on the axis is: all ligand, labelled or not."""
    return (wells.ligand_nM + wells.unlabelled_nM).to_numpy()


def _line(x: np.ndarray, log: bool) -> np.ndarray:
    high = x.max() * 1.03
    return np.geomspace(x[x > 0].min(), high, _POINTS) if log else np.linspace(0, high, _POINTS)


def _draw_course(panel, data: IsothermData, course: pd.DataFrame) -> None:
    """Specific uptake against time, with the straight line through zero up to its end."""
    value = data.constants.set_index("parameter").value
    level = _level(data, course)
    # the wells of the assay's own time at this concentration belong to it
    same = data.wells[data.wells.fitted.notna() & (data.wells.role == "total")]
    same = same[np.isclose(_level(data, same), level[0])]
    every = pd.concat([course, same])
    substrate = _level(data, every)
    amount = (every.response - value.get("ns", 0.0) * substrate) * every.time_min
    panel.plot(every.time_min, amount, "o", ms=3, color=palette.BLUE)
    end = data.linear_to_min
    if np.isfinite(end):
        inside = (every.time_min <= end).to_numpy()
        t, y = every.time_min.to_numpy()[inside], amount.to_numpy()[inside]
        slope = (t @ y) / (t @ t)
        latest = every.time_min.max()
        panel.plot([0, end], [0, slope * end], color=palette.INK)
        panel.plot([end, latest], [slope * end, slope * latest], color=palette.INK, ls=":")
    panel.set_xlim(0, None)
    panel.set_ylim(0, None)
    panel.set_xlabel("time (min)")
    unit = data.constants.unit.iloc[1].replace("(min ", "(").replace("/min", "")
    panel.set_ylabel(f"specific uptake, {unit}")
    panel.set_title(f"at {formatting.significant(level[0])} nM", size=7.5, loc="left")


def _words(row) -> str:
    limits = formatting.interval(row.lower, row.upper)
    return f"{_NAMES[row.parameter]} {formatting.significant(row.value)} {row.unit} ({limits})"


def caption(data: IsothermData) -> str:
    """What the figure shows, in a sentence or two."""
    words = "; ".join(_words(row) for row in data.constants.itertuples() if row.parameter in _NAMES)
    course = ""
    if np.isfinite(data.linear_to_min):
        course = f" Uptake is linear to {formatting.significant(data.linear_to_min)} min."
    mark = " Simulated data." if data.simulated else ""
    return (
        f"{data.title}: every well, total and non-specific, with the curves of one fit to both "
        f"(dashed: specific) and, below, the residuals in units of their SD. {words} "
        f"(95 % profile interval).{course}{mark}"
    )


def prepare(tables: dict[str, pd.DataFrame]):
    """Yield (drop, run, assay, data) of every run that told constants."""
    constants, wells = tables["constants"], tables["isotherms"]
    told = constants[constants.value.notna()]
    for (drop, run, assay), rows in told.groupby(["drop", "run", "assay"], sort=True):
        mine = wells[(wells["drop"] == drop) & (wells.run == run) & (wells.assay == assay)]
        first = rows.iloc[0]
        yield (
            drop,
            run,
            assay,
            IsothermData(
                title=f"{first.target}, {assay}, {run}",
                kind=first.kind,
                ligand=first.ligand,
                wells=mine[
                    [
                        "role",
                        "ligand_nM",
                        "unlabelled_nM",
                        "time_min",
                        "response",
                        "fitted",
                        "weight",
                    ]
                ].reset_index(drop=True),
                constants=rows[
                    ["parameter", "value", "lower", "upper", "unit", "sites_nM"]
                ].reset_index(drop=True),
                linear_to_min=float(first.linear_to_min),
                simulated=bool(first.simulated),
            ),
        )
