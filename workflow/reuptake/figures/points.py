"""The wells of every curve as figures show them: where they stand, and how far from the fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from reuptake import parts
from reuptake.curves.models import logistic
from reuptake.curves.plates import CONTROLS, KEY
from reuptake.figures.inputs import series_of
from reuptake.settings.model import MODALITY

_READ = [*KEY, "kind", "species", "target", "simulated", "experiment", "plate_verdict"]
_READ += ["repeat_of", "status", "model", "ic50_qualifier", "ic50_nM", "hill", "top", "bottom"]
_READ += ["nonspecific", "rss", "df", "counting_per_unit", "proportional_error"]
_READ += ["lowest_tested_nM", "highest_tested_nM"]
_OF_FIT = ["fitted", "log10_ic50", "hill", "top", "bottom", "nonspecific", "rss", "df"]
_OF_FIT += ["counting_per_unit", "proportional_error"]


def points_of(curves: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """The wells of each curve, with those controls of its plate that are its own.

    Parameters
    ----------
    curves, wells : DataFrame
        The result tables.

    Returns
    -------
    DataFrame
        ``curve`` (row of `curves`), ``well`` (index in `wells`), ``concentration_nM`` (0 vehicle,
        inf full block), signal, excluded; curve by curve. Wells without a signal are left out.
    """
    numbered = curves[KEY].assign(curve=np.arange(len(curves)))
    columns = [*KEY, "concentration_nM", "signal", "excluded"]
    wells = wells.loc[wells["signal"].notna(), columns]
    wells = wells.assign(excluded=wells["excluded"].fillna(False).astype(bool), well=wells.index)
    own = wells[wells["role"].isin(["sample", "reference"]) & (wells["concentration_nM"] > 0)]
    controls = wells[wells["role"].isin(list(CONTROLS))]
    level = controls["role"].map(CONTROLS)
    # a control of a response belongs to its compound, one without a compound to the plate
    named = controls["compound"].where(controls["role"].isin(["vehicle", "full_block"]), "")
    controls = controls.assign(concentration_nM=level, named=named)
    controls = controls.drop(columns=["role", "compound"])
    plate = [name for name in KEY if name not in ("compound", "role")]
    shared = controls.merge(numbered, on=plate)
    shared = shared[(shared["named"] == "") | (shared["named"] == shared["compound"])]
    kept = ["curve", "well", "concentration_nM", "signal", "excluded"]
    joined = pd.concat([own.merge(numbered, on=KEY)[kept], shared[kept]])
    return joined.sort_values("curve", kind="stable", ignore_index=True)


def rows_by_drop(frame: pd.DataFrame) -> Callable[[pd.Series], np.ndarray]:
    """Finds which rows of a frame are of the drops that a column names."""
    places = frame.groupby("drop").indices

    def rows(drops: pd.Series) -> np.ndarray:
        found = [places[drop] for drop in drops.unique() if drop in places]
        return np.sort(np.concatenate(found)) if found else np.array([], dtype=int)

    return rows


def points_of_parts(curves: pd.DataFrame, wells: Iterable[pd.DataFrame], points: Callable):
    """Yield what `points` (such as :func:`points_of`) finds, with the rows of all `curves`.

    Parameters
    ----------
    curves : DataFrame
        The result table, or some rows of it.
    wells : iterable of DataFrame
        The result table in parts, each of whole drops.
    points : callable
        Of some curves and their wells, with a column ``curve``.
    """
    rows_of = rows_by_drop(curves)
    for part in wells:
        here = rows_of(part["drop"])
        if len(here):
            found = points(curves.iloc[here], part)
            yield found.assign(curve=here[found["curve"]])


def points_by_compound(
    curves: pd.DataFrame, wells: Iterable[pd.DataFrame], points: Callable
) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """The points of curves, some compounds at a time, in the order of their names.

    Parameters
    ----------
    curves, wells, points
        As of :func:`points_of_parts`.

    Yields
    ------
    rows : ndarray of int
        The rows of `curves` that are of these compounds.
    points : DataFrame
        Theirs, in the order of their drops.
    """
    some = parts.batches(curves["compound"])
    number = curves["compound"].map({name: i for i, names in enumerate(some) for name in names})
    number = number.to_numpy()
    found = points_of_parts(curves, wells, points)
    with parts.sorted_out((part, number[part["curve"]]) for part in found) as rows_of:
        for i in range(len(some)):
            yield np.flatnonzero(number == i), rows_of(i)


def percent_of_window(signal, top, nonspecific):
    """Response in percent of the control window: 100 (Y - N) / (T - N).

    Parameters
    ----------
    signal, top, nonspecific : array_like
        In one unit; `top` and `nonspecific` are the fitted levels of no and of complete
        inhibition of the curve that the signal belongs to.

    Returns
    -------
    ndarray or Series
        NaN where there is no window.
    """
    window = top - nonspecific
    return 100 * (signal - nonspecific) / np.where(window == 0, np.nan, window)


def weighted_residuals(signal, fitted, rss, df, counting_per_unit, proportional_error):
    """Distance of each well from its fitted curve in standard deviations.

    .. math:: (Y - \\hat Y) / \\sqrt{Var(\\hat Y) \\, SS / \\nu}

    with Var = k/t Y + (cY)² for counting weights and 1 for equal ones.

    Parameters
    ----------
    signal, fitted : ndarray
        Of each well.
    rss, df : ndarray
        Weighted sum of squares of the curve and its degrees of freedom.
    counting_per_unit, proportional_error : ndarray
        k/t and c of the curve; NaN for equal weights.

    Returns
    -------
    ndarray
        NaN where the curve has no scatter to measure with.
    """
    variance = counting_per_unit * fitted + (proportional_error * fitted) ** 2
    variance = np.where(np.isnan(counting_per_unit), 1.0, variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (signal - fitted) / np.sqrt(variance * rss / df)
    return np.where(np.isfinite(scaled), scaled, np.nan)


def named(curves: pd.DataFrame) -> pd.DataFrame:
    """Concentration-response curves with what a figure sorts them by."""
    curves = curves.loc[curves["kind"].isin(list(MODALITY)), _READ]
    return curves.assign(
        modality=curves["kind"].map(MODALITY),
        simulated=curves["simulated"].fillna(False).astype(bool),
        series=series_of(curves),
        left_out=(curves["plate_verdict"] == "fail") | (curves["repeat_of"] != ""),
    )


def fits_of(curves: pd.DataFrame) -> pd.DataFrame:
    """Fitted curves on the percent scale; a curve that gives only a bound has no line."""
    window = {"top": curves["top"], "nonspecific": curves["nonspecific"]}
    numbers = curves[["ic50_nM", "hill", "top", "bottom", "nonspecific"]].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        return curves.assign(
            fitted=(curves["ic50_qualifier"] == "=").to_numpy() & np.isfinite(numbers).all(axis=1),
            log10_ic50=np.log10(curves["ic50_nM"]),
            top_percent=percent_of_window(curves["top"], **window),
            bottom_percent=percent_of_window(curves["bottom"], **window),
            x_low=np.log10(curves["lowest_tested_nM"]),
            x_high=np.log10(curves["highest_tested_nM"]),
        )


def placed_points(curves: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """Every well of every curve, in percent of the window and as a residual of the fit."""
    points, fits = points_of(curves, wells), fits_of(curves)
    number = points["curve"].to_numpy()
    of = {name: fits[name].to_numpy()[number] for name in _OF_FIT}
    with np.errstate(divide="ignore"):
        x = np.log10(points["concentration_nM"].to_numpy())
    fitted = np.where(
        of["fitted"],
        logistic(x, of["log10_ic50"], of["hill"], of["top"], of["bottom"]),
        np.nan,
    )
    spread = (of[name] for name in ("rss", "df", "counting_per_unit", "proportional_error"))
    return points.assign(
        x=x,
        percent=percent_of_window(points["signal"], of["top"], of["nonspecific"]),
        residual=weighted_residuals(points["signal"].to_numpy(), fitted, *spread),
    )


def residual_of_wells(curves: pd.DataFrame, wells: pd.DataFrame) -> pd.Series:
    """Each well's distance from its fitted curve, see :func:`weighted_residuals`.

    Parameters
    ----------
    curves, wells : DataFrame
        The result tables.

    Returns
    -------
    Series
        By the index of `wells`; a control's is its mean over the curves that share it, NaN
        where a well belongs to no fitted curve.
    """
    points = placed_points(named(curves), wells)
    return points.groupby("well")["residual"].mean().reindex(wells.index)
