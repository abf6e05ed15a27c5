"""Whether a Ki is given, by which method, and why not; for binding and for uptake."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtri

from reuptake.binding.cheng_prusoff import (
    bias_pct,
    cheng_prusoff_nM,
    competitor_depletion_pct,
    depleted_ki_nM,
    ki_limits_nM,
    log10_ki_shifts,
)
from reuptake.binding.conditions import Conditions
from reuptake.binding.equilibrium import judge_equilibrium
from reuptake.formatting import significant
from reuptake.uptake.inhibition import ki_from_ic50_nM

BIAS_WARN_PCT, BIAS_FAIL_PCT = 5.0, 10.0
COMPETITOR_WARN_PCT, COMPETITOR_FAIL_PCT = 5.0, 10.0
BOUND_FAIL_PCT = 10.0
# beyond this a depleted Cheng-Prusoff value need not be an upper bound
MAX_LIGAND_PER_KD = 2.0
# an estimate below this part of the sites is told by their titration
TITRATION_RATIO = 0.1
# a competitor that would have to bind faster than this leaves equilibrium open
USUAL_KON_PER_M_S = 1e6
_Z_ONE_SIDED = ndtri(0.95)
# a bias that R_T may still make too large, at its one-sided limit of this level, is told
_Z_NEARLY_SURE = ndtri(0.999)


@dataclass(frozen=True)
class ExactKi:
    """Ki of a curve by the mass balance or, for uptake, by Morrison's equation.

    Attributes
    ----------
    ki_nM, lower_nM, upper_nM : float
        Estimate and 95 % profile limits; 0 and infinite where the profile does not close.
    bound_nM : float
        One-sided 95 % upper limit where the lower one is open; else NaN.
    log10_se : float
        With the errors of the constants.
    fits : bool
        Whether the model does as well as one with a free slope.
    shifts : dict
        ``log10_ki_shift_*``: change of log10 Ki for one standard error of each constant.
    """

    ki_nM: float
    lower_nM: float
    upper_nM: float
    bound_nM: float
    log10_se: float
    fits: bool
    shifts: dict[str, float] = field(default_factory=dict)


def exact_is_possible(curve: dict, conditions: Conditions) -> bool:
    """Whether an exact fit of a curve makes sense: a closed competition curve, all known."""
    c = conditions
    return (
        not c.missing
        and curve["ic50_qualifier"] == "="
        and not _own_plateau(curve)
        and np.isfinite(c.transporter_nM)
        and c.transporter_nM > 0
    )


def judge_ki(curve: dict, conditions: Conditions, exact: ExactKi | None = None) -> dict:
    """The Ki columns of one curve.

    The rules, in order: a Ki needs Kd, radioligand concentration and species (uptake: Km
    and substrate concentration), and a curve of competition at one site. With R_T known the
    predicted bias of Cheng-Prusoff (guard G5) decides: below 5 % it is given, to 10 % with
    a flag (below 5 % too where the error of R_T leaves more than 10 % possible), above it
    the exact fit is, where there is one that fits. With R_T unknown it is
    given only on the assay's word that depletion is negligible (and if guard G1 does not
    contradict it). In all other cases Cheng-Prusoff is an upper bound where L <= 2 Kd
    (uptake: always), and refused otherwise.

    Parameters
    ----------
    curve : dict
        ``status``, ``model``, ``ic50_qualifier``, ``ic50_nM``, ``ic50_lower_nM``,
        ``ic50_upper_nM``, ``log10_ic50_se``, ``hill``.
    conditions : Conditions
    exact : ExactKi, optional
        Of this curve.

    Returns
    -------
    dict
        ``ki_*``, ``depletion_*`` and ``kon_*`` columns, ``guards`` (:func:`guards_of`) and
        ``ki_flags``, a list.
    """
    out = _judge(curve, conditions, exact)
    return out | {"guards": guards_of(out, conditions, exact)}


def _judge(curve: dict, conditions: Conditions, exact: ExactKi | None) -> dict:
    c, qualifier = conditions, curve["ic50_qualifier"]
    ic50 = curve["ic50_nM"]
    out = {
        "ki_qualifier": "",
        "ki_nM": np.nan,
        "ki_lower_nM": np.nan,
        "ki_upper_nM": np.nan,
        "ki_method": "none",
        "depletion_radioligand_pct": c.bound_pct,
        "depletion_competitor_pct": np.nan,
        "depletion_bias_pct": np.nan,
        "ki_flags": list(c.notes),
    }
    flags = out["ki_flags"]
    if c.missing:
        flags.append(f"no Ki: {', '.join(c.missing)} missing")
        return out
    if not qualifier:
        return out
    out["ki_cheng_prusoff_nM"] = float(cheng_prusoff_nM(ic50, c.ligand_nM, c.kd_nM))
    bias = np.nan
    if np.isfinite(c.transporter_nM) and c.transporter_nM > 0:
        bias = _bias_pct(ic50, c)
        out["depletion_competitor_pct"] = float(competitor_depletion_pct(c.transporter_nM, ic50))
        out["depletion_bias_pct"] = bias
    if _own_plateau(curve):
        flags.append("no Ki: partial inhibition is not competition at one site")
        return out
    if exact is not None:
        out |= {
            "ki_exact_nM": exact.ki_nM,
            "ki_exact_lower_nM": exact.lower_nM,
            "ki_exact_upper_nM": exact.upper_nM,
        }

    clear, why = _clear(c, ic50, bias, flags)
    if clear:
        if curve["hill"] != 1.0:
            flags.append(f"Hill slope {significant(curve['hill'])}: Cheng-Prusoff supposes 1")
        _give(out, qualifier, curve, c)
    elif not _give_exact(out, curve, c, exact, why):
        _give_bound(out, qualifier, c, why)
    if out["ki_qualifier"] == "=":
        _judge_time(out, c)
    return out


def guards_of(out: dict, c: Conditions, exact: ExactKi | None) -> str:
    """The verdicts of the five guards against depletion, also of those that do not decide.

    G1 radioligand bound: pass < 10 %. G2 competitor on the sites at the IC50: pass < 5 %, warn
    to 10 %. G3 titration of sites: fails where the exact Ki has no lower limit or is below
    R_T/10. G4 the Kd: passes where its run was fitted with depletion. G5 predicted bias of
    Cheng-Prusoff: pass < 5 %, warn to 10 %.
    """
    sites = c.transporter_nM
    ki = exact.ki_nM if exact else out.get("ki_cheng_prusoff_nM", np.nan)
    least = np.nan if np.isnan(sites) else TITRATION_RATIO * sites / ki
    if exact is not None and not exact.lower_nM > 0:
        least = np.inf
    verdicts = {
        "G1": _verdict(c.bound_pct, BOUND_FAIL_PCT, np.nextafter(BOUND_FAIL_PCT, 0.0)),
        "G2": _verdict(out["depletion_competitor_pct"], COMPETITOR_WARN_PCT, COMPETITOR_FAIL_PCT),
        "G3": _verdict(least, np.inf, 1.0),
        "G4": "pass" if c.kd_of_depleted_fit else "not known",
        "G5": _verdict(abs(out["depletion_bias_pct"]), BIAS_WARN_PCT, BIAS_FAIL_PCT),
    }
    return "; ".join(f"{name} {verdict}" for name, verdict in verdicts.items())


def _verdict(value: float, warn: float, fail: float) -> str:
    if np.isnan(value):
        return "not known"
    return "fail" if value > fail else "warn" if value >= warn else "pass"


def _own_plateau(curve: dict) -> bool:
    return curve["status"] == "partial" or "own plateau" in curve.get("model", "")


def _bias_pct(ic50_nM: float, c: Conditions) -> float:
    """Guard G5; for uptake that of the transporter's share of the IC50."""
    if not c.uptake:
        return float(bias_pct(ic50_nM, c.ligand_nM, c.kd_nM, c.transporter_nM, c.alpha))
    plain = cheng_prusoff_nM(ic50_nM, c.ligand_nM, c.kd_nM)
    corrected = ki_from_ic50_nM(ic50_nM, c.ligand_nM, c.kd_nM, c.transporter_nM)
    return float(100.0 * (plain / corrected - 1.0)) if corrected > 0 else np.inf


def _clear(c: Conditions, ic50_nM: float, bias: float, flags: list[str]) -> tuple[bool, str]:
    """Whether Cheng-Prusoff may be used, and otherwise why not."""
    if not np.isnan(bias):
        if abs(bias) > BIAS_FAIL_PCT:
            size = f"{significant(bias)} %" if np.isfinite(bias) else "unbounded"
            return False, f"depletion: predicted bias of Cheng-Prusoff {size}"
        if abs(bias) >= BIAS_WARN_PCT:
            flags.append(f"predicted bias of Cheng-Prusoff {significant(bias)} %")
        else:
            sites = c.transporter_nM * np.exp(_Z_NEARLY_SURE * c.transporter_sd)
            worst = _bias_pct(ic50_nM, replace(c, transporter_nM=sites))
            if abs(worst) > BIAS_FAIL_PCT:
                flags.append(
                    f"predicted bias of Cheng-Prusoff {significant(bias)} %, and "
                    f"{significant(worst)} % with R_T at {significant(sites)} nM, which its error "
                    "allows"
                )
        return True, ""
    if c.bound_pct >= BOUND_FAIL_PCT:
        return False, f"depletion: {significant(c.bound_pct)} % of the radioligand is bound"
    if c.assumed_negligible:
        flags.append("depletion assumed negligible")
        return True, ""
    return False, "depletion not assessable"


def _give(out: dict, qualifier: str, curve: dict, c: Conditions) -> None:
    """Cheng-Prusoff, with the errors of L and Kd in its interval."""
    out |= {
        "ki_qualifier": qualifier,
        "ki_nM": out["ki_cheng_prusoff_nM"],
        "ki_method": "cheng_prusoff",
    }
    errors = {"ligand_sd": c.ligand_sd, "kd_sd": c.kd_sd}
    kd, ligand = log10_ki_shifts(c.ligand_nM / c.kd_nM, **errors)
    out |= _known({"log10_ki_shift_kd": kd, "log10_ki_shift_ligand": ligand})
    if qualifier == "=":
        ic50s = (curve["ic50_nM"], curve["ic50_lower_nM"], curve["ic50_upper_nM"])
        lower, upper = ki_limits_nM(*ic50s, c.ligand_nM, c.kd_nM, **errors)
        out |= {
            "ki_lower_nM": float(lower),
            "ki_upper_nM": float(upper),
            "log10_ki_se": float(np.linalg.norm([curve.get("log10_ic50_se", np.nan), kd, ligand])),
        }


def _known(shifts: dict) -> dict:
    """The shifts of constants whose error is recorded."""
    return {name: float(shift) for name, shift in shifts.items() if shift != 0.0}


def _give_exact(out: dict, curve: dict, c: Conditions, exact: ExactKi | None, why: str) -> bool:
    """The exact Ki where Cheng-Prusoff does not hold; false where there is none."""
    flags = out["ki_flags"]
    if curve["ic50_qualifier"] == ">" and c.transporter_nM > 0:
        lower = _exact_from_ic50_nM(curve["ic50_nM"], c)
        if lower > 0:
            flags.append(why)
            out |= {"ki_qualifier": ">", "ki_nM": lower, "ki_method": "exact"}
        return lower > 0
    if exact is None:
        return False
    if not exact.fits:
        flags.append(f"no exact Ki: depletion does not explain a slope of {_slope(curve)}")
        return False
    if exact.lower_nM > 0:
        flags.append(why)
        if exact.ki_nM < TITRATION_RATIO * c.transporter_nM:
            flags.append("titration of sites: Ki is below a tenth of their concentration")
        out |= {
            "ki_qualifier": "=",
            "ki_nM": exact.ki_nM,
            "ki_lower_nM": exact.lower_nM,
            "ki_upper_nM": exact.upper_nM,
            "ki_method": "exact",
            "log10_ki_se": exact.log10_se,
        }
        out |= _known(exact.shifts)
        return True
    flags.append("titration of sites: the curve tells no lower limit of Ki")
    if not np.isfinite(exact.bound_nM):
        return False
    flags.append(why)
    out |= {"ki_qualifier": "<", "ki_nM": exact.bound_nM, "ki_method": "exact"}
    return True


def _slope(curve: dict) -> str:
    return significant(curve["hill"])


def _exact_from_ic50_nM(ic50_nM: float, c: Conditions) -> float:
    """Lower limit of Ki for that of an IC50, with R_T at its one-sided 95 % upper limit."""
    sites = c.transporter_nM * np.exp(_Z_ONE_SIDED * c.transporter_sd)
    if c.uptake:
        return float(ki_from_ic50_nM(ic50_nM, c.ligand_nM, c.kd_nM, sites))
    return float(depleted_ki_nM(ic50_nM, c.ligand_nM, c.kd_nM, sites, c.alpha))


def _give_bound(out: dict, qualifier: str, c: Conditions, why: str) -> None:
    """Cheng-Prusoff as the upper bound that it is where depletion makes it read high."""
    flags = out["ki_flags"]
    if not c.uptake and c.ligand_nM > MAX_LIGAND_PER_KD * c.kd_nM:
        flags.append(f"no Ki: {why}, and L > 2 Kd leaves not even a bound")
    elif qualifier == ">":
        flags.append(f"no Ki: {why}, and the IC50 is a bound in the other direction")
    else:
        flags.append(why)
        out |= {
            "ki_qualifier": "<",
            "ki_nM": out["ki_cheng_prusoff_nM"],
            "ki_method": "bound",
        }


def _judge_time(out: dict, c: Conditions) -> None:
    """Whether the competitor had the time to come to equilibrium."""
    if not np.isfinite(c.time_min) or c.time_min <= 0:
        return
    found = judge_equilibrium(out["ki_nM"], c.time_min, c.kon_per_M_s)
    out["kon_required_per_M_s"] = found.required_kon_per_M_s
    time = f"{significant(c.time_min)} min"
    if np.isfinite(c.kon_per_M_s):
        if found.verdict != "demonstrated":
            out["ki_flags"].append(
                f"equilibrium {found.verdict}: {time}, five half-lives of dissociation are "
                f"{significant(found.needed_min)} min"
            )
    elif found.required_kon_per_M_s > USUAL_KON_PER_M_S:
        kon = significant(found.required_kon_per_M_s)
        out["ki_flags"].append(
            f"equilibrium not demonstrated: {time} suffice with a kon of at least {kon} per M and s"
        )
