"""Activities to amounts: specific activity, decay, counts to molar concentration."""

from __future__ import annotations

# 1 Ci = 2.22e12 dpm, so 1 Ci/mmol = 2.22 dpm/fmol
DPM_PER_FMOL_PER_CI_MMOL = 2.22

# days; 3H: NIST 4500 +/- 8 d; 125I: 59.40 d (NIST/DDEP; stored sources range to 60.14 d)
HALF_LIFE_DAYS = {"3H": 4500.0, "125I": 59.40}

AVOGADRO = 6.02214076e23

# Ci/mmol of a carrier-free label, N_A ln 2 / T_half, per atom
CARRIER_FREE_CI_MMOL = {"3H": 29.0, "125I": 2198.0}
# by so much vendors' figures and half-lives differ
ACTIVITY_TOLERANCE = 1.02


def highest_activity_ci_mmol(isotope: str | None, tritiums: int | None) -> float | None:
    """The specific activity that a label cannot exceed; None where it is not known.

    Of 29.0 Ci/mmol for each tritium, or 2198 Ci/mmol for one 125I, and 2 % above it.
    """
    if isotope == "125I":
        return CARRIER_FREE_CI_MMOL["125I"] * ACTIVITY_TOLERANCE
    if isotope == "3H" and tritiums:
        return CARRIER_FREE_CI_MMOL["3H"] * tritiums * ACTIVITY_TOLERANCE
    return None


def dpm_per_fmol(specific_activity_ci_mmol: float) -> float:
    """Disintegrations per minute of 1 fmol: ``SA[Ci/mmol] * 2.22``.

    References
    ----------
    Revvity, Radiochemical calculations: 1 Ci = 2.22e12 dpm.
    """
    return specific_activity_ci_mmol * DPM_PER_FMOL_PER_CI_MMOL


def decay_factor(days: float, isotope: str) -> float:
    """Activity left after `days`: ``2 ** (-t / T_half)``."""
    return 2.0 ** (-days / HALF_LIFE_DAYS[isotope])


def concentration_nM(dpm: float, specific_activity_ci_mmol: float, volume_uL: float) -> float:
    """Concentration of a radioligand from its activity in a well (fmol/uL = nM)."""
    return dpm / dpm_per_fmol(specific_activity_ci_mmol) / volume_uL


def transporter_nM(bmax_pmol_mg: float, protein_ug: float, volume_uL: float) -> float:
    """Binding sites in a well: ``R_T = Bmax * protein / volume`` (pmol/mg x ug = fmol)."""
    return bmax_pmol_mg * protein_ug / volume_uL


def transporter_on_cells_nM(cells: float, copies_per_cell: float, volume_uL: float) -> float:
    """Transporter in a well of cells: ``E = cells * copies / (N_A V)``, in nM.

    Half of it is the lowest IC50 that the well can show (tight binding).

    References
    ----------
    Morrison 1969, Biochim Biophys Acta 185:269.
    """
    return cells * copies_per_cell / AVOGADRO / (volume_uL * 1e-6) * 1e9
