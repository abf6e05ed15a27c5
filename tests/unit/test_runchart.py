"""Run charts: a constructed series for every rule, and the published precision numbers."""

import numpy as np
import pandas as pd
import pytest
from test_potency import curve

from reuptake.figures import runcharts as figure
from reuptake.figures import style
from reuptake.potency import combine_experiments, usable
from reuptake.qc.runchart import (
    alike,
    between_run_sd,
    indistinguishable,
    msr,
    run_flags,
    runcharts_of,
    westgard,
)
from reuptake.tables import CURVES, typed

# eight runs with mean 9 and SD 0.1 exactly
BASE = 9 + 0.1 * np.array([1, -1] * 4) / np.sqrt(8 / 7)


def series(*steps: float):
    """The base, then runs at the given z by the limits that hold when they come."""
    values = list(BASE)
    for z in steps:
        kept = [v for v, p in zip(values, westgard(values), strict=True) if not abs(p.z) > 3]
        values.append(np.mean(kept) + z * np.std(kept, ddof=1))
    return westgard(values)


def test_limits_need_eight_runs():
    points = series(0.5)
    assert [p.verdict for p in points] == ["not established"] * 8 + ["in control"]
    assert (points[8].n_history, points[8].mean, points[8].sd) == pytest.approx((8, 9.0, 0.1))
    assert points[8].z == pytest.approx(0.5)
    far = westgard([*BASE[:7], 99.0])
    assert far[7].verdict == "not established"


@pytest.mark.parametrize(
    ("steps", "rules", "verdict"),
    [
        ([1.9], (), "in control"),
        ([2.1], ("1-2s",), "warning"),
        ([-2.9], ("1-2s",), "warning"),
        ([3.1], ("1-3s",), "out of control"),
        ([-3.1], ("1-3s",), "out of control"),
        ([2.1, 2.1], ("2-2s",), "out of control"),
        ([-2.2, -2.5], ("2-2s",), "out of control"),
        ([2.1, 1.9], (), "in control"),
        ([2.1, 0.0, 2.1], ("1-2s",), "warning"),
        ([2.1, -2.1], ("R-4s",), "out of control"),
        ([-2.6, 2.1], ("R-4s",), "out of control"),
        ([2.6, -1.9], (), "in control"),
        ([1.1, 1.2, 1.1, 1.3], ("4-1s",), "out of control"),
        ([-1.1, -1.2, -1.1, -1.3], ("4-1s",), "out of control"),
        ([1.1, 1.2, 0.9, 1.3], (), "in control"),
        ([1.1, 1.2, -1.1, 1.3], (), "in control"),
        ([0.2] * 9, (), "in control"),
        ([0.2] * 10, ("10-x",), "out of control"),
        ([-0.2] * 10, ("10-x",), "out of control"),
        ([0.2] * 9 + [-0.1], (), "in control"),
        ([3.5, 2.5], ("2-2s",), "out of control"),
    ],
)
def test_every_rule(steps, rules, verdict):
    last = series(*steps)[-1]
    assert last.z == pytest.approx(steps[-1])
    assert (last.rules, last.verdict) == (rules, verdict)


def test_what_is_beyond_3_sd_stays_out_of_later_limits():
    points = series(3.5, 0.0)
    assert points[9].n_history == 8
    assert (points[9].mean, points[9].sd) == pytest.approx((9.0, 0.1))


def test_a_later_run_changes_no_earlier_verdict():
    values = [*BASE, 9.21, 9.22, 8.7, 9.0]
    assert westgard(values)[:-1] == westgard(values[:-1])


def test_minimum_significant_ratio():
    control = [8.62, 8.70, 8.55, 8.66, 8.74, 8.59, 8.68, 8.63]
    s = np.std(control, ddof=1)
    assert np.mean(control) == pytest.approx(8.646250)
    assert s == pytest.approx(0.06139742, rel=1e-6)
    assert msr(s) == pytest.approx(1.4916197, rel=1e-6)
    assert msr(0.3, 0.4) == pytest.approx(10.0)
    assert indistinguishable(1.0, 1.49, msr(s))
    assert indistinguishable(1.49, 1.0, msr(s))
    assert not indistinguishable(1.0, 1.50, msr(s))


def test_results_that_cannot_be_told_apart():
    """SD 0.1: MSR 10^(0.2 sqrt 2), that is 0.2828 of log10. With SD 0.3 beside 0.1 0.6325."""
    x = np.array([1.0, 1.28, 1.29, 2.0])
    assert alike(x, np.full(4, 0.1)) == [[1], [2, 0], [1], []]
    assert alike(x, np.array([0.3, 0.1, 0.1, 0.1])) == [[1, 2], [2, 0], [1, 0], []]
    assert alike(x[::-1], np.full(4, 0.1)) == [[], [2], [1, 3], [2]]
    assert alike(x, np.full(4, 0.1), most=1) == [[1], [2], [1], []]
    # the same by every pair, on values at random
    rng = np.random.default_rng(3)
    x, sds = rng.normal(0, 0.4, 60), rng.uniform(0.02, 0.2, 60)
    for i, found in enumerate(alike(x, sds, most=99)):
        pairs = [j for j in range(60) if j != i]
        told = [j for j in pairs if indistinguishable(10 ** x[i], 10 ** x[j], msr(sds[i], sds[j]))]
        assert sorted(found) == told
        assert found == sorted(found, key=lambda j: abs(x[j] - x[i]))


def chart(potencies, **more) -> pd.DataFrame:
    """The table of a reference with these pKi, one run a day."""
    rows = [
        curve(10 ** (9 - p), f"run {i:02d}", role="reference", date=f"2026-01-{i + 1:02d}", **more)
        for i, p in enumerate(potencies)
    ]
    return runcharts_of(combine_experiments(usable(typed(pd.DataFrame(rows), CURVES))))


def test_the_table():
    table = chart([*BASE, 9.05, 9.5])
    ki = table[table.quantity == "Ki"].reset_index(drop=True)
    assert ki.verdict.tolist() == ["not established"] * 8 + ["in control", "out of control"]
    assert ki.rules[9] == "1-3s"
    assert ki.z[8] == pytest.approx(0.5)
    assert ki.msr.isna().tolist() == [True] * 5 + [False] * 5
    assert ki.msr[7] == pytest.approx(10 ** (2 * np.sqrt(2) * 0.1))
    # the run beyond 3 SD is not in the SD between runs
    assert ki.n_runs[9] == 9
    sd = np.std([*BASE, 9.05], ddof=1)
    assert between_run_sd(table)["sert_binding", "Ki", False] == pytest.approx((sd, 8))
    assert run_flags(table)["sert_binding", "Ki", "run 09", False] == (
        "reference compound X is out of control in run 09 [1-3s]"
    )


def test_the_order_is_that_of_the_dates():
    rows = [curve(1.0, f"e{i}", role="reference", date=d) for i, d in enumerate("cab")]
    table = runcharts_of(combine_experiments(usable(typed(pd.DataFrame(rows), CURVES))))
    assert table[table.quantity == "Ki"].experiment.tolist() == ["e1", "e2", "e0"]


def test_too_few_runs_give_no_sd_to_use_elsewhere():
    assert between_run_sd(chart(BASE[:7])) == {}
    assert ("sert_binding", "Ki", False) in between_run_sd(chart(BASE[:7]), least=6)


def test_sd_of_two_reference_compounds_is_pooled():
    both = pd.concat([chart(BASE), chart(9 + 2 * (BASE - 9), compound="Y")], ignore_index=True)
    sd, df = between_run_sd(both)["sert_binding", "Ki", False]
    assert (sd, df) == pytest.approx((np.sqrt((0.1**2 + 0.2**2) / 2), 14))


def test_limits_and_simulated_runs_are_not_charted_with_the_others():
    table = chart([9.0, 9.1], ki_qualifier="<")
    assert table.quantity.unique().tolist() == ["IC50"]
    assert chart([9.0], simulated=True).simulated.all()


def test_the_figure_marks_what_is_broken():
    table = chart([*BASE, 9.05, 9.5])
    ((assay, compound, quantity, simulated, data), *_) = figure.prepare({"runcharts": table})
    assert (assay, compound, quantity, simulated) == ("sert_binding", "X", "IC50", False)
    text = figure.caption(data)
    assert "Westgard rules: run 09 (1-3s)." in text
    smallest = 10 ** (2 * np.sqrt(2) * np.std([*BASE, 9.05], ddof=1))
    assert f"Minimum significant ratio {smallest:.2f}." in text
    with style.context():
        drawn = figure.draw(data)
    assert [t.get_text() for t in drawn.axes[0].texts] == ["1-3s"]
    labels = [t.get_text() for t in drawn.axes[0].get_legend().get_texts()]
    assert labels == ["not established", "in control", "out of control"]
    assert list(figure.prepare({"runcharts": table.iloc[:1]})) == []


def test_of_very_many_runs_the_newest_are_drawn(monkeypatch):
    monkeypatch.setattr(figure, "NEWEST", 4)
    table = chart([*BASE, 9.05, 9.5])
    (*_, data), *_ = figure.prepare({"runcharts": table})
    mine = table[table["quantity"] == "IC50"]
    assert data.rows["experiment"].tolist() == mine["experiment"].tolist()[-4:]
    assert f"newest 4 runs; {len(mine) - 4} earlier ones are not drawn" in figure.caption(data)
