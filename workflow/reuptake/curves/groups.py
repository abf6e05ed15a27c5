"""Wells of many curves, condensed to concentration means without loss.

For least squares with weights that depend on the fitted value only,

.. math:: \\sum_{ij} w_i (y_{ij} - f_i)^2
          = \\sum_i n_i w_i (\\bar y_i - f_i)^2 + \\sum_{ij} w_i (y_{ij} - \\bar y_i)^2

so means, counts and the within-set sum of squares are sufficient statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# means in a batch, so that the arrays of a fit stay in the processor's cache
_CELLS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Batch:
    """Curves that share the number of distinct concentrations, hence need no padding.

    A batch is rectangular by construction, so the arithmetic of one curve cannot depend
    on which curves are fitted beside it.

    Attributes
    ----------
    curve : ndarray of int, shape (m,)
        Index of each curve in the caller's numbering.
    x : ndarray, shape (m, k)
        log10 concentration, ascending; -inf vehicle, +inf full block.
    n : ndarray, shape (m, k)
        Wells behind each mean.
    mean : ndarray, shape (m, k)
        Mean response.
    ss_within : ndarray, shape (m, k)
        Sum of squares of the wells about each mean.
    well_weight : ndarray, shape (m, k)
        Mean weight of the wells at each concentration; all 1 for equal weights.
    """

    curve: np.ndarray
    x: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    ss_within: np.ndarray
    well_weight: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Weight of each mean; shape (m, k)."""
        return self.n * self.well_weight

    @property
    def ss_pure(self) -> np.ndarray:
        """Weighted sum of squares of the wells about their means; shape (m,)."""
        return (self.well_weight * self.ss_within).sum(axis=1)

    @property
    def n_wells(self) -> np.ndarray:
        """Wells of each curve, controls included; shape (m,)."""
        return self.n.sum(axis=1)

    @property
    def tested(self) -> np.ndarray:
        """True where a column is a tested concentration, not a control; shape (m, k)."""
        return np.isfinite(self.x)

    def select(self, mask: np.ndarray) -> Batch:
        """The curves where `mask` is true."""
        return Batch(*(getattr(self, name)[mask] for name in self.__annotations__))


def batches(
    curve: np.ndarray, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None
) -> Iterator[Batch]:
    """Condense wells to batches of curves with equally many distinct concentrations.

    Parameters
    ----------
    curve : ndarray of int, shape (n,)
        Which curve a well belongs to.
    x : ndarray, shape (n,)
        log10 concentration, -inf for vehicle and +inf for full block.
    y : ndarray, shape (n,)
        Response; rows that are not finite are left out.
    weight : ndarray, shape (n,), optional
        Weight of each well; all 1 if not given. The means are weighted, so that they and
        the weighted sum of squares about them are still sufficient.

    Yields
    ------
    Batch
        In ascending number of concentrations; the order of the wells does not matter.
    """
    keep = np.isfinite(y) & ~np.isnan(x)
    curve, x, y = curve[keep], x[keep], y[keep]
    if not len(curve):
        return
    order = np.lexsort((x, curve))
    curve, x, y = curve[order], x[order], y[order]
    first = np.flatnonzero(np.r_[True, (curve[1:] != curve[:-1]) | (x[1:] != x[:-1])])
    size = np.diff(np.r_[first, len(y)])
    weight = None if weight is None else weight[keep][order]
    for n in np.unique(size):  # replicates in one order, for sums that agree to the last bit
        rows = first[size == n][:, None] + np.arange(n)
        if weight is None:
            y[rows] = np.sort(y[rows], axis=1)
        else:
            ascending = np.lexsort((weight[rows], y[rows]), axis=-1)
            y[rows] = np.take_along_axis(y[rows], ascending, axis=1)
            weight[rows] = np.take_along_axis(weight[rows], ascending, axis=1)
    weight = np.ones(len(y)) if weight is None else weight
    total = np.add.reduceat(weight, first)
    mean = np.add.reduceat(weight * y, first) / total
    deviation = y - np.repeat(mean, size)
    # a second pass removes the rounding of the first
    mean = mean + np.add.reduceat(weight * deviation, first) / total
    ss = np.add.reduceat(weight * (y - np.repeat(mean, size)) ** 2, first)

    group_curve, group_x = curve[first], x[first]
    start = np.flatnonzero(np.r_[True, group_curve[1:] != group_curve[:-1]])
    length = np.diff(np.r_[start, len(group_curve)])
    for k in np.unique(length):
        starts = start[length == k]
        at_once = max(_CELLS_AT_ONCE // k, 1)
        for i in range(0, len(starts), at_once):
            rows = starts[i : i + at_once, None] + np.arange(k)
            n = size[rows].astype(float)
            well_weight = total[rows] / n
            yield Batch(
                curve=group_curve[rows[:, 0]],
                x=group_x[rows],
                n=n,
                mean=mean[rows],
                ss_within=ss[rows] / well_weight,
                well_weight=well_weight,
            )


def by_well(
    batch: Batch,
    no_block: np.ndarray,
    curve: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
) -> Iterator[tuple[np.ndarray, Batch]]:
    """The curves of a batch with one column a well, by their number of wells.

    Parameters
    ----------
    batch : Batch
    no_block : ndarray of bool, shape (m,)
        Curves whose full-block wells are left out.
    curve, x, y, weight : ndarray, shape (n,)
        What the batch was made from. Wells without a weight of their own have that of
        their concentration.

    Yields
    ------
    rows : ndarray of int
        Rows of `batch`.
    wells : Batch
    """
    size = np.where(no_block[:, None] & np.isposinf(batch.x), 0, batch.n).astype(int)
    total = size.sum(axis=1)
    row_of = np.full(curve.max() + 1, -1)
    row_of[batch.curve] = np.arange(len(total))
    row = row_of[curve]
    keep = (row >= 0) & ~(np.isposinf(x) & no_block[row])
    order = np.flatnonzero(keep)[np.argsort(row[keep], kind="stable")]
    x, y = x[order], y[order]
    start = np.cumsum(total) - total
    for n in np.unique(total):
        rows = np.flatnonzero(total == n)
        wells = start[rows][:, None] + np.arange(n)
        ascending = np.lexsort((y[wells], x[wells]), axis=-1)
        wells = np.take_along_axis(wells, ascending, axis=-1)
        if weight is None:
            each = np.repeat(batch.well_weight[rows].ravel(), size[rows].ravel())
            each = each.reshape(wells.shape)
        else:
            each = weight[order][wells]
        yield (
            rows,
            Batch(
                curve=batch.curve[rows],
                x=x[wells],
                n=np.ones(wells.shape),
                mean=y[wells],
                ss_within=np.zeros(wells.shape),
                well_weight=each,
            ),
        )
