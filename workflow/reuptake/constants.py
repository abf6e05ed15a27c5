"""From the wells of a saturation, homologous or kinetics run to its Kd and Bmax, or Km and Vmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reuptake.binding.conditions import LIGAND_FOLD, Radioactivity, measured_in, quantity_or_nan
from reuptake.binding.homologous import fit_homologous
from reuptake.binding.saturation import fit_saturation
from reuptake.curves.least_squares import Constant, ConstantsFit, Weight, counting
from reuptake.curves.weights import counting_per_unit, proportional_error
from reuptake.formatting import significant
from reuptake.settings.model import CONSTANT_KINDS
from reuptake.tables import CONSTANTS, ISOTHERMS, typed
from reuptake.uptake.kinetics import consumed_pct, fit_michaelis_menten, linearity

BOUND_WARN_PCT = 10.0
CONSUMED_WARN_PCT = 10.0
MIN_CONCENTRATIONS = 6
DEPENDENCY_LIMIT = 0.9999
_OPEN = ("total", "sample", "reference")
_NAMES = {
    "saturation_binding": ("kd", "bmax"),
    "homologous_binding": ("kd", "bmax"),
    "uptake_kinetics": ("km", "vmax"),
}
_WORDS = {"kd": "Kd", "km": "Km"}


@dataclass(frozen=True)
class _Run:
    """The used wells of a run with what its counts mean.

    ``hot``, ``cold`` and ``time`` have one entry a well of ``wells``; ``background`` is the mean
    of the blanks, ``poisson`` the counting variance per unit of signal, NaN for equal weights,
    ``entry`` the assay's with what was measured in the run.
    """

    wells: pd.DataFrame
    hot: np.ndarray
    cold: np.ndarray
    time: np.ndarray
    background: float
    scale: Radioactivity
    poisson: float
    entry: dict
    flags: list[str]

    @property
    def blocked(self) -> np.ndarray:
        return (self.wells.role == "nonspecific").to_numpy()

    @property
    def signal(self) -> np.ndarray:
        return self.wells.signal.to_numpy(dtype=float)

    def weight(self, factor, select=slice(None)) -> Weight | None:
        """Counting weights of responses that are `factor` times the signal."""
        if np.isnan(self.poisson):
            return None
        sets = pd.DataFrame(
            {"key": self.wells.replicate_set.to_numpy()[select], "y": self.signal[select]}
        )
        each = sets.groupby("key").y.agg(["mean", "var", "size"]).query("size > 1")
        c = proportional_error(each["mean"], each["var"], each["size"] - 1, self.poisson)
        return counting(self.poisson * np.asarray(factor), c)


def constants_of(
    wells: pd.DataFrame, assays: dict, runs: dict
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The constants that the runs of a drop measured, and the wells that tell them.

    Parameters
    ----------
    wells : DataFrame
        Columns of wells.csv; wells of other kinds of assay are left alone.
    assays : dict
        Entry of each assay, quantities as text.
    runs : dict
        Run as in drop.yaml by (run, assay).

    Returns
    -------
    constants, isotherms : DataFrame
        Columns of constants.csv and isotherms.csv. A run that tells nothing has its rows
        without values, the reason in ``flags``.
    """
    rows, points = [], []
    mine = wells[wells.kind.isin(CONSTANT_KINDS)]
    for (run, name), group in mine.groupby(["run", "assay"], sort=False):
        first, assay = group.iloc[0], assays[name]
        tracer = assay.get("radioligand") or assay.get("substrate") or {}
        identity = {
            key: first[key]
            for key in ("drop", "run", "assay", "target", "species", "kind", "simulated")
        }
        try:
            found, fitted = _fitted(group, assay, runs[run, name])
        except ValueError as error:
            found = [
                {"parameter": parameter, "flags": f"refused: {error}"}
                for parameter in _NAMES[assay["kind"]]
            ]
        else:
            points.append(fitted.assign(**{k: identity[k] for k in _POINT_KEYS}))
        rows += [identity | {"ligand": tracer.get("name", "")} | row for row in found]
    tables = (pd.DataFrame(rows), pd.concat(points) if points else pd.DataFrame())
    return typed(tables[0], CONSTANTS), typed(tables[1], ISOTHERMS)


_POINT_KEYS = ("drop", "run", "assay", "target", "simulated")


def _fitted(group: pd.DataFrame, assay: dict, run: dict) -> tuple[list[dict], pd.DataFrame]:
    """Rows of constants and wells of one run.

    Raises
    ------
    ValueError
        With the reason why there are none.
    """
    prepared = _prepare(group, assay, run)
    if not prepared.blocked.any():
        raise ValueError("no non-specific wells, without which specific binding is not known")
    fit = _kinetics if assay["kind"] == "uptake_kinetics" else _binding
    return fit(prepared)


def _prepare(group: pd.DataFrame, assay: dict, run: dict) -> _Run:
    used = group[~group.excluded & group.signal.notna()]
    unit = used.unit.iloc[0]
    if (used.unit != unit).any():
        raise ValueError("its plates are counted in different units")
    values = assay | measured_in(run)
    scale = Radioactivity.of(assay, run, unit, quantity_or_nan(values["volume"], "uL"))
    flags = scale.faults(run)
    blank = used[used.role == "blank"].signal
    if blank.empty:
        flags.append("no blank wells: background taken as zero")
    background = float(blank.mean()) if len(blank) else 0.0

    nominal = quantity_or_nan(values["ligand_concentration"], "nM")
    added = used[used.role == "total_added"]
    wells = used[used.role.isin([*_OPEN, "nonspecific"])].copy()
    if not wells.role.isin(_OPEN).any():
        raise ValueError("no wells without a blocker")
    ratio = _added_ratio(added, background, nominal, assay, scale, flags)
    keys = ["role", "ligand_concentration_nM", "concentration_nM", "time_min"]
    wells["replicate_set"] = wells.groupby(keys, dropna=False, sort=False).ngroup()
    hot = wells.ligand_concentration_nM.fillna(nominal).to_numpy() * ratio
    if not np.isfinite(hot).all():
        raise ValueError("wells without a ligand concentration")
    # what blocks in a non-specific well is no ligand
    cold = wells.concentration_nM.where(wells.role.isin(_OPEN[1:]), 0.0).fillna(0.0).to_numpy()
    time = wells.time_min.fillna(quantity_or_nan(assay.get("uptake_time"), "min")).to_numpy()
    poisson = counting_per_unit(assay, unit)
    return _Run(
        wells,
        hot,
        cold,
        time,
        background,
        scale,
        np.nan if poisson is None else poisson,
        values,
        flags,
    )


def _added_ratio(added, background, nominal, assay, scale, flags) -> float:
    """Measured over nominal ligand, from all aliquots of the run together."""
    counts = (added.signal - background) / assay["total_added_fraction"]
    ratio = scale.nM(counts) / added.ligand_concentration_nM.fillna(nominal)
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    if ratio.empty:
        flags.append("radioligand concentration nominal, not measured")
        return 1.0
    mean = float(np.exp(np.log(ratio).mean()))
    if not 1.0 / LIGAND_FOLD <= mean <= LIGAND_FOLD:
        flags.append(
            f"radioligand measured {significant(mean)} times the nominal: more than 2-fold apart"
        )
    return mean


def _binding(run: _Run) -> tuple[list[dict], pd.DataFrame]:
    """Kd, Bmax and non-specific binding, with the bound ligand taken off where counts convert."""
    per_nM = run.scale.per_nM if np.isfinite(run.scale.per_nM) else None
    flags = run.flags
    if per_nM is None:
        flags.append("depletion not assessable: counts do not convert to molar amounts")
    response = run.signal - run.background
    shared = {"background": False, "per_nM": per_nM, "weight": run.weight(1.0)}
    if (run.cold > 0).any():
        fit = fit_homologous(run.hot, run.cold, response, nonspecific=run.blocked, **shared)
    else:
        fit = fit_saturation(run.hot, response, run.blocked, **shared)
    factor, unit = _site_unit(run, per_nM)
    depletion = sites = np.nan
    if per_nM is not None:
        open_ = ~run.blocked & (run.hot > 0)
        depletion = float(np.max(100.0 * fit.fitted[open_] / (per_nM * run.hot[open_])))
        sites = fit["bmax"].value / per_nM
    if depletion > BOUND_WARN_PCT:
        flags.append(f"up to {significant(depletion)} % of the radioligand is bound")
    _judge(fit, "kd", (run.hot + run.cold)[~run.blocked], flags)
    about = {
        "method": "free" if per_nM is None else "exact",
        "depletion_pct": depletion,
        "sites_nM": sites,
    }
    units = {"kd": (1.0, "nM"), "bmax": (factor, unit), "ns": (factor, f"{unit}/nM")}
    return _rows(fit, units, run, about), _points(run, fit, factor, unit, response)


def _site_unit(run: _Run, per_nM) -> tuple[float, str]:
    """Factor from signal to an amount of sites, and its unit."""
    if per_nM is None:
        return 1.0, run.wells.unit.iloc[0]
    protein = quantity_or_nan(run.entry.get("protein"), "ug")
    if np.isnan(protein):
        run.flags.append("protein not recorded: Bmax per volume, not per mg")
        return 1.0 / per_nM, "nM"
    return run.scale.volume_uL / per_nM / protein, "pmol/mg"


def _kinetics(run: _Run) -> tuple[list[dict], pd.DataFrame]:
    """Km and Vmax at the assay's uptake time; whether uptake is linear to it."""
    if not (np.isfinite(run.time) & (run.time > 0)).all():
        raise ValueError("uptake time not given, neither in the assay nor in the layout")
    flags, substrate = run.flags, run.hot + run.cold
    if not (run.hot > 0).all():
        raise ValueError("wells without labelled substrate")
    assay_time = quantity_or_nan(run.entry.get("uptake_time"), "min")
    times, n = np.unique(run.time, return_counts=True)
    if assay_time not in times:
        assay_time = float(times[np.argmax(n)])
    series = run.time == assay_time

    # the label is diluted by the unlabelled substrate of the well
    per_unit, unit = _rate_unit(run)
    factor = per_unit * substrate / run.hot / run.time
    rate = factor * (run.signal - run.background)
    fit = fit_michaelis_menten(
        substrate[series],
        rate[series],
        nonspecific=run.blocked[series],
        weight=run.weight(factor[series], series),
    )
    _judge(fit, "km", substrate[series & ~run.blocked], flags)
    about = {"method": "free", "depletion_pct": _consumed(run, substrate, assay_time, flags)}
    about["linear_to_min"] = _linear_to(run, fit, rate, substrate, assay_time, flags)
    units = {"km": (1.0, "nM"), "vmax": (1.0, unit), "ns": (1.0, f"{unit}/nM")}
    return _rows(fit, units, run, about), _points(run, fit, 1.0, unit, rate, series)


def _rate_unit(run: _Run) -> tuple[float, str]:
    """Factor from signal to an amount of substrate, per cells or protein, and the rate's unit."""
    per_fmol = run.scale.per_fmol
    if not np.isfinite(per_fmol):
        run.flags.append("Vmax in counts: they do not convert to molar amounts")
        return 1.0, f"{run.wells.unit.iloc[0]}/min"
    cells, protein = run.entry.get("cells"), quantity_or_nan(run.entry.get("protein"), "ug")
    if cells:
        return 1e-3 / per_fmol / (cells / 1e5), "pmol/(min 1e5 cells)"
    if np.isfinite(protein):
        return 1.0 / per_fmol / protein, "pmol/(min mg)"
    return 1.0 / per_fmol, "fmol/min"


def _consumed(run: _Run, substrate, assay_time, flags) -> float:
    """Largest share of the substrate that is taken up in the assay's time."""
    if not np.isfinite(run.scale.per_nM):
        return np.nan
    mine = (run.time == assay_time) & ~run.blocked
    dilution = substrate / run.hot
    fmol = (run.signal - run.background) / run.scale.per_fmol * dilution
    means = pd.Series(fmol[mine]).groupby(run.wells.replicate_set.to_numpy()[mine]).mean()
    levels = pd.Series(substrate[mine]).groupby(run.wells.replicate_set.to_numpy()[mine]).first()
    share = float(consumed_pct(means, levels, run.scale.volume_uL).max())
    if share > CONSUMED_WARN_PCT:
        flags.append(f"up to {significant(share)} % of the substrate is taken up")
    return share


def _linear_to(run: _Run, fit, rate, substrate, assay_time, flags) -> float:
    """The longest time to which uptake at one substrate concentration is linear."""
    open_ = ~run.blocked
    best, most = None, 1
    for level in np.unique(substrate[open_]):
        n = len(np.unique(run.time[open_ & (substrate == level)]))
        if n > most:
            best, most = level, n
    if best is None:
        flags.append("linearity in time not shown")
        return np.nan
    mine = open_ & (substrate == best)
    course = linearity(run.time[mine], (rate - fit["ns"].value * substrate)[mine] * run.time[mine])
    to = course.linear_to_min
    if not to >= assay_time:
        until = f"only to {significant(to)} min" if np.isfinite(to) else "at no time tested"
        flags.append(f"uptake is linear {until}, the assay takes {significant(assay_time)} min")
    return to


def _judge(fit: ConstantsFit, name: str, ligand_nM, flags: list[str]) -> None:
    """Flags of a fit whose data do not reach far enough."""
    constant, word = fit[name], _WORDS[name]
    n = len(np.unique(ligand_nM[ligand_nM > 0]))
    if n < MIN_CONCENTRATIONS:
        flags.append(f"only {n} concentrations of the ligand")
    if constant.value > ligand_nM.max():
        flags.append(f"{word} above the highest ligand concentration")
    if not (constant.lower > 0 and np.isfinite(constant.upper)):
        flags.append(f"interval of {word} is open")
    if fit.dependency > DEPENDENCY_LIMIT:
        flags.append("constants hang on each other: more concentrations above and below are needed")
    if not fit.converged:
        flags.append("the fit did not settle")


def _rows(fit: ConstantsFit, units: dict, run: _Run, about: dict) -> list[dict]:
    """One row a constant, in the unit and by the factor of `units`."""
    about = about | {
        "n_points": len(fit.fitted),
        "n_concentrations": len(np.unique((run.hot + run.cold)[~run.blocked])),
        "flags": "; ".join(run.flags),
    }
    return [
        {"parameter": name, "unit": units[name][1]} | _scaled(constant, units[name][0]) | about
        for name, constant in fit.constants.items()
    ]


def _scaled(constant: Constant, factor: float) -> dict:
    return {key: getattr(constant, key) * factor for key in ("value", "se", "lower", "upper")}


def _points(run: _Run, fit, factor, unit, response, select=slice(None)) -> pd.DataFrame:
    """The wells of the fit; those of a time course beside it have no fitted value."""
    fitted, weight = (np.full(len(run.wells), np.nan) for _ in range(2))
    fitted[select], weight[select] = fit.fitted * factor, fit.weight / factor**2
    return pd.DataFrame(
        {
            "plate": run.wells.plate,
            "well": run.wells.well,
            "role": np.where(run.blocked, "nonspecific", "total"),
            "ligand_nM": run.hot,
            "unlabelled_nM": run.cold,
            "time_min": run.time,
            "response": response * factor,
            "fitted": fitted,
            "unit": unit,
            "weight": weight,
        }
    )
