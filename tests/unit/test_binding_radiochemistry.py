"""Activities to amounts, by published and hand-computed numbers."""

import pytest

from reuptake.binding import radiochemistry as radio
from reuptake.qc.metrics import bound_pct


def test_activity_of_a_femtomole():
    assert radio.dpm_per_fmol(80) == pytest.approx(177.6)


def test_specific_binding_of_a_well():
    """4860 and 620 cpm at 42 % efficiency, 80 Ci/mmol, 15 ug."""
    bound_fmol = (4860 - 620) / 0.42 / radio.dpm_per_fmol(80)
    assert bound_fmol == pytest.approx(56.84256, rel=1e-6)
    assert bound_fmol / 0.015 == pytest.approx(3789.504, rel=1e-6)


def test_radioligand_added_and_bound():
    """78,500 cpm added to 250 uL; 4860 cpm bound in all, 4240 specifically."""
    assert radio.concentration_nM(78500 / 0.42, 80, 250) == pytest.approx(4.209567, rel=1e-6)
    assert bound_pct([4860], [78500], [], 1.0) == pytest.approx(6.19108, rel=1e-6)
    assert bound_pct([4240], [78500], [], 1.0) == pytest.approx(5.40127, rel=1e-6)


@pytest.mark.parametrize(
    ("days", "isotope", "left"),
    [(45, "125I", 0.5914894), (365, "3H", 0.9453293), (59.40, "125I", 0.5), (0, "3H", 1.0)],
)
def test_decay(days, isotope, left):
    assert radio.decay_factor(days, isotope) == pytest.approx(left, rel=1e-7)


@pytest.mark.parametrize(
    ("protein_ug", "bmax", "nM"),
    [(10, 1, 0.04), (10, 4, 0.16), (15, 4, 0.24), (15, 10, 0.60), (20, 10, 0.80), (20, 30, 2.4)],
)
def test_sites_in_a_well_of_250_uL(protein_ug, bmax, nM):
    assert radio.transporter_nM(bmax, protein_ug, 250) == pytest.approx(nM)


def test_transporter_on_cells():
    """50,000 cells with a million copies each in 200 uL."""
    assert radio.transporter_on_cells_nM(5e4, 1e6, 200) == pytest.approx(0.4151348, rel=1e-6)
