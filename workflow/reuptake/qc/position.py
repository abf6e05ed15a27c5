"""Does the place of a well change its count? Looked for among wells that should be equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from reuptake.qc.metrics import MAD_FACTOR, mad

# fewer wells in a line, at the edge or inside say nothing of it
MIN_WELLS = 3
MIN_READ = 6
SIGNIFICANCE = 0.01
# standard errors that a row or column must stand out by: a plate has some twenty of them
LINE_SE = 4.0
# of a median beside that of a mean, in normal data: sqrt(pi/2)
MEDIAN_SE = 1.2533
_MAX_ROUNDS = 100


@dataclass(frozen=True)
class Position:
    """Position effects in % of the wells' median, NaN where the plate cannot tell.

    Attributes
    ----------
    row_pct, column_pct : float
        Largest effect of a row and of a column by median polish, with its sign.
    edge_pct : float
        Mean of the edge over the mean of the interior, less 1.
    drift_pct : float
        Change from the first to the last well read, by Theil's slope.
    read_rho : float
        Spearman's correlation with the order of reading.
    worst_pct : float
        Largest of those that stand out of the scatter, without sign; 0 where none does.
    worst : str
        Its name in words.
    """

    row_pct: float
    column_pct: float
    edge_pct: float
    drift_pct: float
    read_rho: float
    worst_pct: float
    worst: str


def median_polish(table: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Overall level, row and column effects and residuals by Tukey's median polish.

    Parameters
    ----------
    table : ndarray, shape (r, c)
        NaN where there is no value; no row and no column all NaN.

    References
    ----------
    Tukey 1977, Exploratory data analysis, ch. 11.
    """
    residual = np.array(table, dtype=float)
    level, rows, columns = 0.0, np.zeros(residual.shape[0]), np.zeros(residual.shape[1])
    total = np.inf
    for _ in range(_MAX_ROUNDS):
        step = np.nanmedian(residual, axis=1)
        residual -= step[:, None]
        rows += step
        shift = np.median(columns)
        columns, level = columns - shift, level + shift
        step = np.nanmedian(residual, axis=0)
        residual -= step[None, :]
        columns += step
        shift = np.median(rows)
        rows, level = rows - shift, level + shift
        before, total = total, np.nansum(np.abs(residual))
        if total == 0 or abs(total - before) < 1e-12 * total:
            break
    return level, rows, columns, residual


def position_effects(row, column, signal, shape: tuple[int, int]) -> Position:
    """Position effects among wells that should give the same signal.

    Parameters
    ----------
    row, column : ndarray of int, shape (n,)
        From 0.
    signal : ndarray, shape (n,)
    shape : tuple of int
        Rows and columns of the plate.

    References
    ----------
    Median polish: Tukey 1977. Edge: Welch 1947, Biometrika 34:28. Order: Spearman 1904, Am J
    Psychol 15:72; Theil 1950, Indag Math 12:85. The 10 and 20 % of the limits follow plate
    uniformity studies (Assay Guidance Manual).
    """
    row, column = np.asarray(row), np.asarray(column)
    middle = np.median(signal) if len(signal) else np.nan
    if not middle > 0:
        return Position(*[np.nan] * 6, "")
    percent = 100.0 * (np.asarray(signal, dtype=float) / middle - 1.0)
    lines = _lines(row, column, percent)
    edge = _edge(row, column, percent, shape)
    drift, rho, stands_out = _drift(row * shape[1] + column, percent)
    candidates = [*lines, edge, (drift, "drift in the order of reading", stands_out)]
    told = [(abs(size), name) for size, name, stands in candidates if stands]
    known = any(np.isfinite(size) for size, _, _ in candidates)
    worst, name = max(told, default=(0.0 if known else np.nan, ""))
    return Position(lines[0][0], lines[1][0], edge[0], drift, rho, worst, name)


def _lines(row, column, percent) -> list[tuple[float, str, bool]]:
    """Largest effect of a row and of a column with enough wells, and whether it stands out."""
    rows, row_index = np.unique(row, return_inverse=True)
    columns, column_index = np.unique(column, return_inverse=True)
    table = np.full((len(rows), len(columns)), np.nan)
    table[row_index, column_index] = percent
    _, by_row, by_column, residual = median_polish(table)
    left = residual[np.isfinite(residual)]
    df = len(left) - len(rows) - len(columns) + 1
    if df < 1:
        return [(np.nan, "", False)] * 2
    # where most residuals are 0 their median deviation says nothing of the scatter
    scatter = max(MAD_FACTOR * mad(left), float(np.sqrt(np.mean(left**2))) / 2)
    scatter *= np.sqrt(len(left) / df)
    out = []
    for names, effects, index, word in (
        (rows, by_row, row_index, "row"),
        (columns, by_column, column_index, "column"),
    ):
        count = np.bincount(index)
        enough = np.flatnonzero(count >= MIN_WELLS)
        if len(enough) < 2:
            out.append((np.nan, "", False))
            continue
        k = enough[np.argmax(np.abs(effects[enough]))]
        label = chr(ord("A") + names[k]) if word == "row" else str(names[k] + 1)
        stands = abs(effects[k]) > LINE_SE * MEDIAN_SE * scatter / np.sqrt(count[k])
        out.append((float(effects[k]), f"{word} {label}", bool(stands)))
    return out


def _edge(row, column, percent, shape) -> tuple[float, str, bool]:
    at_edge = (row == 0) | (row == shape[0] - 1) | (column == 0) | (column == shape[1] - 1)
    outer, inner = percent[at_edge] + 100.0, percent[~at_edge] + 100.0
    if min(len(outer), len(inner)) < MIN_WELLS:
        return np.nan, "", False
    effect = 100.0 * float(np.mean(outer) / np.mean(inner) - 1.0)
    v1, v2 = (np.var(x, ddof=1) / len(x) for x in (outer, inner))
    if v1 + v2 == 0:
        return effect, "edge against interior", effect != 0
    df = (v1 + v2) ** 2 / (v1**2 / (len(outer) - 1) + v2**2 / (len(inner) - 1))
    t = abs(np.mean(outer) - np.mean(inner)) / np.sqrt(v1 + v2)
    return effect, "edge against interior", bool(2 * stdtr(df, -t) < SIGNIFICANCE)


def _drift(order, percent) -> tuple[float, float, bool]:
    """Drift over the plate, Spearman's rho and whether it differs from 0."""
    n = len(order)
    if n < MIN_READ or np.ptp(percent) == 0:
        return np.nan, np.nan, False
    rho = float(np.corrcoef(_ranks(order), _ranks(percent))[0, 1])
    i, j = np.triu_indices(n, 1)
    slope = np.median((percent[j] - percent[i]) / (order[j] - order[i]))
    t = np.inf if abs(rho) >= 1 else abs(rho) * np.sqrt((n - 2) / (1 - rho**2))
    return float(slope * np.ptp(order)), rho, bool(2 * stdtr(n - 2, -t) < SIGNIFICANCE)


def _ranks(values) -> np.ndarray:
    """Ranks from 1, the mean rank for ties."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[index]
