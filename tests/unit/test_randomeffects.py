"""Random-effects means against metafor (tests/data/reference/metafor.R made the table)."""

import csv
from pathlib import Path

import numpy as np
import pytest

from reuptake.potency import t_interval
from reuptake.randomeffects import random_effects

TABLE = Path(__file__).parents[1] / "data" / "reference" / "metafor.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    SETS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", SETS, ids=[row["set"] for row in SETS])
def test_against_metafor(row):
    x, se = ([float(v) for v in row[name].split()] for name in ("values", "standard_errors"))
    found = random_effects(x, se)
    numbers = (found.mean, found.lower, found.upper, found.tau**2, found.i2_pct)
    expected = [float(row[name]) for name in ("mean", "lower", "upper", "tau2", "i2")]
    assert numbers == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_equal_errors_that_are_small_give_the_t_interval():
    x = np.log10([0.48, 0.58, 0.95])
    found = random_effects(x, [1e-4] * 3)
    assert (found.mean, found.lower, found.upper) == pytest.approx(t_interval(x), rel=1e-6)


def test_it_is_never_narrower_than_the_errors_of_the_fits_allow():
    """Three equal values: the untruncated factor would be 0, and the interval of no width."""
    found = random_effects([1.0, 1.0, 1.0], [0.1] * 3)
    assert found.upper - 1.0 == pytest.approx(4.302652730 * 0.1 / np.sqrt(3), rel=1e-9)
    assert (found.tau, found.i2_pct) == (0.0, 0.0)
