"""Whether a Ki is given, by which method, and why not."""

from __future__ import annotations

import numpy as np

from reuptake.binding.cheng_prusoff import bias_pct, cheng_prusoff_nM, competitor_depletion_pct
from reuptake.binding.conditions import Conditions
from reuptake.formatting import significant

BIAS_WARN_PCT, BIAS_FAIL_PCT = 5.0, 10.0
BOUND_FAIL_PCT = 10.0
# beyond this a depleted Cheng-Prusoff value need not be an upper bound
MAX_LIGAND_PER_KD = 2.0


def judge_ki(curve: dict, conditions: Conditions) -> dict:
    """The Ki columns of one curve.

    The rules, in order: a Ki needs Kd, radioligand concentration and species, and a curve
    of competition at one site. With R_T known the predicted bias of Cheng-Prusoff (guard
    G5) decides: below 5 % it is given, to 10 % with a flag, above it is an upper bound
    where L <= 2 Kd and refused otherwise. With R_T unknown it is given only on the assay's
    word that depletion is negligible (and if guard G1 does not contradict it), else it is
    an upper bound where L <= 2 Kd and refused otherwise.

    Parameters
    ----------
    curve : dict
        ``status``, ``ic50_qualifier``, ``ic50_nM``, ``ic50_lower_nM``, ``ic50_upper_nM``,
        ``hill``.
    conditions : Conditions

    Returns
    -------
    dict
        ``ki_*`` and ``depletion_*`` columns and ``ki_flags``, a list.
    """
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
    known = np.isfinite(c.transporter_nM) and c.transporter_nM > 0
    bias = np.nan
    if known:
        arguments = (ic50, c.ligand_nM, c.kd_nM, c.transporter_nM, c.alpha)
        bias = float(bias_pct(*arguments))
        out["depletion_competitor_pct"] = float(competitor_depletion_pct(c.transporter_nM, ic50))
        out["depletion_bias_pct"] = bias
    if curve["status"] == "partial":
        flags.append("no Ki: partial inhibition is not competition at one site")
        return out

    if curve["hill"] != 1.0:
        flags.append(f"Hill slope {significant(curve['hill'])}: Cheng-Prusoff supposes 1")
    clear, why = _clear(c, known, bias, flags)
    if clear:
        _give(out, qualifier, curve, c)
        return out
    if c.ligand_nM > MAX_LIGAND_PER_KD * c.kd_nM:
        flags.append(f"no Ki: {why}, and L > 2 Kd leaves not even a bound")
    elif qualifier == ">":
        flags.append(f"no Ki: {why}, and the IC50 is a bound in the other direction")
    else:
        flags.append(why)
        out |= {
            "ki_qualifier": "<",
            "ki_nM": float(cheng_prusoff_nM(ic50, c.ligand_nM, c.kd_nM)),
            "ki_method": "bound",
        }
    return out


def _clear(c: Conditions, known: bool, bias: float, flags: list[str]) -> tuple[bool, str]:
    """Whether Cheng-Prusoff may be used, and otherwise why not."""
    if known:
        if abs(bias) > BIAS_FAIL_PCT:
            size = f"{significant(bias)} %" if np.isfinite(bias) else "unbounded"
            return False, f"depletion: predicted bias of Cheng-Prusoff {size}"
        if abs(bias) >= BIAS_WARN_PCT:
            flags.append(f"predicted bias of Cheng-Prusoff {significant(bias)} %")
        return True, ""
    if c.bound_pct >= BOUND_FAIL_PCT:
        return False, f"depletion: {significant(c.bound_pct)} % of the radioligand is bound"
    if c.assumed_negligible:
        flags.append("depletion assumed negligible")
        return True, ""
    return False, "depletion not assessable"


def _give(out: dict, qualifier: str, curve: dict, c: Conditions) -> None:
    def convert(ic50_nM):
        return float(cheng_prusoff_nM(ic50_nM, c.ligand_nM, c.kd_nM))

    out |= {
        "ki_qualifier": qualifier,
        "ki_nM": convert(curve["ic50_nM"]),
        "ki_method": "cheng_prusoff",
    }
    if qualifier == "=":
        out["ki_lower_nM"] = convert(curve["ic50_lower_nM"])
        out["ki_upper_nM"] = convert(curve["ic50_upper_nM"])
