"""IC50 to Ki: Cheng-Prusoff, and how wrong it is when ligand is depleted."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from reuptake.binding.mass_balance import bound_nM, free_radioligand_nM

LN10 = np.log(10.0)
_Z = ndtri(0.975)


def cheng_prusoff_nM(ic50_nM, ligand_nM, kd_nM):
    """Inhibition constant of a competitor at one site.

    .. math:: K_i = IC_{50} / (1 + L / K_d)

    Valid for competition at one site at equilibrium, with neither ligand depleted.

    Parameters
    ----------
    ic50_nM : array_like
    ligand_nM : array_like
        Free radioligand.
    kd_nM : array_like
        Dissociation constant of the radioligand.

    References
    ----------
    Cheng & Prusoff 1973, Biochem Pharmacol 22:3099; Assay Guidance Manual, receptor binding.
    """
    return np.asarray(ic50_nM) / (1.0 + np.asarray(ligand_nM) / np.asarray(kd_nM))


def ki_limits_nM(ic50_nM, lower_nM, upper_nM, ligand_nM, kd_nM, *, ligand_sd=0.0, kd_sd=0.0):
    """95 % limits of a Cheng-Prusoff Ki with the errors of L and Kd in them.

    With l = ln IC50 and its limits, s = ln(1 + r), r = L/Kd, and the limits of s at
    r·exp(∓1.96·√(sd_L² + sd_Kd²)), the squares of the distances add up on each side:

    .. math:: \\ln K_i^- = l - s - \\sqrt{(l - l^-)^2 + (s^+ - s)^2}, \\quad
              \\ln K_i^+ = l - s + \\sqrt{(l^+ - l)^2 + (s - s^-)^2}

    Parameters
    ----------
    ic50_nM, lower_nM, upper_nM : array_like
        IC50 and its 95 % limits, which may lie unevenly or be 0 or infinite.
    ligand_nM, kd_nM : array_like
    ligand_sd, kd_sd : array_like
        Relative errors of L and Kd, as standard deviations of the natural logarithm.

    Returns
    -------
    lower_nM, upper_nM : ndarray

    References
    ----------
    Zou & Donner 2008, Stat Med 27:1693 (limits of a sum from those of its terms).
    """
    ratio = np.asarray(ligand_nM) / np.asarray(kd_nM)
    spread = np.exp(_Z * np.hypot(ligand_sd, kd_sd))
    shift, shift_lower, shift_upper = (np.log1p(r) for r in (ratio, ratio / spread, ratio * spread))
    with np.errstate(divide="ignore"):
        ic50, lower, upper = (np.log(a) for a in (ic50_nM, lower_nM, upper_nM))
    centre = ic50 - shift
    return (
        np.exp(centre - np.hypot(ic50 - lower, shift_upper - shift)),
        np.exp(centre + np.hypot(upper - ic50, shift - shift_lower)),
    )


def log10_ki_shifts(ligand_per_kd, *, ligand_sd=0.0, kd_sd=0.0):
    """Change of log10 Ki for one standard error of Kd and of L.

    .. math:: \\frac{r}{1 + r} \\frac{sd_{Kd}}{\\ln 10}, \\quad
              -\\frac{r}{1 + r} \\frac{sd_L}{\\ln 10}

    with r = L/Kd, to first order; the relative errors are standard deviations of the natural
    logarithm.

    Returns
    -------
    kd, ligand : ndarray
    """
    r = np.asarray(ligand_per_kd)
    share = r / (1.0 + r) / LN10
    return share * kd_sd, -share * np.asarray(ligand_sd)


def depleted_ki_nM(ic50_nM, ligand_nM, kd_nM, transporter_nM, alpha=0.0):
    """Inhibition constant from a total IC50 where both ligands may be depleted.

    With y0 the specific bound/free ratio without competitor, divided by 1 + alpha, and
    K = Kd (1 + alpha):

    .. math:: K_i = \\frac{IC_{50}}{1 + \\frac{L_T (y_0 + 2)}{2 K (y_0 + 1)} + y_0}
              - K \\frac{y_0}{y_0 + 2}

    Parameters
    ----------
    ic50_nM : array_like
        Total competitor at half displacement.
    ligand_nM : array_like
        Added radioligand, L_T.
    kd_nM, transporter_nM : array_like
    alpha : array_like
        Proportional non-specific binding per free radioligand.

    Returns
    -------
    ndarray
        Can be zero or negative where the IC50 is below what the sites alone would give.

    References
    ----------
    Munson & Rodbard 1988, J Recept Res 8:533.
    """
    shift, offset = _depleted_terms(ligand_nM, kd_nM, transporter_nM, alpha)
    return np.asarray(ic50_nM) / shift - offset


def depleted_ic50_nM(ki_nM, ligand_nM, kd_nM, transporter_nM, alpha=0.0):
    """Total IC50 of a competitor where both ligands may be depleted.

    The inverse of :func:`depleted_ki_nM`, whose parameters and sources are the same.
    """
    shift, offset = _depleted_terms(ligand_nM, kd_nM, transporter_nM, alpha)
    return (np.asarray(ki_nM) + offset) * shift


def _depleted_terms(ligand_nM, kd_nM, transporter_nM, alpha):
    bound = bound_nM(transporter_nM, ligand_nM, kd_nM, alpha=alpha)
    free = free_radioligand_nM(transporter_nM, ligand_nM, kd_nM, alpha=alpha)
    k = np.asarray(kd_nM) * (1.0 + np.asarray(alpha))
    y0 = bound / free / (1.0 + np.asarray(alpha))
    shift = 1.0 + np.asarray(ligand_nM) * (y0 + 2.0) / (2.0 * k * (y0 + 1.0)) + y0
    return shift, k * y0 / (y0 + 2.0)


def competitor_depletion_pct(transporter_nM, ic50_nM):
    """Guard G2: competitor held by the sites at half occupancy, ``100 (R_T/2) / IC50``."""
    return 100.0 * np.asarray(transporter_nM) / 2.0 / np.asarray(ic50_nM)


def bias_pct(ic50_nM, ligand_nM, kd_nM, transporter_nM, alpha=0.0):
    """Guard G5: by how much Cheng-Prusoff exceeds the depleted conversion, in %.

    .. math:: e = 100 (K_i^{CP} / K_i^{MR} - 1)

    Infinite where the depleted conversion gives no positive Ki.
    """
    plain = cheng_prusoff_nM(ic50_nM, ligand_nM, kd_nM)
    depleted = depleted_ki_nM(ic50_nM, ligand_nM, kd_nM, transporter_nM, alpha)
    with np.errstate(divide="ignore"):
        return np.where(
            depleted > 0, 100.0 * (plain / np.where(depleted > 0, depleted, 1) - 1.0), np.inf
        )
