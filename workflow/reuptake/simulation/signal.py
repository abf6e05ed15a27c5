"""Expected counts of a well from the true constants, without any error.

An assay says what its three kinds of signal are, each in counts per minute above background:
:meth:`counted_cpm` with a competitor, :attr:`nonspecific_cpm` under complete block and
:attr:`added_cpm` of the radioligand that went into a well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reuptake.binding.mass_balance import counted_nM
from reuptake.binding.radiochemistry import decay_factor, dpm_per_fmol
from reuptake.uptake.inhibition import remaining_uptake


def cpm_per_fmol(
    specific_activity_Ci_per_mmol: float, efficiency: float, reference: date, day: date
) -> float:
    """Counts per minute of 1 fmol of a tritiated ligand on `day`.

    SA·2^(-t/T½)·2.22·efficiency, t from the specific activity's reference date: the activity
    decays, the concentration stays.

    Parameters
    ----------
    specific_activity_Ci_per_mmol : float
        On the reference date.
    efficiency : float
        Counts per disintegration.
    reference, day : date

    Returns
    -------
    float
    """
    decayed = specific_activity_Ci_per_mmol * decay_factor((day - reference).days, "3H")
    return dpm_per_fmol(decayed) * efficiency


@dataclass(frozen=True)
class BindingAssay:
    """A competition binding assay on one day: constants of the well and true Ki by compound."""

    ki_nM: dict[str, float]
    transporter_nM: float
    ligand_nM: float
    kd_nM: float
    alpha: float
    volume_uL: float
    cpm_per_fmol: float
    background_cpm: float
    count_time_min: float

    def at(self, ligand_nM: float, time_min: float) -> BindingAssay:
        """The same wells with another radioligand concentration; at equilibrium at any time."""
        return replace(self, ligand_nM=ligand_nM)

    def counted_cpm(self, competitor_nM: ArrayLike, ki_nM: ArrayLike) -> NDArray[np.float64]:
        """Specific and non-specific binding, by the exact mass balance of both ligands."""
        counted = counted_nM(
            self.transporter_nM, self.ligand_nM, self.kd_nM, competitor_nM, ki_nM, self.alpha
        )
        return counted * self.volume_uL * self.cpm_per_fmol

    @property
    def nonspecific_cpm(self) -> float:
        """All sites blocked: α·L_T/(1 + α)."""
        return self.added_cpm * self.alpha / (1 + self.alpha)

    @property
    def added_cpm(self) -> float:
        return self.ligand_nM * self.volume_uL * self.cpm_per_fmol


@dataclass(frozen=True)
class UptakeAssay:
    """An uptake inhibition assay on one day: constants of the well and true Ki by compound."""

    ki_nM: dict[str, float]
    transporter_nM: float
    substrate_nM: float
    km_nM: float
    vmax_fmol_per_min: float
    uptake_time_min: float
    nonspecific_fraction: float
    volume_uL: float
    cpm_per_fmol: float
    background_cpm: float
    count_time_min: float

    def at(self, ligand_nM: float, time_min: float) -> UptakeAssay:
        """The same cells with another substrate concentration, stopped at another time."""
        part = time_min / self.uptake_time_min
        return replace(
            self,
            substrate_nM=ligand_nM,
            uptake_time_min=time_min,
            nonspecific_fraction=self.nonspecific_fraction * part,
        )

    def counted_cpm(self, inhibitor_nM: ArrayLike, ki_nM: ArrayLike) -> NDArray[np.float64]:
        """Vmax·S/(Km + S) over the uptake time, times what a competitive inhibitor leaves."""
        substrate, km = self.substrate_nM, self.km_nM
        taken_up = self.vmax_fmol_per_min * substrate / (km + substrate) * self.uptake_time_min
        apparent_ki = np.asarray(ki_nM) * (1 + substrate / km)
        left = remaining_uptake(self.transporter_nM, inhibitor_nM, apparent_ki)
        return self.nonspecific_cpm + taken_up * left * self.cpm_per_fmol

    @property
    def nonspecific_cpm(self) -> float:
        return self.added_cpm * self.nonspecific_fraction

    @property
    def added_cpm(self) -> float:
        return self.substrate_nM * self.volume_uL * self.cpm_per_fmol
