"""Options of ``reuptake fit``: weights, model, interval, and the picture of the curves."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from longtables import (
    COMPETITION_CPM,
    COMPETITION_NM,
    DOSES_NM,
    GOOD,
    HEADER,
    logistic,
    rows,
    with_cells,
)
from scipy.optimize import curve_fit

SCRIPT = Path(sys.executable).with_name("reuptake")
COMPETITION = HEADER + rows("c", COMPETITION_NM, COMPETITION_CPM)
# The same data weighted, by an independent implementation: log10 IC50 in M, its profile
# limits, and the weighted sum of squares.
POISSON = -8.90566, (-8.9432, -8.8683), 7.94837
POISSON_AND_TWO_PERCENT = -8.90490, (-8.9408, -8.8692), 3.74051


def assert_fitted(c, reference, factor: float = 1.0) -> None:
    log10_ic50, limits, ss = reference
    assert np.log10(c.ic50_nM) - 9 == pytest.approx(log10_ic50, abs=6e-6)
    profiled = np.log10([c.ic50_lower_nM, c.ic50_upper_nM]) - 9
    assert profiled == pytest.approx(limits, abs=1e-4)
    assert c.rss == pytest.approx(ss * factor, rel=1e-5)


def test_counts_are_weighted_by_their_counting_error(fit):
    outcome, answers = fit(COMPETITION, "--weights", "counting")
    assert outcome.code == 0
    assert "c = 0, as there are no replicates" in outcome.text
    assert_fitted(answers.loc["c"], POISSON)
    assert answers.loc["c", "proportional_error"] == 0


@pytest.mark.parametrize(("time", "minutes"), [("1 min", 1), ("120 s", 2), ("0.5 min", 0.5)])
def test_counts_per_minute_need_their_time(fit, time, minutes):
    """Var = CPM/t: the time changes the weights by one factor, and so only the sum of squares."""
    outcome, answers = fit(COMPETITION, "--weights", "counting", "--count-time", time)
    assert outcome.code == 0
    assert_fitted(answers.loc["c"], POISSON, minutes)


def test_proportional_error_comes_from_the_replicates_of_the_whole_table(fit):
    """A pair with mean 10,000 and variance 10,000 + (0.02 * 10,000)^2 = 50,000: c = 0.02."""
    away = np.sqrt(50_000 / 2)
    pair = rows("pair", [1, 1], [10_000 - away, 10_000 + away])
    outcome, answers = fit(COMPETITION + pair, "--weights", "counting", "--count-time", "60 s")
    assert outcome.code == 1  # two wells are no curve
    assert "long.csv: counting weights with proportional error c = 0.02, from 1 set" in outcome.text
    assert answers.proportional_error.tolist() == pytest.approx([0.02, 0.02], rel=1e-9)
    assert_fitted(answers.loc["c"], POISSON_AND_TWO_PERCENT)


def test_replicates_of_shared_controls_count_once(fit):
    """Shared vehicle wells (variance 50,000 at 10,000) beside two curves: still one set of 2."""
    away = np.sqrt(50_000 / 2)
    shared = rows("", [0, 0], [10_000 - away, 10_000 + away])
    curves = rows("a", COMPETITION_NM, COMPETITION_CPM) + rows("b", COMPETITION_NM, COMPETITION_CPM)
    outcome, answers = fit(
        HEADER + curves + shared, "--weights", "counting", "--count-time", "1 min"
    )
    assert outcome.code == 0
    assert "c = 0.02, from 1 set" in outcome.text
    assert answers.proportional_error.tolist() == pytest.approx([0.02, 0.02], rel=1e-9)


@pytest.mark.parametrize(
    ("value", "options", "words"),
    [
        ("-3", (), "line 14, response: a negative count (found '-3')"),
        ("-3", ("--count-time", "1 min"), "line 14, response: a negative count (found '-3')"),
        ("12.5", (), "line 14, response: not a whole number (found '12.5'). Give counts, or for"),
    ],
)
def test_what_was_not_counted_is_refused(fit, value, options, words):
    table = COMPETITION + rows("bad", COMPETITION_NM, [value, *COMPETITION_CPM[1:]])
    outcome, answers = fit(table, "--weights", "counting", *options)
    assert outcome.code == 1
    assert f"long.csv, {words}" in outcome.text
    assert answers.loc["bad", "flags"] == "not fitted: bad row in line 14"
    assert_fitted(answers.loc["c"], POISSON)


def test_a_whole_table_that_was_not_counted_is_told_once(fit):
    percent = [value + 0.25 for value in logistic(DOSES_NM, 7)]
    table = HEADER + "".join(rows(f"c{i}", DOSES_NM, percent) for i in range(40))
    outcome, answers = fit(table, "--weights", "counting")
    assert outcome.code == 1
    more = 40 * len(DOSES_NM) - 20
    assert f"long.csv, response: not a whole number, in {more} rows more. Give" in outcome.text
    assert outcome.text.count("not a whole number") == 21
    assert set(answers.status) == {"failed"}


SD = [60, 20, 45, 80, 30, 25, 18, 10, 12, 9, 7, 11]


def three_parameters(x, log10_ic50, top, bottom):
    return bottom + (top - bottom) / (1 + 10 ** (x - log10_ic50))


def four_parameters(x, log10_ic50, hill, top, bottom):
    return bottom + (top - bottom) / (1 + 10 ** ((x - log10_ic50) * hill))


def test_weights_by_sd_are_those_of_scipy(fit):
    outcome, answers = fit(with_cells(COMPETITION, "sd", *SD), "--weights", "sd", "--model", "3PL")
    assert (outcome.code, outcome.text) == (0, "")
    x = np.log10(COMPETITION_NM)
    best, covariance = curve_fit(
        three_parameters, x, COMPETITION_CPM, (0.0, 5000, 500), sigma=SD, xtol=1e-14, ftol=1e-14
    )
    c = answers.loc["c"]
    assert np.log10(c.ic50_nM) == pytest.approx(best[0], abs=1e-7)
    assert (c.top, c.bottom) == pytest.approx(tuple(best[1:]), rel=1e-7)
    assert c.log10_ic50_se == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-5)


@pytest.mark.parametrize(
    ("sd", "words"),
    [
        ("", "sd: no standard deviation. Give it in every row that has a response"),
        ("NA", "sd: no standard deviation. Give it"),
        ("0", "sd: a standard deviation of zero (found '0'). Give one above zero"),
        ("-2", "sd: a negative standard deviation (found '-2')"),
        ("two", "sd: not a number (found 'two')"),
    ],
)
def test_a_row_without_a_usable_sd_refuses_its_curve(fit, sd, words):
    table = with_cells(
        HEADER + GOOD.replace("good", "bad") + rows("c", COMPETITION_NM, COMPETITION_CPM),
        "sd",
        sd,
        *[1.0] * (len(DOSES_NM) - 1),
        *SD,
    )
    outcome, answers = fit(table, "--weights", "sd")
    assert outcome.code == 1
    assert f"long.csv, line 2, {words}" in outcome.text
    assert answers.loc["bad", "flags"] == "not fitted: bad row in line 2"
    _, alone = fit(with_cells(COMPETITION, "sd", *SD), "--weights", "sd")
    assert answers.loc["c", "ic50_nM"] == alone.loc["c", "ic50_nM"]


def test_a_missing_well_needs_no_sd(fit):
    table = with_cells(COMPETITION, "sd", *SD)
    outcome, answers = fit(table + "c,1,nM,,\n", "--weights", "sd")
    assert outcome.code == 0, outcome.text
    assert answers.loc["c", "n_points"] == len(SD)


def test_weights_by_sd_without_the_column_answer_nothing(fit):
    outcome, answers = fit(COMPETITION, "--weights", "sd")
    assert outcome.code == 1
    assert "long.csv, line 1, sd: the column is missing. Add it" in outcome.text
    assert answers is None


def test_the_slope_is_held_or_fitted_as_told(fit):
    """Data with a slope of 1.5: 3PL holds 1; 4PL and the choice find what scipy finds."""
    noise = np.tile([1.0, -1.0, 0.5], 4)[: len(DOSES_NM)]
    response = np.array(logistic(DOSES_NM, 30, hill=1.5)) + noise
    table = HEADER + rows("c", DOSES_NM, response)
    x = np.log10(DOSES_NM)
    by_scipy = {
        "3PL": curve_fit(three_parameters, x, response, (1.0, 100, 0))[0],
        "4PL": curve_fit(four_parameters, x, response, (1.0, 1.0, 100, 0))[0],
    }
    for model, fitted in (("3PL", "3PL"), ("4PL", "4PL"), ("auto", "4PL")):
        outcome, answers = fit(table, "--model", model)
        assert outcome.code == 0
        c, best = answers.loc["c"], by_scipy[fitted]
        assert c.model.startswith(fitted)
        assert np.log10(c.ic50_nM) == pytest.approx(best[0], abs=1e-5)
        assert c.hill == pytest.approx(best[1] if fitted == "4PL" else 1.0, rel=1e-4)


def two_site(x):
    return 100 - 60 / (1 + 10 ** (0.5 - x)) - 40 / (1 + 10 ** (3.0 - x))


def five_parameters(x):
    """Asymmetry 2, located at its half-way point 1.5: (1 + k)^-2 = 1/2 there."""
    return 5 + 95 / (1 + (np.sqrt(2) - 1) * 10 ** (1.2 * (x - 1.5))) ** 2


def gain_loss(x):
    return 100 - 90 / (1 + 10 ** (0.5 - x)) / (1 + 10 ** (2 * (x - 3.5)))


@pytest.mark.parametrize(
    ("model", "curve", "parameters"),
    [
        ("two-site", two_site, {"ic50_1_nM": 10**0.5, "ic50_2_nM": 1000, "fraction": 0.6}),
        ("5PL", five_parameters, {"ic50_nM": 10**1.5, "hill": 1.2, "asymmetry": 2}),
        ("gain-loss", gain_loss, {"ic50_nM": 10**0.5, "loss_decades": 3, "loss_hill": 2}),
    ],
)
def test_other_models_find_the_parameters_of_their_equation(fit, model, curve, parameters):
    """Responses by the equation, with a scatter of 0.001; top 100."""
    x = np.linspace(-1.5, 5.5, 29)
    noise = np.random.default_rng(7).normal(0, 1e-3, len(x))
    outcome, answers = fit(HEADER + rows("c", 10.0**x, curve(x) + noise), "--model", model)
    assert outcome.code == 0
    c = answers.loc["c"]
    assert c.model == model
    for name, value in {**parameters, "top": 100}.items():
        assert c[name] == pytest.approx(value, rel=2e-3), name
        if name != "top":
            stem, unit = (name[:-3], "_nM") if name.endswith("_nM") else (name, "")
            assert c[f"{stem}_lower{unit}"] < c[name] < c[f"{stem}_upper{unit}"]


def test_wald_limits(fit):
    """Reference of the same data elsewhere: -8.9520 to -8.8619."""
    _, answers = fit(COMPETITION, "--interval", "wald")
    c = answers.loc["c"]
    limits = np.log10([c.ic50_lower_nM, c.ic50_upper_nM]) - 9
    assert limits == pytest.approx((-8.9520, -8.8619), abs=6e-5)


def test_no_limits(fit):
    outcome, answers = fit(COMPETITION, "--interval", "none")
    assert outcome.code == 0
    c = answers.loc["c"]
    assert np.log10(c.ic50_nM) - 9 == pytest.approx(-8.90700, abs=6e-6)
    assert np.isnan(c.ic50_lower_nM)
    assert np.isnan(c.ic50_upper_nM)


def profile_limits(free: int) -> list[float]:
    """Profile limits of top (0) or bottom (1) of the competition curve, by scipy alone."""
    from scipy.optimize import brentq
    from scipy.stats import f

    x, y = np.log10(COMPETITION_NM), np.array(COMPETITION_CPM)

    def ss_at(value: float) -> float:
        def curve(x, log10_ic50, other):
            plateaus = (value, other) if free == 0 else (other, value)
            return three_parameters(x, log10_ic50, *plateaus)

        best, _ = curve_fit(curve, x, y, (best_fit[0], best_fit[2 - free]))
        return ((y - curve(x, *best)) ** 2).sum()

    best_fit, covariance = curve_fit(three_parameters, x, y, (0.0, 5000, 500))
    at, step = best_fit[1 + free], 4 * np.sqrt(covariance[1 + free, 1 + free])
    limit = ss_at(at) * (1 + f.ppf(0.95, 1, 9) / 9)
    return [brentq(lambda v: ss_at(v) - limit, *sorted((at, at + s * step))) for s in (-1, 1)]


def test_limits_of_the_plateaus(fit):
    _, answers = fit(COMPETITION, "--interval", "plateaus", "--model", "3PL")
    c = answers.loc["c"]
    assert [c.top_lower, c.top_upper] == pytest.approx(profile_limits(0), rel=1e-5)
    assert [c.bottom_lower, c.bottom_upper] == pytest.approx(profile_limits(1), rel=1e-5)


def test_what_is_not_told_is_the_default(fit, tmp_path):
    fit(COMPETITION)
    default = (tmp_path / "out.csv").read_bytes()
    for option, value in (("model", "auto"), ("weights", "constant"), ("interval", "profile")):
        fit(COMPETITION, f"--{option}", value)
        assert (tmp_path / "out.csv").read_bytes() == default


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "6PL"], "'6PL' is not one of"),
        (["--weights", "heavy"], "'heavy' is not one of"),
        (["--interval", "99"], "'99' is not one of"),
        (["--weights", "counting", "--count-time", "1"], "a number without a unit"),
        (["--weights", "counting", "--count-time", "1 nM"], "cannot be turned into min"),
        (["--weights", "counting", "--count-time", "0 s"], "a counting time is above zero"),
        (["--weights", "counting", "--count-time", "-1 min"], "a counting time is above zero"),
        (["--count-time", "1 min"], "it belongs to --weights counting"),
        (["--plot", "curves.png"], "ends in .pdf"),
        (["--plot", "."], "."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_value_is_wrong_usage(fit, options, words):
    outcome, answers = fit(COMPETITION, *options)
    assert outcome.code == 2, outcome.text
    assert words in outcome.text
    assert answers is None


def test_the_picture_needs_a_name_of_its_own(tmp_path):
    table = tmp_path / "table.pdf"
    table.write_text(COMPETITION)
    for out, plot in (("out.csv", "table.pdf"), ("out.pdf", "./out.pdf")):
        words = [SCRIPT, "fit", table, "-o", tmp_path / out, "--plot", tmp_path / plot]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "a name of its own" in done.stderr
    assert table.read_text() == COMPETITION


def every_status() -> str:
    """Fifteen curves, of every status, with controls."""
    response = {
        "ok": logistic(DOSES_NM, 10),
        "partial": logistic(DOSES_NM, 10, bottom=40),
        "incomplete": logistic(DOSES_NM, 30_000),
        "inactive": [101, 99, 100.5, 99.5, 100, 101, 99, 100, 99.5, 100.5, 100],
        "three": logistic(DOSES_NM[:3], 1),
        "$x_1$ <b>": logistic(DOSES_NM, 100),
    }
    response |= {f"more-{i}": logistic(DOSES_NM, 10 * i) for i in range(1, 10)}
    table = HEADER + "".join(rows(n, DOSES_NM[: len(r)], r) for n, r in response.items())
    table += ",0,nM,101\n,0,nM,99\nbad,ten,nM,5\n"
    return with_cells(table, "role", "") + ",,,0.5,full_block\n,,,-0.5,full_block\n"


def pdf_by_command(folder: Path, seed: str) -> bytes:
    (folder / "long.csv").write_text(every_status())
    done = subprocess.run(
        [SCRIPT, "fit", "long.csv", "-o", "out.csv", "--plot", "curves.pdf"],
        cwd=folder,
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1  # "three" and "bad" fail
    assert "Traceback" not in done.stderr
    return (folder / "curves.pdf").read_bytes()


def test_the_picture_is_the_same_to_the_byte(tmp_path):
    first = pdf_by_command(tmp_path, "1")
    assert first.startswith(b"%PDF")
    assert first.count(b"/Type /Page ") + first.count(b"/Type /Page\n") == 2
    assert first == pdf_by_command(tmp_path, "2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.pdf", "long.csv", "out.csv"]


def test_the_picture_shows_every_curve_in_order_with_its_words(fit, tmp_path, monkeypatch):
    from matplotlib.backends.backend_pdf import PdfPages

    drawn = []
    monkeypatch.setattr(PdfPages, "savefig", lambda pages, figure: drawn.append(figure))
    outcome, answers = fit(every_status(), "--plot", tmp_path / "curves.pdf")
    assert outcome.code == 1
    assert [len(figure.axes) for figure in drawn] == [12, 4]
    said = [text.get_text() for figure in drawn for text in figure.texts]
    names = [text for text in said if text in answers.index]
    assert names == list(answers.index)
    assert "incomplete: IC50 > 10,000 nM" in said
    assert said[said.index("three") + 1] == "failed"
    assert "too few concentrations: 3" in said[said.index("three") + 2].replace("\n", " ")
    ok = drawn[0].axes[0]
    x, y = max((line.get_data() for line in ok.lines), key=lambda data: len(data[0]))
    assert y == pytest.approx(np.array(logistic(10.0**x, 10)), abs=1.0)
    wells = np.asarray(ok.collections[0].get_offsets())
    assert len(wells) == len(DOSES_NM) + 4
    inside = wells[(wells[:, 0] >= -1.01) & (wells[:, 0] <= 4.01)]
    assert inside[:, 1] == pytest.approx(logistic(DOSES_NM, 10))


def test_the_drawing_library_is_loaded_for_a_picture_only(tmp_path):
    (tmp_path / "long.csv").write_text(COMPETITION)
    code = (
        "import sys; from reuptake import cli; sys.argv[0] = 'reuptake'\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print('matplotlib' in sys.modules)"
    )
    for options, loaded in (([], "False"), (["--plot", "curves.pdf"], "True")):
        words = [sys.executable, "-c", code, "fit", "long.csv", "-o", "out.csv", *options]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == loaded


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    (tmp_path / "long.csv").write_text(COMPETITION)
    words = [SCRIPT, "fit", "long.csv", "-o", "out.csv"]
    ours, theirs = pty.openpty()
    done = subprocess.run(words, cwd=tmp_path, stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    assert done.returncode == 0
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "fitting" in shown
    assert "100%" in shown
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
