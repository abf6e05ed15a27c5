"""Quantities with units: exact prefixes, and no number without a unit that fits."""

from __future__ import annotations

import time

import pytest

from reuptake.quantities import QuantityError, parse, split, unit_factor


@pytest.mark.parametrize(
    ("text", "to", "number"),
    [
        ("5.1 nM", "nM", 5.1),
        ("5.1nM", "nM", 5.1),
        ("0.58 nM", "nM", 0.58),
        ("10 uM", "nM", 10_000.0),
        ("10 µM", "nM", 10_000.0),  # MICRO SIGN
        ("10 μM", "nM", 10_000.0),  # GREEK SMALL LETTER MU
        ("3 mM", "nM", 3e6),
        ("1e-9 M", "nM", 1.0),
        ("100 pM", "nM", 0.1),
        ("7 fM", "nM", 7e-6),
        ("7 nmol/L", "nM", 7.0),
        ("7 pmol/mL", "nM", 7.0),
        ("80 Ci/mmol", "Ci/mmol", 80.0),
        ("250 uL", "uL", 250.0),
        ("0.25 mL", "uL", 250.0),
        ("15 ug", "ug", 15.0),
        ("10 pmol/mg", "pmol/mg", 10.0),
        ("300 s", "s", 300.0),
        ("1.5 h", "min", 90.0),
        ("22 degC", "degC", 22.0),
        ("-20 °C", "degC", -20.0),
        (" 5  nM ", "nM", 5.0),
    ],
)
def test_known_conversions(text, to, number):
    assert parse(text, to) == number


def test_becquerel_to_curie():
    """1 Ci = 37 GBq by definition, hence 80 Ci = 2.96 TBq."""
    assert parse("2.96 TBq/mmol", "Ci/mmol") == pytest.approx(80.0, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "to", "words"),
    [
        ("5.1", "nM", "without a unit"),
        ("", "nM", "not a number"),
        ("nM", "nM", "not a number"),
        ("five nM", "nM", "not a number"),
        ("5,1 nM", "nM", "with a point"),
        ("1,000.5 nM", "nM", "with a point"),
        ("nan nM", "nM", "not a number"),
        ("inf nM", "nM", "not a number"),
        ("1e400 nM", "nM", "too large"),
        ("٥ nM", "nM", "not a number"),
        ("5 furlong", "nM", "cannot be turned into nM"),
        ("5 ug", "nM", "cannot be turned into nM"),
        ("5 nm", "nM", "cannot be turned into nM"),  # nanometres
        ("5 nMolar", "nM", "unknown unit"),
        ("5 NM", "nM", "unit"),
        ("5 n M", "nM", "unit"),
        ("5 nM 6 uM", "nM", "unknown unit"),
        ("5 °F", "degC", "degC"),
        ("5 K", "degC", "degC"),
        ("5 __import__('os')", "nM", "unknown unit"),
        ("5 nM; import os", "nM", "unknown unit"),
        ("5 " + "n" * 10_000, "nM", "unknown unit"),
        ("5 nM\n6 nM", "nM", "unit"),
    ],
)
def test_what_is_no_quantity(text, to, words):
    with pytest.raises(QuantityError) as caught:
        parse(text, to)
    assert words in str(caught.value)


@pytest.mark.parametrize("unit", ["9**9**9**9", "nM**99999999", "9^9^9^9 nM", "(" * 30, "nM^9^9^9"])
def test_a_unit_cannot_make_the_parser_calculate(unit):
    started = time.perf_counter()
    with pytest.raises(QuantityError):
        unit_factor(unit, "nM")
    assert time.perf_counter() - started < 1


def test_split_does_not_look_at_the_unit():
    assert split("5e-9 whatever") == (5e-9, "whatever")
