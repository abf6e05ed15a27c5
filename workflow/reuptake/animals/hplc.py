"""HPLC of 5-HT: calibration, recovery, tissue weight, and what lies below quantification."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# back-calculated standards must lie within this of their nominal amounts (ICH M10 2022:
# 15 %, at the lowest standard 20 %)
ACCURACY_PCT, LOWEST_ACCURACY_PCT = 15.0, 20.0
FEWEST_STANDARDS = 3


@dataclass(frozen=True)
class Calibration:
    """A straight line from amount to response (or ratio to the internal standard's).

    Attributes
    ----------
    intercept, slope : float
        Response = intercept + slope × amount.
    lowest, highest : float
        Amounts of the standards; nothing is read outside them.
    internal_standard : bool
        Whether responses are ratios to an internal standard.
    flags : tuple of str
    """

    intercept: float
    slope: float
    lowest: float
    highest: float
    internal_standard: bool
    flags: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Level:
    """A tissue level in ng/g, or the limit that it lies below; NaN with a fault."""

    ng_per_g: float
    below_loq: bool = False
    fault: str = ""
    flags: tuple[str, ...] = ()


def calibrate(amount, response, istd_response=None) -> Calibration:
    """Fit the calibration line, weighted by 1/amount² (constant relative error).

    Parameters
    ----------
    amount : array_like
        Amounts of the standards, above zero, all in one unit.
    response : array_like
    istd_response : array_like, optional
        Responses of the internal standard in the same injections.

    Raises
    ------
    ValueError
        With fewer than three different amounts, a response or amount not above zero, or a
        line that does not rise.

    References
    ----------
    ICH M10, Bioanalytical method validation, 2022 (weighting, accuracy of standards).
    """
    x, y = np.asarray(amount, float), np.asarray(response, float)
    if np.any(~(x > 0)) or np.any(~(y > 0)):
        raise ValueError("a standard has an amount or a response that is not above zero")
    if len(np.unique(x)) < FEWEST_STANDARDS:
        raise ValueError(f"fewer than {FEWEST_STANDARDS} different amounts")
    if istd_response is not None:
        istd = np.asarray(istd_response, float)
        if np.any(~(istd > 0)):
            raise ValueError("a standard has no response of the internal standard")
        y = y / istd
    design = np.column_stack([np.ones_like(x), x])
    weighted = design / x[:, None]
    intercept, slope = np.linalg.lstsq(weighted, y / x, rcond=None)[0]
    if not slope > 0:
        raise ValueError("the response does not rise with the amount")
    error = 100 * np.abs((y - intercept) / slope / x - 1)
    allowed = np.where(x == x.min(), LOWEST_ACCURACY_PCT, ACCURACY_PCT)
    off = np.unique(x[error > allowed])
    flags = ()
    if len(off):
        shown = ", ".join(f"{a:g}" for a in off)
        flags = (f"calibration standards off by more than {ACCURACY_PCT:g} %: {shown}",)
    with_istd = istd_response is not None
    return Calibration(
        float(intercept), float(slope), float(x.min()), float(x.max()), with_istd, flags
    )


def amount_of(
    calibration: Calibration, response: float | None, istd_response: float | None
) -> tuple[float, str]:
    """Amount in a sample, in the unit of the standards, and what is wrong with it.

    A response below that of the lowest standard is answered as an amount below it; one above
    the highest is refused.
    """
    if calibration.internal_standard != (istd_response is not None):
        missing = "the sample" if calibration.internal_standard else "the calibration"
        return np.nan, f"no internal standard response in {missing}"
    if response is None or response < 0:
        return np.nan, "no response, or a negative one"
    if istd_response is not None:
        if not istd_response > 0:
            return np.nan, "the internal standard's response is not above zero"
        response = response / istd_response
    amount = (response - calibration.intercept) / calibration.slope
    if amount > calibration.highest * (1 + 1e-9):
        return np.nan, (
            f"above the calibration ({amount:.3g} against {calibration.highest:g} at the highest "
            "standard): dilute and measure again, or exclude the sample"
        )
    return float(amount), ""


def level(
    amount_ng: float,
    tissue_mg: float | None,
    loq_ng: float | None = None,
    recovery_pct: float | None = None,
) -> Level:
    """Tissue level from the amount found in a sample.

    .. math:: \\mathrm{ng/g} = \\frac{\\mathrm{ng}}{\\mathrm{mg}/1000} \\cdot
              \\frac{100}{\\mathrm{recovery}\\,\\%}

    Parameters
    ----------
    amount_ng : float
        Found in the sample; NaN or below `loq_ng` for one that cannot be quantified.
    tissue_mg : float
        Wet weight of the tissue in the sample.
    loq_ng : float, optional
        Limit of quantification, in the same sample.
    recovery_pct : float, optional
        Recovery of the extraction; 100 % if not recorded.

    Returns
    -------
    Level
        Below the limit: the limit as a level, `below_loq` true.
    """
    if tissue_mg is None or not tissue_mg > 0:
        return Level(np.nan, fault="no tissue weight above zero")
    if recovery_pct is not None and not 0 < recovery_pct <= 150:
        return Level(np.nan, fault="a recovery outside 0 to 150 %")
    if loq_ng is not None and not loq_ng > 0:
        return Level(np.nan, fault="a limit of quantification that is not above zero")
    below = loq_ng is not None and not amount_ng >= loq_ng
    if not below and not amount_ng > 0:
        return Level(np.nan, fault="an amount below the limit of quantification, without limit")
    flags = () if recovery_pct is not None else ("recovery not recorded: taken as 100 %",)
    per_g = (loq_ng if below else amount_ng) / tissue_mg * 1000 * 100 / (recovery_pct or 100.0)
    return Level(per_g, below, flags=flags)
