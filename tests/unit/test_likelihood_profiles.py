"""Profile likelihood of the IC50: against another optimiser, and the limits of the engine."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares
from scipy.stats import f as f_distribution
from simulated_curves import DOSES_nM, inhibition, simulate

from reuptake.curves import choice
from reuptake.curves.fit import fit_curves
from reuptake.curves.groups import batches
from reuptake.figures import profiles, style

PLACES = ["log10_ic50", "log10_lower", "log10_upper", "x_low", "x_high"]


def data_of(curve, concentration, response, table, simulated=False) -> profiles.ProfileData:
    shown = table.index[table.ic50_qualifier == "="]
    numbers = ["ic50_nM", "ic50_lower_nM", "ic50_upper_nM", "lowest_tested_nM", "highest_tested_nM"]
    with np.errstate(divide="ignore"):
        places = np.log10(table.loc[shown, numbers].to_numpy(float))
    curves = pd.DataFrame(places, columns=PLACES).assign(
        series="SERT",
        target="SERT",
        left_out=False,
        model=table.loc[shown, "model"].to_numpy(),
        counting_per_unit=np.nan,
        proportional_error=np.nan,
    )
    number = {old: new for new, old in enumerate(shown)}
    kept = np.isin(curve, shown)
    wells = pd.DataFrame(
        {
            "curve": [number[i] for i in curve[kept]],
            "concentration_nM": concentration[kept],
            "signal": response[kept],
        }
    )
    return profiles.ProfileData("A, binding", curves, wells, {}, simulated)


@pytest.fixture(scope="module")
def fitted() -> profiles.ProfileData:
    curve, concentration, response, _ = simulate(60, seed=31)
    table = fit_curves(curve, concentration, response, 60)
    return data_of(curve, concentration, response, table)


def test_height_by_another_optimiser(fitted):
    """(SS - SS_min) nu / (SS_min F(0.95; 1, nu)) with scipy fitting all but log10 IC50."""
    for i in np.flatnonzero(fitted.curves.model == "4PL")[:4]:
        wells = fitted.wells[fitted.wells.curve == i]
        with np.errstate(divide="ignore"):
            x, y = np.log10(wells.concentration_nM.to_numpy()), wells.signal.to_numpy()

        def residual(p, place, x=x, y=y):
            with np.errstate(over="ignore"):
                return p[1] + (p[0] - p[1]) / (1 + 10 ** ((x - place) * np.exp(p[2]))) - y

        start = [y.max(), y.min(), 0.0]
        best = least_squares(lambda p: residual(p[:3], p[3]), [*start, fitted.curves.log10_ic50[i]])
        df = len(y) - 4
        room = 2 * best.cost * f_distribution.ppf(0.95, 1, df) / df
        at = fitted.curves.log10_ic50[i] + np.array([-0.2, -0.05, 0.1, 0.3])
        expected = [
            (2 * least_squares(residual, start, args=(v,), xtol=1e-14, ftol=1e-14).cost
             - 2 * best.cost) / room
            for v in at
        ]  # fmt: skip
        grid = np.tile(at, (len(fitted.curves), 1))
        found = profiles.profiles_of(fitted, grid)[i]
        assert found == pytest.approx(expected, rel=1e-4)


def test_it_is_one_at_the_limits_of_the_table(fitted):
    curves = fitted.curves
    for name in ("log10_lower", "log10_upper"):
        limit = curves[name].to_numpy()
        closed = np.isfinite(limit)
        assert closed.sum() > 50
        at = np.where(closed, limit, 0.0)[:, None]
        assert profiles.profiles_of(fitted, at)[closed, 0] == pytest.approx(1.0, abs=1e-6)


def test_own_plateau_missing_controls_and_counting_weights():
    """The limits of :func:`choose` again, where its interval is not that of the plain 3PL."""
    rng = np.random.default_rng(5)
    dose = np.r_[np.repeat(DOSES_nM, 2), np.zeros(6), np.full(6, np.inf)]
    partial = inhibition(dose, 30.0, top=4800, bottom=2400)
    partial[np.isinf(dose)] = 600
    bare = dose[np.isfinite(dose) & (dose > 0)]
    sets = [(dose, partial), (bare, inhibition(bare, 100.0, top=4800, bottom=0))]
    curve = np.repeat([0, 1], [len(x) for x, _ in sets])
    x, y = (np.concatenate(a) for a in zip(*sets, strict=True))
    y = y + rng.normal(size=len(y)) * np.sqrt(np.abs(y) + (0.04 * y) ** 2)
    poisson, c = np.ones(2), np.full(2, 0.04)
    table = fit_curves(curve, x, y, 2, poisson_per_unit=poisson, c=c)
    assert table.model.tolist() == ["3PL, own plateau", "3PL"]
    data = data_of(curve, x, y, table)
    curves = data.curves.assign(counting_per_unit=1.0, proportional_error=0.04)
    data = profiles.ProfileData(data.title, curves, data.wells, {}, False)
    heights = profiles.profiles_of(data, curves[["log10_lower", "log10_upper"]].to_numpy())
    assert heights == pytest.approx(np.ones((2, 2)), abs=1e-6)


def test_scatterless_wells_have_no_profile():
    dose = np.repeat(DOSES_nM, 2)
    with np.errstate(divide="ignore"):
        (batch,) = batches(np.zeros(len(dose), int), np.log10(dose), inhibition(dose, 50.0))
    chosen = choice.choose(batch, interval="none")
    heights = choice.profiled(batch, chosen, np.array([[1.0, 2.0]]))
    assert np.isnan(heights).all() or (heights > 1e6).all()


def test_an_open_side_ends_in_an_arrow_and_closed_ones_do_not(fitted):
    dose = np.repeat(DOSES_nM[:6], 2)
    response = inhibition(dose, 150.0)
    response = response + np.random.default_rng(2).normal(size=len(dose)) * 9
    table = fit_curves(np.zeros(len(dose), int), dose, response, 1)
    assert table.status[0] == "ambiguous"
    data = data_of(np.zeros(len(dose), int), dose, response, table)
    text = profiles.caption(data)
    assert "n = 1 curve; " in text
    with style.context():
        (panel,) = profiles.draw(data).axes
    arrows = [line for line in panel.lines if line.get_marker() in "<>" and len(line.get_xdata())]
    n_open = int(np.isinf(data.curves[["log10_lower", "log10_upper"]].to_numpy()).sum())
    assert len(arrows) == n_open > 0
    assert f"{n_open} open side" in text


def test_every_curve_is_a_line_with_its_estimate_and_limits(fitted):
    with style.context():
        (panel,) = profiles.draw(fitted).axes
    assert sum(len(c.get_segments()) for c in panel.collections) == len(fitted.curves)
    (dots,) = [line for line in panel.lines if line.get_marker() == "o"]
    assert np.sort(dots.get_xdata()) == pytest.approx(np.sort(fitted.curves.log10_ic50))
    assert (dots.get_ydata() == 0).all()
