"""Replicate experiments: worked numbers, a published example, and which runs are compared."""

import numpy as np
import pandas as pd
import pytest
from test_potency import curve

from reuptake.potency import combine_experiments, experiments_of, usable
from reuptake.qc.replicates import agreement, run_agreement_of
from reuptake.report.quality import agreement_table
from reuptake.tables import CURVES, typed

SHIFT = "a shift between the runs: the interval of the mean ratio does not hold 1"
SHORT = "20 compounds are needed for the minimum significant ratio, {} here"


def table(rows) -> pd.DataFrame:
    """run_agreement.csv of curves, as the stage makes it."""
    curves = typed(pd.DataFrame(rows), CURVES)
    used = usable(curves)
    return run_agreement_of(
        experiments_of(curves), combine_experiments(used[used.role == "reference"])
    )


def run(day: int, values, **more) -> list[dict]:
    """One run, with a compound for every value in nM."""
    about = {"date": f"2026-01-{day:02d}"} | more
    return [curve(v, f"run {day:02d}", compound=f"C{i:02d}", **about) for i, v in enumerate(values)]


def ki(found: pd.DataFrame) -> pd.DataFrame:
    return found[found.quantity == "Ki"].reset_index(drop=True)


def test_statistics_of_pairs():
    """d = 0.1, 0.3, 0.2: mean 0.2, SD 0.1; MR 10^0.2, MSR 10^0.2, limits 10^0 and 10^0.4."""
    found = agreement([0.1, 0.5, 0.3, 0.2, 0.5, 0.5], [7, 9, 7, 7, 9, 9])
    assert found.index.tolist() == [7, 9]
    shown = found[["n_compounds", "mean_ratio", "lower", "upper", "msr"]]
    assert shown.loc[7].tolist() == pytest.approx([3, 10**0.2, 1.0, 10**0.4, 10**0.2])
    assert shown.loc[9].tolist() == pytest.approx([3, 10**0.5, 10**0.5, 10**0.5, 1.0])
    # t of two degrees of freedom, from a table: 4.303
    error = 4.303 * 0.1 / np.sqrt(3)
    limits = found.loc[7, ["mean_ratio_lower", "mean_ratio_upper"]].tolist()
    assert np.log10(limits) == pytest.approx([0.2 - error, 0.2 + error], abs=1e-4)


def test_limits_of_agreement_as_published():
    """Peak flow by two meters in 17 subjects, Bland & Altman 1986, Lancet 327:307, table 1.

    Mean difference -2.1 l/min, SD 38.8; of these rounded numbers the limits -79.7 and 75.5. The
    95 % interval of the mean, by t of 16 degrees of freedom: -22.0 to 17.8.
    """
    large = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    d = np.subtract(large, mini)
    found = agreement(d / 100, np.zeros(17)).iloc[0]
    assert 100 * np.log10(found.mean_ratio) == pytest.approx(-2.1, abs=0.05)
    assert 50 * np.log10(found.msr) == pytest.approx(38.8, abs=0.05)
    assert 100 * np.log10([found.lower, found.upper]) == pytest.approx([-79.7, 75.5], abs=0.15)
    bias = 100 * np.log10([found.mean_ratio_lower, found.mean_ratio_upper])
    assert bias == pytest.approx([-22.0, 17.8], abs=0.1)


def test_twenty_compounds_in_two_runs():
    """Half of the ratios 10^0.15, half 10^0.05: mean 0.1, SD 0.05 sqrt(20/19)."""
    first = np.geomspace(0.1, 900, 20)
    second = first / 10 ** np.tile([0.15, 0.05], 10)
    (row,) = ki(table([*run(1, first), *run(2, second)])).itertuples()
    spread = 2 * 0.05 * np.sqrt(20 / 19)
    assert (row.first_experiment, row.second_experiment) == ("run 01", "run 02")
    assert (row.first_date, row.second_date) == ("2026-01-01", "2026-01-02")
    numbers = (row.n_compounds, row.mean_ratio, row.lower, row.upper, row.msr)
    limits = (10 ** (0.1 - spread), 10 ** (0.1 + spread))
    assert numbers == pytest.approx((20, 10**0.1, *limits, 10**spread))
    assert row.notes == SHIFT
    (row,) = ki(table([*run(1, first), *run(2, second[:19])])).itertuples()
    assert row.n_compounds == 19
    assert np.isnan([row.lower, row.upper, row.msr]).all()
    assert row.notes == f"{SHIFT}; {SHORT.format(19)}"


def test_a_shift_and_a_wide_scatter_are_noted():
    first = np.geomspace(0.1, 900, 20)
    shifted = ki(table([*run(1, first), *run(2, first / 10 ** np.tile([0.35, 0.25], 10))]))
    assert shifted.notes[0] == SHIFT
    # one compound up, the next down by as much: no shift
    even = ki(table([*run(1, first), *run(2, first / 10 ** np.tile([0.05, -0.05], 10))]))
    assert even.notes[0] == ""
    # SD 0.25 sqrt(20/19): MSR 3.25
    wide = ki(table([*run(1, first), *run(2, first / 10 ** np.tile([0.25, -0.25], 10))]))
    assert wide.msr[0] == pytest.approx(10 ** (0.5 * np.sqrt(20 / 19)))
    assert wide.notes[0] == "the minimum significant ratio is not below 3, the usual aim"


def test_two_compounds_or_limits_are_no_comparison():
    assert table([*run(1, [1, 2]), *run(2, [1, 2])]).empty
    limits = [curve(50, "run 02", compound="C02", qualifier=">", date="2026-01-02")]
    assert table([*run(1, [1, 2, 3]), *run(2, [1, 2]), *limits]).empty
    assert table([]).empty


def test_the_latest_run_with_compounds_in_common_is_taken():
    others = [row | {"compound": f"other {row['compound']}"} for row in run(2, [5, 6, 7])]
    rows = [*run(3, [2, 2, 2]), *others, *run(1, [1, 1, 1]), *run(4, [4, 4, 4])]
    found = ki(table(rows))
    assert list(zip(found.first_experiment, found.second_experiment, strict=True)) == [
        ("run 01", "run 03"),
        ("run 03", "run 04"),
    ]
    assert found.mean_ratio.tolist() == pytest.approx([0.5, 0.5])
    between = [
        row | {"compound": f"{row['compound']} of {day}"}
        for day in range(2, 7)
        for row in run(day, [5, 6, 7])
    ]
    assert table([*run(1, [1, 1, 1]), *between, *run(7, [2, 2, 2])]).empty
    assert len(ki(table([*run(1, [1, 1, 1]), *between[3:], *run(7, [2, 2, 2])]))) == 1


def test_only_like_is_compared_with_like():
    simulated = run(2, [1, 2, 3], simulated=True)
    assert table([*run(1, [1, 2, 3]), *simulated]).empty
    assert table([*run(1, [1, 2, 3]), *run(2, [1, 2, 3], assay="other")]).empty
    found = table([*run(1, [1, 2, 3], simulated=True), *simulated])
    assert found.simulated.all()
    assert sorted(found.quantity) == ["IC50", "Ki"]


def test_a_reference_stands_in_where_a_compound_has_no_curve_of_its_own():
    rows = [*run(1, [1, 2]), *run(2, [1, 2]), *run(3, [1, 2])]
    rows += [
        curve(5, f"run {day:02d}", compound="R", role="reference", date=f"2026-01-{day:02d}")
        for day in (1, 2, 3)
    ]
    rows += [curve(50, "run 03", compound="R", date="2026-01-03")]
    found = ki(table(rows))
    assert found.n_compounds.tolist() == [3, 3]
    # its own curve goes before the reference curve of the same run: 5/50 of one in three
    assert found.mean_ratio.tolist() == pytest.approx([1.0, 0.1 ** (1 / 3)])


def test_many_runs_give_the_pairs_of_a_plain_search():
    rng = np.random.default_rng(11)
    rows, have = [], []
    for day in range(1, 25):
        chosen = sorted(rng.choice(12, size=rng.integers(1, 8), replace=False).tolist())
        have.append(set(chosen))
        rows += [row for i, row in enumerate(run(day, rng.uniform(1, 9, 12))) if i in chosen]
    expected = []
    for i, mine in enumerate(have):
        for j in range(i - 1, max(i - 6, -1), -1):
            if len(mine & have[j]) >= 3:
                expected.append((f"run {j + 1:02d}", f"run {i + 1:02d}", len(mine & have[j])))
                break
    found = ki(table(rows))
    columns = (found.first_experiment, found.second_experiment, found.n_compounds)
    assert list(zip(*columns, strict=True)) == expected
    assert 0 < len(expected) < 23


def test_the_report_shows_the_rows():
    shown = agreement_table(table([*run(1, [1, 1, 1]), *run(2, [2, 2, 2])]))
    cells = [cell.text for cell in shown.rows[1].cells]
    assert cells[:8] == ["sert_binding", "Ki", "run 01", "2026-01-01", "run 02", "2026-01-02",
                         "3", "0.500"]  # fmt: skip
    assert shown.rows[1].cells[-1].notes == (SHIFT, SHORT.format(3))
