"""The conditions of a plate that its Ki hang on: L, Kd, R_T, and what is not known of them.

In an assay of uptake these are the substrate, its Km and the transporter on the cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from reuptake.binding import radiochemistry
from reuptake.formatting import significant
from reuptake.quantities import parse

# relative error of R_T where the assay gives none: what Bmax and a protein assay are good for
TRANSPORTER_SD = 0.30
# a measured radioligand so many times off the nominal one is a mistake somewhere
LIGAND_FOLD = 2.0


@dataclass(frozen=True)
class Conditions:
    """Conditions of one plate; a number that is not known is NaN.

    Attributes
    ----------
    ligand_nM : float
        Added radioligand, L_T.
    kd_nM : float
    transporter_nM : float
        Sites in the well, R_T.
    alpha : float
        Proportional non-specific binding per free radioligand; 0 where not known.
    bound_pct : float
        Guard G1 of the plate.
    assumed_negligible : bool
        The assay says that depletion may be neglected, with a reason.
    missing : tuple of str
        What a Ki cannot do without and is not there.
    notes : tuple of str
        Flags for every Ki of the plate.
    uptake : bool
        Inhibition of uptake: `ligand_nM` is the substrate and `kd_nM` its Km.
    ligand_sd, kd_sd, transporter_sd : float
        Relative errors of the three, as standard deviations of the natural logarithm.
    time_min : float
        Incubation, or pre-incubation of an uptake assay, with the competitor.
    kon_per_M_s : float
        Its association rate constant, where the assay gives one.
    constants_from : tuple of str
        Runs (drop/run) that Kd, Km or Bmax were taken from.
    kd_of_depleted_fit : bool
        Kd comes from a run that was fitted with what is bound taken off (guard G4).
    kd_from, sites_from : str
        What Kd (Km) and R_T rest on, the same text for the same constant.
    """

    ligand_nM: float
    kd_nM: float
    transporter_nM: float
    alpha: float
    bound_pct: float
    assumed_negligible: bool
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    uptake: bool = False
    ligand_sd: float = 0.0
    kd_sd: float = 0.0
    transporter_sd: float = TRANSPORTER_SD
    time_min: float = np.nan
    kon_per_M_s: float = np.nan
    constants_from: tuple[str, ...] = ()
    kd_of_depleted_fit: bool = False
    kd_from: str = ""
    sites_from: str = ""


# what a Ki should come with; absence is flagged, not punished
_SHOULD = {
    "preparation": "preparation",
    "incubation": "incubation",
    "temperature": "temperature",
    "solvent_pct": "solvent",
    "volume": "volume",
    "protein": "protein",
    "bmax": "Bmax",
    "efficiency": "counting efficiency",
    "radioligand": "radioligand",
}
_SHOULD_UPTAKE = {
    "preparation": "preparation",
    "pre_incubation": "pre-incubation",
    "uptake_time": "uptake time",
    "temperature": "temperature",
    "solvent_pct": "solvent",
    "volume": "volume",
    "cells": "cells",
    "copies_per_cell": "copies per cell",
    "efficiency": "counting efficiency",
    "substrate": "substrate",
}
_SHOULD_OF_LOT = {
    "lot": "radioligand lot",
    "specific_activity": "specific activity",
    "reference_date": "reference date",
}


def conditions_of(assay: dict, run: dict, plate: dict) -> Conditions:
    """Gather the conditions of a plate.

    Parameters
    ----------
    assay : dict
        The assay's entry, quantities as text; a constant that names a run is resolved
        (:func:`reuptake.binding.references.resolve`).
    run : dict
        ``date``, ``measured`` and ``radioligand`` of the run, as in drop.yaml.
    plate : dict
        ``unit`` of the counts, and ``mean_total``, ``mean_nonspecific``, ``mean_added`` (of
        the aliquots, ``total_added_fraction`` of a well each), ``mean_blank`` and
        ``bound_pct``; NaN where there are no such wells.

    Notes
    -----
    L is the run's measured value, else that of the total-added wells, else the nominal one
    (decayed where the bookkeeping is by concentration). In binding R_T is Bmax x protein /
    volume, else the plate's own specific binding, R_T = B0 (1 + Kd / L_free), where counts
    convert to molar amounts; in uptake it is cells x copies / volume.
    """
    uptake = assay["kind"] == "uptake_inhibition"
    measured = measured_in(run)
    values = assay | measured
    notes: list[str] = []
    entry = (assay["km"] if uptake else assay["kd"]) or {}
    kd = parse(entry["value"], "nM") if "value" in entry else np.nan
    volume = quantity_or_nan(values["volume"], "uL")
    scale = Radioactivity.of(assay, run, plate["unit"], volume)

    background = 0.0 if np.isnan(plate["mean_blank"]) else plate["mean_blank"]
    added_counts = (plate["mean_added"] - background) / assay["total_added_fraction"]
    ligand = _ligand(assay, measured, scale, scale.nM(added_counts), notes)
    notes += scale.faults(run)

    alpha, bmax_entry = 0.0, {}
    if uptake:
        transporter = _on_cells(values, volume)
        sites_from = f"{values['copies_per_cell']:g} per cell" if np.isfinite(transporter) else ""
    else:
        alpha = _alpha(plate["mean_nonspecific"] - background, added_counts)
        # measured in the run itself, it needs no other source
        bmax_entry = {} if "bmax" in measured else assay["bmax"] or {}
        bmax = measured.get("bmax") or bmax_entry.get("value")
        transporter = radiochemistry.transporter_nM(
            quantity_or_nan(bmax, "pmol/mg"), quantity_or_nan(values["protein"], "ug"), volume
        )
        if "refused" in bmax_entry:
            notes.append(f"Bmax not known: {bmax_entry['refused']}")
        sites_from = f"run {run['run']}" if "bmax" in measured else _origin(bmax_entry)
        if np.isnan(transporter):
            transporter = _from_counts(plate, scale, ligand, kd, background)
            sites_from = "specific binding of the plate"

    name, unknown = ("substrate", "Km") if uptake else ("radioligand", "Kd")
    missing = []
    if not np.isfinite(kd):
        missing.append(f"{unknown} ({entry['refused']})" if "refused" in entry else unknown)
    if not np.isfinite(ligand):
        missing.append(f"{name} concentration")
    if not assay["species"]:
        missing.append("species")
    if absent := _absent(assay, values, run, entry, uptake):
        notes.append(f"not recorded: {', '.join(absent)}")
    given = (entry, bmax_entry)
    return Conditions(
        ligand_nM=ligand,
        kd_nM=kd,
        transporter_nM=transporter,
        alpha=alpha,
        bound_pct=plate["bound_pct"],
        assumed_negligible=isinstance(assay["depletion"], dict),
        missing=tuple(missing),
        notes=tuple(notes),
        uptake=uptake,
        ligand_sd=assay.get("ligand_relative_error") or 0.0,
        kd_sd=entry.get("relative_error") or 0.0,
        transporter_sd=_transporter_sd(bmax_entry, assay.get("transporter_relative_error")),
        time_min=quantity_or_nan(assay.get("pre_incubation" if uptake else "incubation"), "min"),
        kon_per_M_s=quantity_or_nan((assay.get("kon") or {}).get("value"), "M^-1 s^-1"),
        constants_from=tuple(dict.fromkeys(each["run"] for each in given if "run" in each)),
        kd_of_depleted_fit=entry.get("method") == "exact",
        kd_from=_origin(entry),
        sites_from=sites_from,
    )


def _origin(entry: dict) -> str:
    """A constant by its run, or by its value and source."""
    if "run" in entry or "value" not in entry:
        return entry.get("run", "")
    return f"{entry['value']} ({entry['source']})" if entry.get("source") else entry["value"]


@dataclass(frozen=True)
class Radioactivity:
    """How counts of a run convert to moles; a number that is not known is NaN.

    Attributes
    ----------
    per_count : float
        Disintegrations per minute behind one unit of the signal.
    activity : float
        Specific activity on the day, Ci/mmol.
    volume_uL : float
    days : int or None
        Age of the lot on the day.
    isotope : str or None
    by_concentration : bool
        Decay lowers the concentration, not the specific activity.
    """

    per_count: float
    activity: float
    volume_uL: float
    days: int | None
    isotope: str | None
    by_concentration: bool

    @classmethod
    def of(cls, assay: dict, run: dict, unit: str, volume_uL: float) -> Radioactivity:
        """From the assay's entry and the run's lot."""
        ligand, lot = _tracer(assay), run["radioligand"] or {}
        days, isotope = _age(ligand, run, lot)
        by_concentration = _by_concentration(ligand)
        activity = quantity_or_nan(lot.get("specific_activity"), "Ci/mmol")
        if not by_concentration and days is not None:
            activity *= radiochemistry.decay_factor(days, isotope)
        per_count = _dpm_per_count(unit, assay)
        return cls(per_count, activity, volume_uL, days, isotope, by_concentration)

    @property
    def per_fmol(self) -> float:
        """Signal of 1 fmol."""
        return radiochemistry.dpm_per_fmol(self.activity) / self.per_count

    @property
    def per_nM(self) -> float:
        """Signal of 1 nM in the well."""
        return self.per_fmol * self.volume_uL

    def nM(self, counts):
        """Counts of a well as molar concentration."""
        return counts / self.per_nM

    def faults(self, run: dict) -> list[str]:
        """Flags of a lot that cannot be as it is written."""
        if self.days is not None and self.days < 0:
            return ["reference date of the radioligand lies after the assay"]
        return []


def measured_in(run: dict) -> dict:
    """What was measured in a run and stands in for the assay's values."""
    return {key: value for key, value in (run["measured"] or {}).items() if value is not None}


def _ligand(assay: dict, measured: dict, scale: Radioactivity, added_nM, notes) -> float:
    """L: as measured in the run, else as counted, else nominal."""
    nominal = quantity_or_nan(assay["ligand_concentration"], "nM")
    if scale.by_concentration and scale.days is not None:
        nominal *= radiochemistry.decay_factor(scale.days, scale.isotope)
    if "ligand_concentration" in measured:
        ligand = parse(measured["ligand_concentration"], "nM")
    elif np.isfinite(added_nM):
        ligand = float(added_nM)
    else:
        if np.isfinite(nominal):
            if scale.by_concentration and scale.days is not None:
                notes.append("radioligand concentration corrected for decay")
            notes.append("radioligand concentration nominal, not measured")
        return nominal
    fold = ligand / nominal
    if fold > LIGAND_FOLD or fold < 1.0 / LIGAND_FOLD:
        notes.append(
            f"radioligand measured {significant(ligand)} nM, nominal {significant(nominal)} nM: "
            "more than 2-fold apart"
        )
    return ligand


def _on_cells(values: dict, volume_uL: float) -> float:
    cells, copies = (values.get(key) for key in ("cells", "copies_per_cell"))
    if not cells or not copies:
        return np.nan
    return radiochemistry.transporter_on_cells_nM(float(cells), float(copies), volume_uL)


def _from_counts(plate: dict, scale: Radioactivity, ligand, kd, background) -> float:
    """R_T = B0 (1 + Kd / L_free) from the plate's own wells."""
    specific = scale.nM(plate["mean_total"] - plate["mean_nonspecific"])
    if not (np.isfinite(specific) and specific > 0 and np.isfinite(ligand)):
        return np.nan
    free = max(ligand - scale.nM(plate["mean_total"] - background), 0.0)
    return specific * (1.0 + kd / free) if free > 0 else np.nan


def _absent(assay: dict, values: dict, run: dict, entry: dict, uptake: bool) -> list[str]:
    """What the Ki should come with and does not."""
    lot = run["radioligand"] or {}
    absent = [
        name
        for key, name in (_SHOULD_UPTAKE if uptake else _SHOULD).items()
        if values.get(key) is None
    ]
    absent += [name for key, name in _SHOULD_OF_LOT.items() if lot.get(key) is None]
    if "value" in entry and not entry.get("source"):
        absent.append("source of Km" if uptake else "source of Kd")
    return absent


def _transporter_sd(bmax: dict, configured: float | None) -> float:
    """Relative error of R_T: that of Bmax where its source states one, else the assay's.

    A saturation run states the error of its fit alone; that of protein and volume adds to it.
    """
    rest = TRANSPORTER_SD if configured is None else configured
    stated = bmax.get("relative_error")
    if stated is None:
        return rest
    return float(np.hypot(stated, rest)) if "run" in bmax else stated


def quantity_or_nan(text, unit: str) -> float:
    """A quantity in the unit; NaN where there is none."""
    return parse(text, unit) if text is not None else np.nan


def _tracer(assay: dict) -> dict:
    """The radioactive ligand or substrate."""
    return assay.get("radioligand") or assay.get("substrate") or {}


def _age(ligand: dict, run: dict, lot: dict):
    """Days since the lot's reference date, and the isotope; None where not known."""
    isotope = ligand.get("isotope")
    if not lot.get("reference_date") or isotope not in radiochemistry.HALF_LIFE_DAYS:
        return None, isotope
    age = date.fromisoformat(run["date"]) - date.fromisoformat(lot["reference_date"])
    return age.days, isotope


def _by_concentration(radioligand: dict) -> bool:
    """Whether decay lowers the concentration (carrier-free 125I) or the specific activity."""
    convention = radioligand.get("decay")
    return convention == "concentration" or (
        convention is None and radioligand.get("isotope") == "125I"
    )


def _dpm_per_count(unit: str, assay: dict) -> float:
    if unit == "DPM":
        return 1.0
    efficiency = (assay["efficiency"] or {}).get("value")
    if efficiency is None:
        return np.nan
    if unit in ("CPM", "CCPM"):
        return 1.0 / efficiency
    if unit != "counts":
        return np.nan
    minutes = quantity_or_nan(assay["count_time"], "min")
    return 1.0 / efficiency / minutes


def _alpha(nonspecific: float, added: float) -> float:
    """Non-specific per free radioligand, from its share of the added: r = alpha/(1 + alpha)."""
    share = nonspecific / added if added > 0 else np.nan
    return share / (1.0 - share) if 0 < share < 1 else 0.0
