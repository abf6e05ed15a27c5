"""Time to equilibrium."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from reuptake.binding.equilibrium import (
    fraction_reached,
    judge_equilibrium,
    required_kon_per_M_s,
    time_needed_min,
)

KON = 1e6


def test_five_half_lives():
    assert time_needed_min(0.58, KON) == pytest.approx(99.6, abs=0.05)
    assert time_needed_min(0.58, KON, 0.58) == pytest.approx(49.8, abs=0.05)
    assert fraction_reached(time_needed_min(0.58, KON), 0.58, KON) == pytest.approx(1 - 2**-5)


def test_preincubation_of_fifteen_minutes():
    assert fraction_reached(15, 0.58, KON, 0.58) == pytest.approx(0.65, abs=0.005)


def test_against_the_rate_equation():
    """dB/dt = kon I (1 - B) - koff B, integrated numerically."""
    kon, ki, competitor, minutes = KON * 60e-9, 0.58, 1.7, 20.0
    solution = solve_ivp(
        lambda _, b: kon * competitor * (1 - b) - kon * ki * b,
        (0, minutes),
        [0.0],
        rtol=1e-10,
        atol=1e-12,
    )
    reached = solution.y[0, -1] / (competitor / (competitor + ki))
    assert fraction_reached(minutes, ki, KON, competitor) == pytest.approx(reached, rel=1e-7)


def test_required_kon_is_the_one_that_does():
    kon = required_kon_per_M_s(0.58, 75)
    assert kon == pytest.approx(1e6 * 99.6 / 75, rel=1e-3)
    assert time_needed_min(0.58, kon) == pytest.approx(75)


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [(100, "demonstrated"), (90, "marginal"), (60, "marginal"), (45, "not demonstrated")],
)
def test_verdict(minutes, verdict):
    judged = judge_equilibrium(0.58, minutes, KON)
    assert judged.verdict == verdict
    assert judged.needed_min == pytest.approx(99.6, abs=0.05)


def test_without_a_rate_constant_nothing_is_demonstrated():
    judged = judge_equilibrium(580.0, 1000)
    assert judged.verdict == "not demonstrated"
    assert judged.required_kon_per_M_s == pytest.approx(5 * np.log(2) / (580e-9 * 60000))
    assert np.isnan(judged.needed_min)
