"""The conditions of a plate that its Ki hang on: L, Kd, R_T, and what is not known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from reuptake.binding import radiochemistry
from reuptake.quantities import parse


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
    """

    ligand_nM: float
    kd_nM: float
    transporter_nM: float
    alpha: float
    bound_pct: float
    assumed_negligible: bool
    missing: tuple[str, ...]
    notes: tuple[str, ...]


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


def conditions_of(assay: dict, run: dict, plate: dict) -> Conditions:
    """Gather the conditions of a plate.

    Parameters
    ----------
    assay : dict
        The assay's entry, quantities as text.
    run : dict
        ``date``, ``measured`` and ``radioligand`` of the run, as in drop.yaml.
    plate : dict
        ``unit`` of the counts, and ``mean_total``, ``mean_nonspecific``, ``mean_added`` (of
        the aliquots, ``total_added_fraction`` of a well each), ``mean_blank`` and
        ``bound_pct``; NaN where there are no such wells.

    Notes
    -----
    L is the run's measured value, else that of the total-added wells, else the nominal one
    (decayed where the bookkeeping is by concentration). R_T is Bmax x protein / volume,
    else the plate's own specific binding, R_T = B0 (1 + Kd / L_free), where counts convert
    to molar amounts.
    """
    measured = {k: v for k, v in (run["measured"] or {}).items() if v is not None}
    lot = run["radioligand"] or {}
    values = assay | measured
    notes: list[str] = []
    kd_entry = assay["kd"] or {}
    kd = parse(kd_entry["value"], "nM") if "value" in kd_entry else np.nan
    volume = _quantity(values["volume"], "uL")
    protein = _quantity(values["protein"], "ug")
    bmax = _bmax(values["bmax"])

    days, isotope = _age(assay, run, lot)
    by_concentration = _by_concentration(assay["radioligand"] or {})
    activity = _quantity(lot.get("specific_activity"), "Ci/mmol")
    if not by_concentration and days is not None:
        activity *= radiochemistry.decay_factor(days, isotope)
    per_count = _dpm_per_count(plate["unit"], assay)

    def amount_nM(counts):
        """Counts of a well as molar concentration; NaN where they do not convert."""
        return radiochemistry.concentration_nM(counts * per_count, activity, volume)

    background = 0.0 if np.isnan(plate["mean_blank"]) else plate["mean_blank"]
    added_counts = (plate["mean_added"] - background) / assay["total_added_fraction"]
    if "ligand_concentration" in measured:
        ligand = parse(measured["ligand_concentration"], "nM")
    elif np.isfinite(added := amount_nM(added_counts)):
        ligand = added
    else:
        ligand = _quantity(assay["ligand_concentration"], "nM")
        if by_concentration and days is not None:
            ligand *= radiochemistry.decay_factor(days, isotope)
            notes.append("radioligand concentration corrected for decay")
        if np.isfinite(ligand):
            notes.append("radioligand concentration nominal, not measured")

    alpha = _alpha(plate["mean_nonspecific"] - background, added_counts)
    transporter = radiochemistry.transporter_nM(bmax, protein, volume)
    if np.isnan(transporter):
        specific = amount_nM(plate["mean_total"] - plate["mean_nonspecific"])
        if np.isfinite(specific) and specific > 0 and np.isfinite(ligand):
            free = max(ligand - amount_nM(plate["mean_total"] - background), 0.0)
            transporter = specific * (1.0 + kd / free) if free > 0 else np.nan
    missing = [
        name
        for name, value in (("Kd", kd), ("radioligand concentration", ligand))
        if not np.isfinite(value)
    ]
    if "run" in kd_entry:
        missing[missing.index("Kd")] = "Kd (reference to a run is not resolved by this version)"
    if not assay["species"]:
        missing.append("species")
    absent = [name for key, name in _SHOULD.items() if values.get(key) is None]
    absent += [
        name
        for key, name in (
            ("lot", "radioligand lot"),
            ("specific_activity", "specific activity"),
            ("reference_date", "reference date"),
        )
        if lot.get(key) is None
    ]
    if "value" in kd_entry and not kd_entry.get("source"):
        absent.append("source of Kd")
    if absent:
        notes.append(f"not recorded: {', '.join(absent)}")
    depletion = assay["depletion"]
    return Conditions(
        ligand_nM=ligand,
        kd_nM=kd,
        transporter_nM=transporter,
        alpha=alpha,
        bound_pct=plate["bound_pct"],
        assumed_negligible=isinstance(depletion, dict),
        missing=tuple(missing),
        notes=tuple(notes),
    )


def _quantity(text, unit: str) -> float:
    return parse(text, unit) if text is not None else np.nan


def _bmax(entry) -> float:
    if isinstance(entry, dict):
        entry = entry.get("value")
    return _quantity(entry, "pmol/mg")


def _age(assay: dict, run: dict, lot: dict):
    """Days since the lot's reference date, and the isotope; None where not known."""
    isotope = (assay["radioligand"] or {}).get("isotope")
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
    minutes = _quantity(assay["count_time"], "min")
    return 1.0 / efficiency / minutes


def _alpha(nonspecific: float, added: float) -> float:
    """Non-specific per free radioligand, from its share of the added: r = alpha/(1 + alpha)."""
    share = nonspecific / added if added > 0 else np.nan
    return share / (1.0 - share) if 0 < share < 1 else 0.0
