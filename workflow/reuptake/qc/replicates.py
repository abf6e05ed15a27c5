"""Replicate experiments: how well a run repeats an earlier one, over the compounds in both."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reuptake.tables import RUN_AGREEMENT, typed

# for a mean ratio, and for what hangs on the scatter of the ratios
MIN_COMPOUNDS = 3
MIN_FOR_MSR = 20
LARGEST_MSR = 3.0
# an earlier run with enough compounds in common is sought among so many before
LOOK_BACK = 5
_SERIES = ["assay", "quantity", "simulated"]
_COMPOUND = ["compound", "target", "species", "modality"]


def agreement(log10_ratios, pairs) -> pd.DataFrame:
    """Replicate-experiment statistics of pairs of runs.

    With :math:`d = \\log_{10}(first/second)` of each compound: :math:`MR = 10^{\\bar d}` with its
    95 % interval :math:`10^{\\bar d \\pm t_{n-1} s_d / \\sqrt n}`, limits of agreement
    :math:`10^{\\bar d \\pm 2 s_d}`, :math:`MSR = 10^{2 s_d}`.

    Parameters
    ----------
    log10_ratios : array_like, shape (n,)
        d of every compound of every pair; 20 to 30 compounds of a pair are usual.
    pairs : array_like, shape (n,)
        The pair that each belongs to.

    Returns
    -------
    DataFrame
        ``n_compounds, mean_ratio, mean_ratio_lower, mean_ratio_upper, lower, upper, msr`` by
        pair, in their order.

    References
    ----------
    Assay Guidance Manual, replicate-experiment study; Eastwood et al. 2006, J Biomol Screen
    11:253; Bland & Altman 1986, Lancet 327:307.
    """
    by_pair = pd.Series(np.asarray(log10_ratios, dtype=float)).groupby(np.asarray(pairs))
    n, mean, spread = by_pair.size(), by_pair.mean(), 2.0 * by_pair.std(ddof=1)
    error = stdtrit(n - 1, 0.975) * spread / 2.0 / np.sqrt(n)
    return pd.DataFrame(
        {
            "n_compounds": n,
            "mean_ratio": 10**mean,
            "mean_ratio_lower": 10 ** (mean - error),
            "mean_ratio_upper": 10 ** (mean + error),
            "lower": 10 ** (mean - spread),
            "upper": 10 ** (mean + spread),
            "msr": 10**spread,
        }
    )


def run_agreement_of(experiments: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """The table of run_agreement.csv: each run against the latest that it repeats.

    That is the latest of the five runs before it, of the same assay and quantity and in the
    order of their dates, with at least three compounds that have an exact value in both.

    Parameters
    ----------
    experiments : DataFrame
        Columns of experiments.csv.
    references : DataFrame
        The same, of reference curves alone: they stand in where a compound has no curve of its
        own in a run.
    """
    both = pd.concat([experiments, references], ignore_index=True)
    exact = both[both.qualifier == "="].drop_duplicates([*_SERIES, *_COMPOUND, "experiment"])
    runs = exact.groupby([*_SERIES, "experiment"], as_index=False)["date"].min()
    runs = runs.sort_values([*_SERIES, "date", "experiment"], ignore_index=True)
    runs["place"] = np.arange(len(runs))
    values = pd.DataFrame(
        {
            # the same in two places only within a series
            "what": exact.groupby([*_SERIES, *_COMPOUND]).ngroup(),
            "place": exact.merge(runs, on=[*_SERIES, "experiment"], how="left")["place"].to_numpy(),
            "log10": np.log10(exact["value_nM"]),
        }
    )
    shared = _shared(values)
    found = agreement(shared["log10_first"] - shared["log10_second"], shared["place"])
    second = runs.loc[found.index]
    first = runs.loc[found.index - shared.groupby("place")["back"].first()]
    few = found["n_compounds"] < MIN_FOR_MSR
    found[["lower", "upper", "msr"]] = found[["lower", "upper", "msr"]].mask(few)
    found["notes"] = [_notes(row) for row in found.itertuples()]
    for name, run in (("first", first), ("second", second)):
        found[f"{name}_experiment"] = run["experiment"].to_numpy()
        found[f"{name}_date"] = run["date"].to_numpy()
    return typed(pd.concat([second[_SERIES], found], axis=1), RUN_AGREEMENT)


def _shared(values: pd.DataFrame) -> pd.DataFrame:
    """Every compound of every run (`place`) that an earlier one has, so many places `back`."""
    todo, out = values, []
    for back in range(1, LOOK_BACK + 1):
        earlier = values.assign(place=values["place"] + back)
        pairs = todo.merge(earlier, on=["what", "place"], suffixes=("_second", "_first"))
        pairs = pairs[pairs.groupby("place")["what"].transform("size") >= MIN_COMPOUNDS]
        out.append(pairs.assign(back=back))
        todo = todo[~todo["place"].isin(pairs["place"])]
    return pd.concat(out, ignore_index=True)


def _notes(row) -> str:
    notes = []
    if not row.mean_ratio_lower <= 1.0 <= row.mean_ratio_upper:
        notes.append("a shift between the runs: the interval of the mean ratio does not hold 1")
    if row.n_compounds < MIN_FOR_MSR:
        notes.append(
            f"{MIN_FOR_MSR} compounds are needed for the minimum significant ratio, "
            f"{row.n_compounds} here"
        )
    if row.msr >= LARGEST_MSR:
        notes.append(f"the minimum significant ratio is not below {LARGEST_MSR:g}, the usual aim")
    return "; ".join(notes)
