"""Status, qualifier and flags: each rule with a case made for it, and no ugly curve silent."""

import numpy as np
import pytest
from simulated_curves import (
    BLOCK,
    VEHICLE,
    DOSES_nM,
    fit_one,
    inhibition,
    simulate,
    with_controls,
)

from reuptake.curves import choice
from reuptake.curves.fit import fit_curves
from reuptake.curves.groups import batches

pytestmark = pytest.mark.filterwarnings("error")

TRIPLICATE = np.repeat(DOSES_nM, 3)
HIGHEST = DOSES_nM[-1]
# scatter that sums to zero in every triplicate, so that means are exact
SCATTER = np.tile([-2.0, 0.0, 2.0], 10)


def triplicates(level, *, controls=True, top=100.0, bottom=0.0):
    """Fit ten triplicates of known means, with quiet control wells or without any."""
    response = np.broadcast_to(level, 30) + SCATTER
    if not controls:
        return fit_one(TRIPLICATE, response)
    c = np.r_[TRIPLICATE, np.full(9, VEHICLE), np.full(6, BLOCK)]
    ends = np.r_[top + np.tile([-2, 0, 2], 3), bottom + np.tile([-2, 0, 2], 2)]
    return fit_one(c, np.r_[response, ends])


def test_ok():
    row = triplicates(inhibition(TRIPLICATE, 100))
    assert (row.status, row.ic50_qualifier, row["flags"]) == ("ok", "=", "")
    assert row.ic50_nM == pytest.approx(100)
    assert 0 < row.ic50_lower_nM < row.ic50_nM < row.ic50_upper_nM
    assert (row.ic50_absolute_qualifier, row.ic50_absolute_nM) == ("=", pytest.approx(100))
    assert row.ic50_cleaned_nM == row.ic50_nM
    assert (row.n_points, row.n_concentrations, row.df) == (30, 10, 42)


def test_a_limit_says_when_the_fit_could_as_well_lie_inside():
    """An IC50 just above the highest dose is a limit, and the interval crosses that dose."""
    inside = "interval reaches into the tested range"
    near = triplicates(inhibition(TRIPLICATE, 1.02 * HIGHEST))
    far = triplicates(inhibition(TRIPLICATE, 3 * HIGHEST))
    assert (near.ic50_qualifier, far.ic50_qualifier) == (">", ">")
    assert inside in near["flags"]
    assert inside not in far["flags"]
    near = triplicates(inhibition(TRIPLICATE, DOSES_nM[0] / 1.02))
    assert (near.ic50_qualifier, inside in near["flags"]) == ("<", True)


def test_partial_keeps_its_relative_ic50():
    row = triplicates(inhibition(TRIPLICATE, 100, bottom=40))
    assert (row.status, row.ic50_qualifier) == ("partial", "=")
    assert row.ic50_nM == pytest.approx(100)
    # 100 (60/10 - 1)
    assert (row.ic50_absolute_qualifier, row.ic50_absolute_nM) == ("=", pytest.approx(500))
    assert row["flags"] == "partial inhibition: 40 % of the window remains"


def test_partial_above_half_way_has_its_absolute_ic50_above_the_highest_tested():
    row = triplicates(inhibition(TRIPLICATE, 100, bottom=60))
    assert (row.status, row.ic50_qualifier) == ("partial", "=")
    assert row.ic50_nM == pytest.approx(100)
    assert (row.ic50_absolute_qualifier, row.ic50_absolute_nM) == (">", HIGHEST)


def test_a_plateau_within_a_fifth_of_the_window_is_not_its_own():
    row = triplicates(inhibition(TRIPLICATE, 100, bottom=15))
    assert row.status == "ok"
    assert "own plateau" not in row.model


def test_a_plateau_below_full_block_is_not_called_partial_inhibition():
    row = triplicates(inhibition(TRIPLICATE, 100, bottom=-40))
    assert row.ic50_nM == pytest.approx(100)
    assert "lower plateau 40 % of the window below full block" in row["flags"]
    assert "partial inhibition" not in row["flags"]


@pytest.mark.parametrize("controls", [True, False])
def test_incomplete_above(controls):
    row = triplicates(inhibition(TRIPLICATE, 2 * HIGHEST), controls=controls)
    assert (row.status, row.ic50_qualifier, row.ic50_nM) == ("incomplete", ">", HIGHEST)
    assert (row.ic50_absolute_qualifier, row.ic50_absolute_nM) == (">", HIGHEST)
    # at the highest tested 1/(1 + 2) of the window is gone
    assert "33 % effect at the highest tested" in row["flags"]
    assert np.isnan(row[["ic50_lower_nM", "ic50_upper_nM", "ic50_cleaned_nM"]].tolist()).all()
    if not controls:
        assert "no vehicle wells" in row["flags"]
        assert "no full-block wells" in row["flags"]


def test_incomplete_below():
    row = triplicates(inhibition(TRIPLICATE, 0.25))
    assert (row.status, row.ic50_qualifier, row.ic50_nM) == ("incomplete", "<", 1.0)
    assert "80 % effect at the lowest tested" in row["flags"]


def test_a_saturated_partial_inhibitor_is_neither_inactive_nor_silent():
    """The same 40 % effect at every concentration: half way is never crossed."""
    row = triplicates(60.0)
    assert (row.status, row.ic50_qualifier, row.ic50_nM) == ("incomplete", ">", HIGHEST)
    assert "40 % effect at the highest tested" in row["flags"]
    assert "lack of fit" in row["flags"]


@pytest.mark.parametrize("controls", [True, False])
@pytest.mark.parametrize("effect", [0, 15])
def test_inactive(controls, effect):
    level = inhibition(TRIPLICATE, 300, bottom=100 - effect) if effect else 100.0
    row = triplicates(level, controls=controls)
    assert (row.status, row.ic50_qualifier, row.ic50_nM) == ("inactive", ">", HIGHEST)
    assert f"effect {effect} % at the highest tested" in row["flags"]


def test_ambiguous_with_an_open_profile():
    """Half a curve and no controls: nothing says where the lower plateau lies."""
    row = fit_one([1, 10, 100, 1000, 3000, 10000], [104, 95, 103, 94, 70, 44])
    assert (row.status, row.ic50_qualifier) == ("ambiguous", "=")
    assert "IC50 unbounded above" in row["flags"]
    assert 0 < row.ic50_lower_nM < row.ic50_nM
    assert row.ic50_upper_nM == np.inf


def test_an_extrapolated_ic50_is_a_limit():
    """Half way to zero is crossed, but the bottom lies far below and the IC50 beyond."""
    row = triplicates(inhibition(TRIPLICATE, 2 * HIGHEST, bottom=-150), controls=False)
    assert (row.status, row.ic50_qualifier, row.ic50_nM) == ("incomplete", ">", HIGHEST)
    # 250/(1 + c/2H) = 200 at c = H/2
    assert row.ic50_absolute_qualifier == "="
    assert row.ic50_absolute_nM == pytest.approx(HIGHEST / 2, rel=1e-6)
    # 250/3 = 83 of 100 gone
    assert "lower plateau not reached: 83 % effect at the highest tested" in row["flags"]


@pytest.mark.parametrize(
    ("concentration", "response", "reason"),
    [
        ([1, 10, 100] * 4, [100, 50, 0] * 4, "too few concentrations: 3, at least 4"),
        ([1, 10, 100, 1000], [100, 80, 30, 5], "too few wells"),
        (DOSES_nM, np.full(10, 37.0), "no spread"),
        (DOSES_nM, np.zeros(10), "no spread"),
        (DOSES_nM, np.full(10, np.nan), "no usable wells"),
        (DOSES_nM, np.full(10, np.inf), "no usable wells"),
        (TRIPLICATE, 100 - inhibition(TRIPLICATE, 100) + SCATTER, "rises with concentration"),
        (TRIPLICATE, -inhibition(TRIPLICATE, 100), "rises with concentration"),
    ],
)
def test_failed_with_the_reason(concentration, response, reason):
    row = fit_one(concentration, response)
    assert (row.status, row.ic50_qualifier) == ("failed", "")
    assert reason in row["flags"]
    assert np.isnan(row[["ic50_nM", "ic50_absolute_nM", "ic50_lower_nM"]].tolist()).all()


def test_percent_inhibition_in_place_of_response_is_refused():
    """Vehicle 0, full block 100, an active compound: not inactive at the highest tested."""
    row = triplicates(100 - inhibition(TRIPLICATE, 100), top=0.0, bottom=100.0)
    assert (row.status, row.ic50_qualifier) == ("failed", "")
    assert "rises with concentration" in row["flags"]
    assert "are the two exchanged?" in row["flags"]


def test_a_rise_above_vehicle_is_told():
    row = triplicates(inhibition(TRIPLICATE, 100, bottom=160))
    assert (row.status, row.ic50_qualifier) == ("inactive", ">")
    assert "response rises above vehicle, to 160 %" in row["flags"]


@pytest.mark.parametrize(("ic50_nM", "below", "above"), [(2.0, 1, 9), (2e4, 9, 1)])
def test_ic50_at_the_edge(ic50_nM, below, above):
    row = triplicates(inhibition(TRIPLICATE, ic50_nM))
    assert row.status == "ok"
    assert f"IC50 at the edge: {below} concentrations below it, {above} above" in row["flags"]


def test_slope_is_free_only_where_it_pays():
    assert triplicates(inhibition(TRIPLICATE, 100, hill=2)).hill == pytest.approx(2, rel=1e-6)
    assert triplicates(inhibition(TRIPLICATE, 100, hill=1)).model == "3PL"


def test_a_slope_at_its_limit_is_not_adopted():
    row = triplicates(np.where(TRIPLICATE < 80, 100.0, 0.0))
    assert row.model == "3PL"
    assert row.hill == 1
    assert row.hill_free > 9.9
    assert "lack of fit" in row["flags"]


def test_gain_from_a_parameter_is_bounded_by_nesting():
    """The fuller model never fits worse, so F is never negative."""
    curve, concentration, response, _ = simulate(200, seed=31)
    x = np.log10(concentration, out=np.full(len(curve), -np.inf), where=concentration > 0)
    (batch,) = batches(curve, x, response)
    adopted = choice._Adopted(batch, batch.weight, 0)
    assert (adopted.four.ss <= adopted.three.ss * (1 + 1e-12)).all()


def ugly(change, *, controls, n=20, seed=40, log10_ic50=(1.0, 3.5), hill=(0.7, 1.4)):
    """Twenty curves of the clean design, each changed by `change(response, rng, c)`."""
    rng = np.random.default_rng(seed)
    curve, c, response, truth = simulate(
        n, seed=seed, controls=controls, log10_ic50=log10_ic50, hill=hill
    )
    response = response.copy()
    for i in range(n):
        mine = curve == i
        response[mine] = change(response[mine], rng, c[mine])
    return fit_curves(curve, c, response, n), truth


@pytest.mark.parametrize("controls", [True, False])
class TestUglyCurves:
    """The list of curves with which the field's tools go wrong in silence."""

    def test_flat(self, controls):
        def flat(y, rng, c):
            return np.where(c == BLOCK, y, 100 + rng.normal(0, 5, len(y)))

        rows, _ = ugly(flat, controls=controls)
        assert set(rows.status) <= {"inactive", "incomplete"}
        assert (rows.status == "inactive").sum() >= 19
        assert (rows.ic50_qualifier == ">").all()

    @pytest.mark.parametrize("decades", [0.5, 1.0])
    def test_ic50_above_the_highest_tested(self, controls, decades):
        place = (4.5 + decades, 4.5 + decades)
        rows, _ = ugly(lambda y, rng, c: y, controls=controls, log10_ic50=place, hill=(1, 1))
        assert (rows.ic50_qualifier == ">").all()
        assert (rows.ic50_nM == HIGHEST).all()

    @pytest.mark.parametrize("size", [90, 150])
    def test_one_gross_outlier(self, controls, size):
        def move(y, rng, c):
            y[rng.integers(30)] += size * rng.choice([-1, 1])
            return y

        rows, truth = ugly(move, controls=controls)
        assert rows["flags"].str.contains("outlying wells by ROUT").all()
        error = np.abs(np.log10(rows.ic50_cleaned_nM) - truth)
        assert error.notna().sum() >= 18
        assert error.median() < 0.1

    def test_hook(self, controls):
        def hook(y, rng, c):
            return y + 30 * (c == DOSES_nM[-2]) + 60 * (c == HIGHEST)

        rows, truth = ugly(hook, controls=controls, log10_ic50=(1.0, 2.5))
        assert rows["flags"].str.contains("hook").all()
        without = rows["flags"].str.extract(r"without the top [12]: IC50 ([0-9.,]+) nM")[0]
        error = np.abs(np.log10(without.str.replace(",", "").astype(float)) - truth)
        assert error.notna().all()
        assert error.median() < 0.15

    def test_missing_wells(self, controls):
        def lose(y, rng, c):
            y[rng.choice(30, rng.integers(2, 7), replace=False)] = np.nan
            return y

        rows, truth = ugly(lose, controls=controls)
        assert set(rows.n_points) <= {24, 25, 26, 27, 28}
        assert (np.abs(np.log10(rows.ic50_nM) - truth) < 0.5).all()
        assert rows.status.isin(["ok", "partial"]).all()

    def test_constant(self, controls):
        rows, _ = ugly(lambda y, rng, c: np.full_like(y, 100.0), controls=controls)
        assert (rows.status == "failed").all()
        assert rows["flags"].str.startswith("no spread").all()

    def test_three_concentrations(self, controls):
        kept = [*DOSES_nM[3:6], VEHICLE, BLOCK]
        rows, _ = ugly(lambda y, rng, c: np.where(np.isin(c, kept), y, np.nan), controls=controls)
        assert (rows.status == "failed").all()
        assert rows["flags"].str.startswith("too few concentrations: 3").all()


def test_outlying_wells_are_told_by_their_place():
    response = inhibition(TRIPLICATE, 100) + SCATTER
    response[[3, 4, 15]] += [90, 90, -150]  # twice 3.16 nM, once 316 nM
    c, y = with_controls(TRIPLICATE, response)
    y[30] += 70
    row = fit_one(c, y)
    assert "outlying wells by ROUT: vehicle, 2 at 3.16 nM, 316 nM (IC50 without" in row["flags"]
    assert row.ic50_cleaned_nM == pytest.approx(100, rel=0.02)


def test_hook_near_the_top_and_its_false_alarms():
    """The verdict hangs on the top concentrations there: a smaller rise is told, rarely in vain."""
    n, rng = 1000, np.random.default_rng(50)
    curve, c, response, _ = simulate(n, seed=51, log10_ic50=(3.5, 4.2))
    come_back = 30.0 * (c == DOSES_nM[-2]) + 60.0 * (c == HIGHEST)
    hooked = fit_curves(curve, c, response + come_back, n, interval="none")
    assert hooked["flags"].str.contains("hook:").mean() > 0.75
    flat = np.where(c == BLOCK, 5.0, 100.0) + rng.normal(0, 5, len(c))
    quiet = fit_curves(curve, c, flat, n, interval="none")
    assert quiet["flags"].str.contains("hook:").mean() < 0.04


def test_a_refused_curve_still_tells_of_its_hook():
    response = inhibition(TRIPLICATE, 2.0) + SCATTER
    response += 60.0 * (DOSES_nM[-2] == TRIPLICATE) + 160.0 * (HIGHEST == TRIPLICATE)
    row = fit_one(TRIPLICATE, response)
    assert row.status == "failed"
    assert "rises with concentration" in row["flags"]
    assert "hook:" in row["flags"]


@pytest.mark.parametrize(("step", "flagged"), [(100.0, True), (10.0, False)])
def test_an_ic50_between_doses_far_apart_is_told(step, flagged):
    doses = np.repeat(1.0 * step ** np.arange(6.0), 3)
    ic50 = doses[6] * np.sqrt(step)
    scatter = np.tile([-2.0, 0.0, 2.0], 6)
    row = fit_one(*with_controls(doses, inhibition(doses, ic50) + scatter))
    assert row.ic50_nM == pytest.approx(ic50, rel=1e-3)
    assert (f"IC50 in a gap of {step:.0f}-fold between doses" in row["flags"]) == flagged


def test_an_open_slope_is_ambiguous():
    """From one dose to the next the response is gone: any steep slope will do."""
    row = triplicates(inhibition(TRIPLICATE, 100, hill=5))
    assert row.status == "ambiguous"
    assert "Hill slope unbounded above" in row["flags"]
    assert row.ic50_upper_nM < 120


def test_wells_at_concentration_zero_are_vehicle():
    doses = np.r_[np.zeros(4), DOSES_nM]
    row = fit_one(doses, inhibition(doses, 100))
    assert row.ic50_nM == pytest.approx(100)
    assert (row.n_points, row.lowest_tested_nM) == (10, 1.0)


def test_error_free_controls_need_no_scatter():
    row = fit_one(*with_controls(DOSES_nM, inhibition(DOSES_nM, 100)))
    assert row.ic50_nM == pytest.approx(100)
    assert (row.ic50_lower_nM, row.ic50_upper_nM) == pytest.approx((100, 100), rel=1e-6)
