"""``reuptake fit``: the curve engine on a long table of responses, without drops or config."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reuptake.problems import Problem, ProblemsError, shown
from reuptake.stages.longtable_reader import SHARED, LongTable, read_long_table
from reuptake.tables import CURVES, Column, typed, write_csv

if TYPE_CHECKING:
    import pandas as pd

_CURVE = Column("curve", "text", "curve, as the input table names it")


def _with_limits(name: str, definition: str, unit: str = "") -> Iterator[Column]:
    """A parameter's column and those of its 95 % limits."""
    stem, end = (name.removesuffix("_nM"), "_nM") if unit == "nM" else (name, "")
    yield Column(name, "number", definition, unit)
    for side in ("lower", "upper"):
        limit = f"95 % limit of {name}, of the kind that --interval names"
        yield Column(f"{stem}_{side}{end}", "number", limit, unit)


# what only some values of --model and --interval give
_BY_OPTION = (
    *[*_with_limits("top", "", "signal unit")][1:],
    *[*_with_limits("bottom", "", "signal unit")][1:],
    *_with_limits("asymmetry", "5PL: s; 1 is symmetric, above 1 the lower bend is the sharper"),
    *_with_limits("ic50_1_nM", "two-site: IC50 of the site of higher affinity", "nM"),
    *_with_limits("ic50_2_nM", "two-site: IC50 of the site of lower affinity", "nM"),
    *_with_limits("fraction", "two-site: share of the first site, 0 to 1"),
    *_with_limits("loss_decades", "gain-loss: decades from the IC50 to where half is lost again"),
    *_with_limits("loss_hill", "gain-loss: slope of the loss"),
)
# of the failed curves, so many are told one by one; the table has them all
_FAILURES_SHOWN = 100


def run(
    file: Path,
    out: Path,
    *,
    model: str = "auto",
    weights: str = "constant",
    count_time_min: float | None = None,
    interval: str = "profile",
    plot: Path | None = None,
) -> int:
    """Fit every curve of `file` and write the answers to `out`.

    Faults of the table, notes and reasons of failure go to stderr. A curve with a bad row is
    refused: with that row its answer might be another one.

    Parameters
    ----------
    model, interval : str
        As :func:`reuptake.curves.fit.fit_curves` takes them.
    weights : {"constant", "counting", "sd"}
    count_time_min : float, optional
        Counting time of each well where the response is CPM; without it, it is counts.
    plot : Path, optional
        PDF with a picture of every curve.

    Returns
    -------
    int
        Number of curves without an answer.

    Raises
    ------
    ProblemsError
        If the table cannot be read to its end, holds no curve, or lacks the column that the
        weights need.
    """
    table = read_long_table(file.name, file.read_bytes())
    weighting = weigh(table, weights, count_time_min)
    for line in [*map(str, table.problems), *(f"{file.name}: {note}" for note in table.notes)]:
        print(line, file=sys.stderr)
    with _progress("fitting", len(table.curves)) as progress:
        fits = fit_long_table(table, model=model, interval=interval, progress=progress, **weighting)
    write_csv(fits, out)
    failed = fits[fits.status == "failed"]
    for curve, reason in failed[["curve", "flags"]].head(_FAILURES_SHOWN).itertuples(index=False):
        print(f"{file.name}: curve {shown(curve)}: {reason}", file=sys.stderr)
    if (more := len(failed) - _FAILURES_SHOWN) > 0:
        print(f"{file.name}: and {more} curves more: see flags in {out.name}", file=sys.stderr)
    if plot is not None:
        from reuptake.figures import fitted

        curve, well = table.wells()
        with _progress("drawing", len(fits)) as progress:
            wells = (curve, table.concentration_nM[well], table.response[well])
            fitted.write(fits, *wells, plot, progress=progress)
    return len(failed)


@contextmanager
def _progress(label: str, n: int) -> Iterator[Callable[[int], object]]:
    """Where stderr is a terminal a bar, told how many of `n` are done; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    import typer

    with typer.progressbar(length=n, label=label, file=sys.stderr) as bar:
        yield bar.update
        bar.update(n - bar.pos)  # those that had nothing to be fitted


def weigh(table: LongTable, weights: str, count_time_min: float | None) -> dict:
    """The weights' arguments of :func:`fit_long_table`; rows that they cannot take are bad."""
    measured = np.isfinite(table.response)
    if weights == "sd":
        if not table.has_sd:
            remedy = "Add it, with the standard deviation of each well, or choose other weights."
            problem = Problem("the column is missing", remedy, table.name, 1, "sd")
            raise ProblemsError([problem])
        remedy = "Give it in every row that has a response, or choose other weights."
        table.refuse(measured & np.isnan(table.sd), "sd", "no standard deviation", remedy)
        remedy = "Give one above zero, or choose other weights."
        table.refuse(measured & (table.sd == 0), "sd", "a standard deviation of zero", remedy)
        return {"sd": table.sd}
    if table.has_sd:
        table.notes.append("sd is not used; --weights sd weighs each well by it")
    if weights == "constant":
        return {}
    remedy = "Give what was counted, nothing subtracted, or choose other weights."
    table.refuse(table.response < 0, "response", "a negative count", remedy)
    if count_time_min is None:
        remedy = "Give counts, or for counts per minute their time with --count-time."
        broken = measured & (table.response % 1 != 0)
        table.refuse(broken & (table.response > 0), "response", "not a whole number", remedy)
    per_unit = 1.0 if count_time_min is None else 1.0 / count_time_min
    c, n_sets = _proportional_error(table, per_unit)
    origin = f"from {n_sets} sets of replicates" if n_sets else "as there are no replicates"
    table.notes.append(f"counting weights with proportional error c = {c:.3g}, {origin}")
    return {"poisson_per_unit": per_unit, "c": c}


def _proportional_error(table: LongTable, poisson_per_unit: float) -> tuple[float, int]:
    """The proportional error c of the whole table, and how many replicate sets it rests on."""
    import pandas as pd

    from reuptake.curves.weights import proportional_error

    wells = pd.DataFrame({"curve": table.curve, "level": table.concentration_nM})
    wells["y"] = table.response
    sets = wells[wells.y >= 0].groupby(["curve", "level"]).y.agg(["mean", "var", "size"])
    sets = sets[(sets["size"] > 1) & (sets["mean"] > 0)]
    c = proportional_error(sets["mean"], sets["var"], sets["size"] - 1, poisson_per_unit)
    return c, len(sets)


def fit_long_table(
    table: LongTable,
    *,
    model: str = "auto",
    interval: str = "profile",
    poisson_per_unit: float | None = None,
    c: float = 0.0,
    sd: np.ndarray | None = None,
    progress: Callable[[int], object] = lambda n: None,
) -> pd.DataFrame:
    """One row a curve, in order of first appearance: the columns of curves.csv that apply."""
    from reuptake.curves.fit import fit_curves

    n = len(table.curves)
    curve, well = table.wells()
    weights = {}
    if poisson_per_unit is not None:
        weights = {"poisson_per_unit": np.full(n, poisson_per_unit), "c": np.full(n, c)}
    if sd is not None:
        weights = {"sd": sd[well]}
    fits = fit_curves(
        curve,
        table.concentration_nM[well],
        table.response[well],
        n,
        model=model,
        interval=interval,
        progress=progress,
        **weights,
    )
    fits.insert(0, "curve", table.curves)
    if poisson_per_unit is not None:
        fits["proportional_error"] = c
    refused = np.flatnonzero(table.refused())
    everywhere = table.bad_lines[SHARED]
    reasons = []
    for i in refused:
        lines = sorted({*table.bad_lines.get(i, []), *everywhere})
        places = ", ".join(map(str, lines[:5])) + (" and more" if len(lines) > 5 else "")
        reasons.append(f"not fitted: bad row in line {places}")
    fits.loc[refused, "flags"] = reasons
    return typed(fits, [c for c in (_CURVE, *CURVES, *_BY_OPTION) if c.name in fits])
