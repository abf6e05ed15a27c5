"""Wells apart from their replicates, by the scatter of the whole run."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from simulated_curves import inhibition
from test_fit_stage import DOSES_nM, plate

from reuptake.curves.plates import fit_plates
from reuptake.curves.replicates import apart

# control wells of a published example: total and non-specific, cpm
TOTAL = [4820, 4690, 4955, 4760, 4880, 4735, 4910, 4850]
NONSPECIFIC = [612, 655, 590, 630, 604, 641, 618, 598]
TRIPLICATE = [4800, 4870, 1200]


def test_one_triplicate_cannot_tell_and_the_run_can():
    """Grubbs' G of this triplicate, 1.154540, hardly passes the critical 1.154305."""
    y = np.array(TRIPLICATE)
    g = (y.mean() - y.min()) / y.std(ddof=1)
    t2 = student.ppf(1 - 0.05 / 6, 1) ** 2
    assert g == pytest.approx(1.154540, abs=5e-7)
    assert 2 / np.sqrt(3) * np.sqrt(t2 / (1 + t2)) == pytest.approx(1.154305, abs=5e-7)
    wells = np.array(TOTAL + NONSPECIFIC + TRIPLICATE, dtype=float)
    sets = np.repeat([0, 1, 2], [8, 8, 3])
    for poisson in (None, 1.0):
        assert np.flatnonzero(apart(sets, wells, poisson)).tolist() == [18]


def test_a_run_without_replicates_does_not_know():
    assert not apart(np.repeat([0, 1], 3), np.array([1.0, 1.1, 0.9, 5.0, 5.1, 1.0])).any()
    assert not apart(np.arange(40), np.arange(40.0)).any()


def test_several_bad_wells_do_not_hide_each_other():
    rng = np.random.default_rng(61)
    y = rng.normal(1000.0, 20.0, (40, 3))
    y[[3, 17, 22, 31], 1] += [400.0, -500.0, 900.0, 300.0]
    found = np.flatnonzero(apart(np.repeat(np.arange(40), 3), y.ravel()))
    assert found.tolist() == [3 * 3 + 1, 17 * 3 + 1, 22 * 3 + 1, 31 * 3 + 1]


@pytest.mark.parametrize("poisson", [None, 1.0])
def test_clean_runs_are_rarely_suspected(poisson):
    """A false discovery rate of 1 %: about one clean run in a hundred has a well called apart."""
    rng = np.random.default_rng(62)
    n_runs, found = 300, 0
    for _ in range(n_runs):
        level = np.repeat(rng.uniform(600, 4800, 32), 3)
        sd = 60.0 if poisson is None else np.sqrt(level + (0.04 * level) ** 2)
        y = level + sd * rng.normal(size=96)
        found += apart(np.repeat(np.arange(32), 3), y, poisson).any()
    assert found <= 12


def test_the_well_is_told_and_kept():
    """In duplicates with one triplicate whose third well was lost."""
    wells = plate({"A": 100.0, "B": 10.0})
    third = wells[(wells.compound == "A") & (wells.concentration_nM == DOSES_nM[1])].iloc[:1]
    level = inhibition(DOSES_nM[1], 100.0, top=4815.0, bottom=615.0)
    for signal, flagged in ((level - 3600.0, True), (level, False)):
        table = fit_plates(pd.concat([wells, third.assign(signal=signal)], ignore_index=True), {})
        flags = table.set_index("compound")["flags"]
        told = "apart from its replicates by the run's scatter: 3.16 nM" in flags["A"]
        assert told == flagged
        assert "apart" not in flags["B"]
        assert table.n_points.tolist() == [19, 18]
