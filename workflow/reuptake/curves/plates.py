"""From the wells of a drop to its curves: which wells belong together, and their fit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reuptake.curves.fit import fit_curves, places
from reuptake.curves.replicates import apart
from reuptake.curves.weights import proportional_error

KEY = ["drop", "run", "assay", "plate", "compound", "role"]
_PLATE = ["drop", "run", "assay", "plate"]
# what a control well is to a curve: vehicle is concentration 0, full block infinite
CONTROLS = {"total": 0.0, "vehicle": 0.0, "nonspecific": np.inf, "full_block": np.inf}


def gather(wells: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """The curves of a set of wells and the points of each, its plate's controls included.

    Parameters
    ----------
    wells : DataFrame
        Columns of wells.csv; excluded wells take no part. A control with a compound of its
        own (responses) belongs to that compound's curves, one without to all of its plate.

    Returns
    -------
    curves : DataFrame
        Columns ``drop, run, assay, plate, compound, role`` in order of first appearance.
    curve, concentration_nM, response : ndarray
        One entry a point, as :func:`reuptake.curves.fit.fit_curves` takes them.
    """
    used = wells[~wells.excluded & wells.signal.notna()]
    mine = used[used.role.isin(["sample", "reference"])]
    index = mine.groupby(KEY, sort=False).ngroup().to_numpy()
    curves = mine.drop_duplicates(KEY)[KEY].reset_index(drop=True)
    parts = [(index, mine.concentration_nM.to_numpy(), mine.signal.to_numpy())]

    controls = used[used.role.isin(CONTROLS)]
    plate_of_curve = curves[_PLATE].apply(tuple, axis=1)
    for plate, group in controls.groupby(_PLATE, sort=False):
        members = np.flatnonzero(plate_of_curve == plate)
        own = np.where(group.role.isin(["vehicle", "full_block"]), group.compound, "")
        belongs = (own[:, None] == "") | (own[:, None] == curves.compound.to_numpy()[members])
        well, member = np.nonzero(belongs)
        level = group.role.map(CONTROLS).to_numpy()
        parts.append((members[member], level[well], group.signal.to_numpy()[well]))
    curve, concentration, response = (np.concatenate(a) for a in zip(*parts, strict=True))
    return curves, curve, concentration, response


def _replicated(wells: pd.DataFrame) -> pd.DataFrame:
    """The wells in use, with the number of their replicate set."""
    used = wells[~wells.excluded & wells.signal.notna()]
    used = used[used.role.isin(["sample", "reference", *CONTROLS])]
    keys = [*KEY, "concentration_nM"]
    return used.assign(replicate_set=used.groupby(keys, sort=False, dropna=False).ngroup())


def _proportional_error(wells: pd.DataFrame, poisson_per_unit: float) -> float:
    """c of a run, from the mean and variance of its replicate sets."""
    sets = wells.groupby("replicate_set").signal.agg(["mean", "var", "size"])
    sets = sets[sets["size"] > 1]
    return proportional_error(sets["mean"], sets["var"], sets["size"] - 1, poisson_per_unit)


def _apart_flags(wells: pd.DataFrame, poisson_per_unit: float | None) -> dict[tuple, str]:
    """Flag of each curve with a well apart from its replicates, by the curve's key."""
    found = apart(
        pd.factorize(wells.replicate_set)[0], wells.signal.to_numpy(float), poisson_per_unit
    )
    lone = wells[found & wells.role.isin(["sample", "reference"])]
    flags = {}
    for key, group in lone.groupby(KEY, sort=False, dropna=False):
        with np.errstate(divide="ignore"):
            where = places(np.log10(group.concentration_nM.to_numpy()))
        flags[key] = f"apart from its replicates by the run's scatter: {where}"
    return flags


def fit_plates(wells: pd.DataFrame, poisson_per_unit: dict[str, float]) -> pd.DataFrame:
    """Fit every curve of a set of wells.

    Parameters
    ----------
    wells : DataFrame
        Columns of wells.csv.
    poisson_per_unit : dict
        Assays fitted with counting weights: counting variance per unit of signal (k/t).

    Returns
    -------
    DataFrame
        Identity and fit of each curve; ``proportional_error`` is the run's c and
        ``counting_per_unit`` its k/t.
    """
    curves, curve, concentration, response = gather(wells)
    if curves.empty:
        return curves
    poisson = curves.assay.map(poisson_per_unit).to_numpy(dtype=float)
    c = np.full(len(curves), np.nan)
    replicated = _replicated(wells)
    flags: dict[tuple, str] = {}
    for (run, assay), mine in replicated.groupby(["run", "assay"], sort=False):
        k = poisson_per_unit.get(assay)
        flags |= _apart_flags(mine, k)
        if k is not None:
            members = (curves.run == run) & (curves.assay == assay)
            c[members.to_numpy()] = _proportional_error(mine, k)
    fits = fit_curves(curve, concentration, response, len(curves), poisson_per_unit=poisson, c=c)
    further = [flags.get(key, "") for key in curves[KEY].itertuples(index=False, name=None)]
    fits["flags"] = [
        "; ".join(filter(None, each)) for each in zip(fits["flags"], further, strict=True)
    ]
    weights = {"proportional_error": c, "counting_per_unit": poisson}
    return pd.concat([curves, fits.assign(**weights)], axis=1)


def with_excluded(wells: pd.DataFrame, poisson_per_unit: dict[str, float]) -> pd.DataFrame:
    """IC50 of the curves that have excluded wells, their own or controls, as if they had none.

    Parameters
    ----------
    wells, poisson_per_unit
        As :func:`fit_plates`.

    Returns
    -------
    DataFrame
        The curves' key and their fit with every excluded well that has a signal back in; empty
        where no curve has such a well.
    """
    back = wells[wells.excluded & wells.signal.notna()]
    own = back[back.role.isin(["sample", "reference"])]
    controls = back[back.role.isin(CONTROLS)]
    touched = pd.concat([own, controls])[["run", "assay"]].drop_duplicates()
    if touched.empty:
        return pd.DataFrame(columns=[*KEY, "ic50_qualifier", "ic50_nM"])
    # whole runs, since their replicates give the weights
    fits = fit_plates(
        wells.merge(touched, on=["run", "assay"]).assign(excluded=False), poisson_per_unit
    )
    mine = set(own[KEY].itertuples(index=False, name=None))
    plates = set(
        controls[[*_PLATE, "role", "compound"]]
        .assign(compound=controls.compound.where(controls.role.isin(["vehicle", "full_block"]), ""))
        .drop(columns="role")
        .itertuples(index=False, name=None)
    )
    asked = [
        key in mine or (*key[:4], "") in plates or key[:5] in plates
        for key in fits[KEY].itertuples(index=False, name=None)
    ]
    return fits[asked]
