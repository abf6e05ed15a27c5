"""``reuptake power``: animals a group, against an independent calculation."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from dropmaker import command


def asked(capsys, **options):
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    return command(capsys, "power", *words)


def animals(text: str) -> int:
    return int(re.match(r"(\d+) animals in each group", text)[1])


def test_one_group_is_the_power_of_a_t_test(capsys):
    """With one comparison Dunnett's test is Student's: d = 0.8 needs 26 a group (Cohen 1988)."""
    outcome = asked(capsys, difference=0.8, sd=1, groups=1)
    assert outcome.code == 0
    assert animals(outcome.text) == 26
    assert "26 animals in each group, 52 in 2 groups" in outcome.text


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_more_groups_ask_for_more_animals(capsys, groups):
    """The share of simulated experiments that scipy's Dunnett critical value finds."""
    text = asked(capsys, difference=40, sd=26, groups=groups).text
    n = animals(text)
    rng = np.random.default_rng(1)
    df = (groups + 1) * (n - 1)
    # critical value by simulation of the null, power by simulation of the alternative
    m = 400_000
    z = rng.standard_normal((m, groups + 1))
    s = np.sqrt(rng.chisquare(df, m) / df)
    t = np.abs(z[:, 1:] - z[:, :1]) / np.sqrt(2) / s[:, None]
    critical = np.quantile(t.max(axis=1), 0.95)
    shift = 40 / (26 * np.sqrt(2 / n))
    found = stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift)
    printed = float(re.search(r"with probability (0\.\d+)", text)[1])
    assert printed == pytest.approx(found, abs=0.004)
    assert printed >= 0.8
    assert float(re.search(r"with \d+ a group: (0\.\d+)", text)[1]) < 0.8


def test_sign_of_the_difference_does_not_matter(capsys):
    up = asked(capsys, difference=40, sd=26, groups=3).text
    assert asked(capsys, difference=-40, sd=26, groups=3).text == up


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"difference": 0, "sd": 1, "groups": 3}, "--difference"),
        ({"difference": 1, "sd": 0, "groups": 3}, "--sd"),
        ({"difference": 1, "sd": "nan", "groups": 3}, "--sd"),
        ({"difference": 1, "sd": 1, "groups": 0}, "--groups"),
        ({"difference": 1, "sd": 1, "groups": 3, "power": 1}, "--power"),
        ({"difference": 1, "sd": 1, "groups": 3, "power": 0.01}, "--power"),
        ({"difference": 1, "sd": 1, "groups": 3, "alpha": 0}, "--alpha"),
        ({"difference": 1e-9, "sd": 1, "groups": 3}, "--difference"),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage(capsys, options, words):
    outcome = asked(capsys, **options)
    assert outcome.code == 2
    assert words in outcome.text
    assert "Traceback" not in outcome.text
