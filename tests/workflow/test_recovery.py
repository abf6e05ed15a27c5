"""The truth of simulated runs comes back out of the curve engine, with its interval.

A demonstration run is drawn a hundred times without any shift between the days. What a fit
should find is the concentration at which the error-free signal lies half way between its
plateaus, solved on the exact model (mass balance of both ligands; tight-binding inhibition).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.optimize import brentq

from reuptake.curves.plates import fit_plates
from reuptake.simulation import demonstration
from reuptake.simulation.plates import Errors, simulate_run
from reuptake.simulation.signal import BindingAssay, UptakeAssay

ROOT = Path(__file__).parents[2]
REDRAWS = 100
# the errors of a plate without the shift of the day
SCATTER = Errors(dilution_sd_log10=0, assay_sd_log10=0)


def half_way_nM(truth, ki_nM: float) -> float:
    """Where the error-free signal is half way between no and complete inhibition."""
    top, bottom = float(truth.counted_cpm(0.0, ki_nM)), truth.nonspecific_cpm

    def beyond(log10_nM):
        return float(truth.counted_cpm(10.0**log10_nM, ki_nM)) - (top + bottom) / 2

    return 10 ** brentq(beyond, -5, 8, xtol=1e-12)


def recovered(modality: str) -> pd.DataFrame:
    """Fits of all redraws with the expected IC50, of curves whose middle is well inside."""
    assays = yaml.safe_load((ROOT / "config" / "assays.yaml").read_text(encoding="utf-8"))
    affinities = ROOT / "data" / "reference" / "affinities.csv"
    truth = demonstration.true_ki_nM(affinities, modality)
    make = {"binding": demonstration.binding_runs, "uptake": demonstration.uptake_runs}[modality]
    runs = [entry.run for entry in make(assays, truth, "2026-03-02-A")]
    expected = pd.DataFrame(
        [
            (run.assay, compound, half_way_nM(run.truth, ki))
            for run in runs
            for compound, ki in run.truth.ki_nM.items()
        ],
        columns=["assay", "compound", "expected_nM"],
    )
    frames = [
        wells.assign(drop="", run=f"{seed}", assay=run.assay, plate=plate)
        for seed in range(REDRAWS)
        for run in runs
        for plate, wells in simulate_run(run, seed, SCATTER).items()
    ]
    wells = pd.concat(frames, ignore_index=True)
    wells = wells.assign(signal=wells["counts"].astype(float), excluded=False)
    fits = fit_plates(wells, {}).merge(expected, on=["assay", "compound"])
    lowest, highest = fits.expected_nM / fits.lowest_tested_nM, fits.highest_tested_nM
    inside = (lowest > 3) & (highest / fits.expected_nM > 3)
    return fits[inside]


@pytest.mark.parametrize("modality", ["binding", "uptake"])
def test_the_truth_is_recovered_and_covered(modality):
    fits = recovered(modality)
    assert len(fits) > 10 * REDRAWS
    assert (fits.ic50_qualifier == "=").mean() > 0.99
    error = np.log10(fits.ic50_nM / fits.expected_nM).abs()
    assert error.median() < 0.05
    covered = fits.expected_nM.between(fits.ic50_lower_nM, fits.ic50_upper_nM)
    assert 0.90 <= covered.mean() <= 0.99


def test_half_way_of_known_cases():
    """Both models where the answer is known: 0.6 nM of sites at L = Kd, 0.4 nM in cells."""
    binding = BindingAssay(
        ki_nM={},
        transporter_nM=0.6,
        ligand_nM=5.3,
        kd_nM=5.3,
        alpha=0.0,
        volume_uL=250,
        cpm_per_fmol=74.592,
        background_cpm=20,
        count_time_min=1,
    )
    assert half_way_nM(binding, 0.58) == pytest.approx(1.4822, abs=5e-5)
    uptake = UptakeAssay(
        ki_nM={},
        transporter_nM=0.4,
        substrate_nM=15,
        km_nM=463,
        vmax_fmol_per_min=100,
        uptake_time_min=10,
        nonspecific_fraction=0,
        volume_uL=200,
        cpm_per_fmol=74.592,
        background_cpm=20,
        count_time_min=1,
    )
    # tight binding: IC50 = Ki (1 + S/Km) + E/2
    assert half_way_nM(uptake, 1.0) == pytest.approx(1 + 15 / 463 + 0.2, rel=1e-9)
