"""Numbers in words: three figures, bounds outward, no false zero. Expected texts by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reuptake.formatting import bounded, interval, join_words, p_value, significant, slug


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.58, "0.580"),
        (1.2388, "1.24"),
        (4299.87, "4,300"),
        (10_000.0, "10,000"),
        (0.0009995, "0.00100"),
        (999.6, "1,000"),
        (0.00012345, "0.000123"),
        (0.000012345, "1.23e-5"),
        (5.8e-10, "5.80e-10"),
        (2.5e9, "2.50e9"),
        (-1.2388, "-1.24"),
        (0.0, "0"),
        (math.nan, "–"),
        (None, "–"),
        (math.inf, "unbounded"),
    ],
)
def test_three_significant_figures(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    ("value", "down", "up"),
    [
        (4299.87, "4,290", "4,300"),  # worked example T-21: the claim is "> 4290"
        (1.162826, "1.16", "1.17"),
        (9.999, "9.99", "10.0"),
        (0.0012345, "0.00123", "0.00124"),
        (100.0, "100", "100"),
        (0.1, "0.100", "0.100"),
    ],
)
def test_bounds_are_rounded_outward(value, down, up):
    assert significant(value, direction="down") == down
    assert significant(value, direction="up") == up


def test_qualifiers_decide_the_direction():
    assert bounded(">", 4299.87) == "> 4,290"
    assert bounded("<", 1.162826, "nM") == "< 1.17 nM"
    assert bounded("=", 0.58, "nM") == "0.580 nM"
    assert bounded("", 5.0) == "–"
    assert bounded("=", math.nan) == "–"


def test_intervals():
    assert interval(0.267437, 1.540659) == "0.267 to 1.55"  # worked example T-19
    assert interval(40.75, math.inf) == "40.7 to unbounded"
    assert interval(math.nan, math.nan) == "–"


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0020475, "p = 0.0020"), (0.866, "p = 0.87"), (9.2e-8, "p < 0.0001"), (math.nan, "–")],
)
def test_p_values(p, text):
    assert p_value(p) == text


@given(st.floats(1e-12, 1e12))
def test_a_printed_bound_never_claims_more_than_the_number(value):
    down = float(significant(value, direction="down").replace(",", ""))
    up = float(significant(value, direction="up").replace(",", ""))
    # the comparison is between decimal texts; a float is known to 1e-15 of itself
    assert down <= value * (1 + 1e-15)
    assert up >= value * (1 - 1e-15)
    assert up - down <= 0.0101 * value


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "Ä", "", "CON", "a" * 300, "<script>", "a\0"])
def test_slugs_are_safe_file_names(name):
    text = slug(name)
    assert text
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert len(text) <= 80


def test_slugs_differ_where_names_do():
    names = ["a b", "a-b", "a_b", "a/b", "A b", "a  b", "é", "è"]
    assert len({slug(name) for name in names}) == len(names)
    assert slug("Sert-IN-2") == "Sert-IN-2"


def test_join_words():
    assert join_words([]) == ""
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b"]) == "a and b"
    assert join_words(["a", "b", "c"], "or") == "a, b or c"
