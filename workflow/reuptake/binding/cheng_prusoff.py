"""IC50 to Ki: Cheng-Prusoff, and how wrong it is when ligand is depleted."""

from __future__ import annotations

import numpy as np

from reuptake.binding.mass_balance import bound_nM, free_radioligand_nM


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
    bound = bound_nM(transporter_nM, ligand_nM, kd_nM, alpha=alpha)
    free = free_radioligand_nM(transporter_nM, ligand_nM, kd_nM, alpha=alpha)
    k = np.asarray(kd_nM) * (1.0 + np.asarray(alpha))
    y0 = bound / free / (1.0 + np.asarray(alpha))
    shift = 1.0 + np.asarray(ligand_nM) * (y0 + 2.0) / (2.0 * k * (y0 + 1.0)) + y0
    return np.asarray(ic50_nM) / shift - k * y0 / (y0 + 2.0)


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
