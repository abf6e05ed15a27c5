"""Plate metrics and verdicts."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr, theilslopes

from reuptake.qc import metrics
from reuptake.qc.plates import judge_plates
from reuptake.qc.position import median_polish, position_effects
from reuptake.settings.model import Limits
from reuptake.tables import WELLS, typed

TOTAL = [4820, 4690, 4955, 4760, 4880, 4735, 4910, 4850]
NONSPECIFIC = [612, 655, 590, 630, 604, 641, 618, 598]
BAD = [482, *TOTAL[1:]]
LIMITS = Limits().model_dump()
ASSAY = {"limits": None, "total_added_fraction": 1.0}


def wells(*, total=TOTAL, nonspecific=NONSPECIFIC, added=(), blank=(), excluded=(), plate="P1"):
    """Control wells of one plate, as wells.csv has them."""
    rows = [
        {"role": role, "signal": float(value)}
        for role, values in (
            ("total", total),
            ("nonspecific", nonspecific),
            ("total_added", added),
            ("blank", blank),
        )
        for value in values
    ]
    frame = pd.DataFrame(rows).assign(drop="d", run="r", plate=plate, assay="a", target="SERT")
    frame["well"] = [f"{plate}-{i}" for i in range(len(frame))]
    frame["excluded"] = frame.well.isin(excluded)
    frame["unit"], frame["simulated"], frame["counts"] = "CPM", False, frame.signal
    return typed(frame, WELLS)


def judge(frame, assay=ASSAY, limits=LIMITS):
    plates, flagged = judge_plates(frame, {"a": assay}, limits)
    return plates.iloc[0], flagged


def test_reference_plate():
    plate, flagged = judge(wells())
    assert plate.z_prime == pytest.approx(0.9190397, abs=5e-8)
    assert plate.z_prime_robust == pytest.approx(0.9040877, abs=5e-8)
    assert plate.signal_background == pytest.approx(7.8011318, abs=5e-8)
    assert plate.cv_total_pct == pytest.approx(1.892231, abs=5e-7)
    assert plate.cv_nonspecific_pct == pytest.approx(3.592511, abs=5e-7)
    assert plate.nonspecific_pct == pytest.approx(12.81865, abs=5e-6)
    assert (plate.verdict, plate["flags"], plate.n_flagged) == ("pass", "", 0)
    assert (plate.mean_total, plate.n_total, plate.n_nonspecific) == (4825.0, 8, 8)
    assert (flagged["flags"] == "").all()


def test_specific_binding_of_a_plate():
    """4860 and 620 cpm: 12.7572 % non-specific, signal 7.83871 times it."""
    plate, _ = judge(wells(total=[4850, 4870] * 4, nonspecific=[615, 625] * 4))
    assert plate.nonspecific_pct == pytest.approx(12.7572, abs=5e-5)
    assert plate.signal_background == pytest.approx(7.83871, abs=5e-6)


def test_one_bad_well_warns_and_is_flagged_but_does_not_fail_the_plate():
    plate, flagged = judge(wells(total=BAD))
    assert plate.z_prime == pytest.approx(-0.2777498, rel=1e-6)
    assert plate.z_prime_robust == pytest.approx(0.8874781, abs=5e-8)
    assert plate.verdict == "warn"
    assert flagged.signal[flagged["flags"] != ""].tolist() == [482]
    assert not flagged.excluded.any()
    assert "control wells far from their kind: P1-0" in plate["flags"]
    assert "difference of Z' and robust Z'" in plate["flags"]


def test_an_excluded_well_leaves_every_metric_and_mean():
    plate, flagged = judge(wells(total=BAD, excluded=["P1-0"]))
    assert plate.z_prime == pytest.approx(metrics.z_prime(TOTAL[1:], NONSPECIFIC))
    assert plate.mean_total == pytest.approx(np.mean(TOTAL[1:]))
    assert (plate.verdict, plate.n_total, plate.n_excluded) == ("pass", 7, 1)
    assert (flagged["flags"] == "").all()


def spread(mean, relative):
    """Eight wells whose robust CV is `relative`: half at mean - d, half at mean + d."""
    d = relative * mean / metrics.MAD_FACTOR
    return [mean - d] * 4 + [mean + d] * 4


@pytest.mark.parametrize(
    ("frame", "verdict", "word"),
    [
        (wells(total=spread(5000, 0.13)), "warn", "robust CV of total wells"),
        (wells(total=spread(5000, 0.21)), "fail", "robust CV of total wells"),
        (wells(nonspecific=spread(600, 0.25)), "warn", "robust CV of non-specific wells"),
        (wells(nonspecific=spread(600, 0.35)), "fail", "robust CV of non-specific wells"),
        (wells(nonspecific=[x + 1000 - 618 for x in NONSPECIFIC]), "warn", "signal/background"),
        (wells(nonspecific=[x + 2000 - 618 for x in NONSPECIFIC]), "fail", "signal/background"),
        (wells(nonspecific=[x + 2000 - 618 for x in NONSPECIFIC]), "fail", "non-specific share"),
        (wells(added=[40000] * 3), "warn", "radioligand bound"),
    ],
)
def test_limits_in_force(frame, verdict, word):
    plate, _ = judge(frame)
    assert plate.verdict == verdict
    assert word in plate["flags"]


@pytest.mark.parametrize(("shift", "verdict"), [(0.51, "pass"), (0.49, "warn"), (0.39, "fail")])
def test_robust_z_prime_gives_the_verdict(shift, verdict):
    """1 - 3 (SD_T + SD_N)/window, all of it in the totals."""
    relative = (1 - shift) / 3 * (5000 - 500) / 5000
    loose = {name: {"warn": None, "fail": None} for name in LIMITS}
    limits = loose | {"z_prime": LIMITS["z_prime"]}
    plate, _ = judge(wells(total=spread(5000, relative), nonspecific=[500] * 8), limits=limits)
    assert plate.z_prime_robust == pytest.approx(shift)
    assert plate.verdict == verdict


def test_an_assay_changes_only_the_limits_that_it_names():
    frame = wells(total=spread(5000, 0.13))
    own = ASSAY | {"limits": {"cv_total_pct": {"warn": 15.0, "fail": None}, "z_prime": None}}
    assert judge(frame, own)[0].verdict == "pass"
    strict = ASSAY | {"limits": {"cv_total_pct": {"warn": None, "fail": 12.0}}}
    assert judge(frame, strict)[0].verdict == "fail"


@pytest.mark.parametrize("gone", ["total", "nonspecific"])
def test_missing_controls_are_said_not_guessed(gone):
    plate, _ = judge(wells(**{gone: ()}))
    assert np.isnan(plate.z_prime)
    assert np.isnan(plate.z_prime_robust)
    assert plate.verdict == "warn"
    assert "Z' cannot be computed" in plate["flags"]


def test_bound_radioligand_of_aliquots_over_blanks():
    """4825 - 25 of (1625 - 25)/0.02 = 80,000: 6 %."""
    frame = wells(added=[1600, 1650], blank=[20, 30])
    plate, _ = judge(frame, ASSAY | {"total_added_fraction": 0.02})
    assert plate.bound_pct == pytest.approx(6.0)
    assert np.isnan(judge(wells())[0].bound_pct)


def test_plates_are_judged_each_by_its_own_wells():
    frame = pd.concat([wells(), wells(total=BAD, plate="P2")], ignore_index=True)
    plates, flagged = judge_plates(frame, {"a": ASSAY}, LIMITS)
    assert plates.plate.tolist() == ["P1", "P2"]
    assert plates.verdict.tolist() == ["pass", "warn"]
    assert flagged[flagged["flags"] != ""].well.tolist() == ["P2-0"]


def test_responses_have_no_plate_to_judge():
    plates, same = judge_plates(wells(plate=""), {}, LIMITS)
    assert len(plates) == 0
    assert len(same) == 16


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("controls", [([0] * 4, [0] * 4), ([5] * 4, [0] * 4), ([1], [1])])
def test_degenerate_controls_raise_nothing(controls):
    plate, _ = judge(wells(total=controls[0], nonspecific=controls[1]))
    assert plate.verdict in ("warn", "pass", "fail")
    assert not (plate.verdict == "pass" and np.isnan(plate.z_prime))


def test_metrics_by_hand():
    assert metrics.mad([1, 2, 4, 9]) == 1.5  # median 3; distances 2, 1, 1, 6
    assert metrics.cv_pct([90, 110]) == pytest.approx(100 * np.sqrt(200) / 100)
    assert metrics.cv_robust_pct([90, 100, 110, 140]) == pytest.approx(148.26 * 10 / 105)
    assert np.isnan(metrics.cv_pct([5]))
    # median 100, MAD 1: five robust SD are 7.4, but counting error alone allows 5 x 10
    assert metrics.far_wells([99, 100, 100, 101, 160]).tolist() == [False] * 4 + [True]
    assert not metrics.far_wells([99, 100, 100, 101, 140]).any()
    assert not metrics.far_wells([1, 2, 900]).any()


def test_further_metrics_of_the_reference_plate():
    plate, _ = judge(wells())
    assert plate.signal_window == pytest.approx(42.3432, abs=5e-5)
    variances = np.var(TOTAL, ddof=1) + np.var(NONSPECIFIC, ddof=1)
    assert plate.ssmd == pytest.approx((4825 - 618.5) / np.sqrt(variances), rel=1e-12)
    assert plate.ssmd == pytest.approx(44.76665, abs=5e-6)
    assert plate.specific_pct == pytest.approx(100 - 12.81865, abs=5e-6)


def test_a_narrow_window_warns_and_one_bad_well_does_not():
    """T ± 3 SD and N ± 3 SD leave 1.5 SD between them."""
    sd = 500 / 1.5  # robust, of the totals; the non-specific wells have none
    frame = wells(total=spread(2000, sd / 2000), nonspecific=[500] * 8)
    loose = {name: {"warn": None, "fail": None} for name in LIMITS}
    plate, _ = judge(frame, limits=loose | {"signal_window": LIMITS["signal_window"]})
    assert plate.signal_window_robust == pytest.approx(1.5)
    assert "robust signal window 1.50 is below 2 (warn)" in plate["flags"]
    assert judge(wells(total=BAD))[0].signal_window < 2
    assert "signal window" not in judge(wells(total=BAD))[0]["flags"]


REFERENCE = Path(__file__).parents[1] / "data" / "reference" / "medpolish.csv"
PLATE = np.array(
    [
        [4820, 4690, 4955, 4760, 4880, 4735],
        [4910, 4850, 4700, 5350, 4790, 4830],
        [4600, 4745, 4890, 4985, 4655, 4720],
        [5010, 4805, 4925, 5290, 4870, 4940],
    ]
)


def test_median_polish_is_that_of_r():
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        parts = {r["part"]: [float(v) for v in r["values"].split()] for r in csv.DictReader(file)}
    level, rows, columns, residual = median_polish(PLATE)
    assert level == pytest.approx(parts["overall"][0], rel=1e-10)
    assert rows == pytest.approx(parts["row"], rel=1e-10)
    assert columns == pytest.approx(parts["col"], rel=1e-10)
    total = level + rows[:, None] + columns[None, :] + residual
    assert total == pytest.approx(PLATE)


def full_plate(change=lambda row, column: 1.0, cv=0.02, seed=1):
    """Position effects of 96 equal wells, each times what `change` says."""
    row, column = (index.ravel() for index in np.indices((8, 12)))
    noise = np.random.default_rng(seed).normal(1.0, cv, 96)
    signal = 5000 * noise * np.array([change(r, c) for r, c in zip(row, column, strict=True)])
    return position_effects(row, column, signal, (8, 12))


@pytest.mark.parametrize(
    ("change", "name", "size"),
    [
        (lambda row, column: 1.15 if column == 3 else 1.0, "column 4", 15),
        (lambda row, column: 0.75 if row == 6 else 1.0, "row G", 25),
        (
            lambda row, column: 1.0 + 0.2 * (12 * row + column) / 95,
            "drift in the order of reading",
            18,
        ),
    ],
)
def test_position_effects_are_found_and_named(change, name, size):
    found = full_plate(change)
    assert found.worst == name
    assert found.worst_pct == pytest.approx(size, abs=2)


def test_an_edge_effect():
    """The edge is also two rows and two columns; the largest of all is told."""
    found = full_plate(lambda row, column: 0.85 if row in (0, 7) or column in (0, 11) else 1.0)
    assert found.edge_pct == pytest.approx(-15, abs=1)
    assert found.worst_pct == pytest.approx(15, abs=2)


def test_a_clean_plate_has_no_effect_that_stands_out():
    rates = [full_plate(cv=0.05, seed=seed).worst_pct > 10 for seed in range(100)]
    assert np.mean(rates) <= 0.02


def test_drift_and_order_against_scipy():
    signal = np.array([4820.0, 4690, 4955, 4760, 5080, 5135, 5010, 5010])
    found = position_effects(np.arange(8), np.zeros(8, dtype=int), signal, (8, 12))
    order = 12 * np.arange(8)
    assert found.read_rho == pytest.approx(spearmanr(order, signal).statistic)
    slope = theilslopes(signal, order).slope
    assert found.drift_pct == pytest.approx(100 * slope * 84 / np.median(signal))
    assert np.isnan([found.row_pct, found.column_pct, found.edge_pct]).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_wells_tell_no_position_effect(n):
    found = position_effects(np.arange(n), np.arange(n), np.full(n, 5000.0), (8, 12))
    assert np.isnan(found.worst_pct)


@pytest.mark.parametrize(("size", "verdict"), [(1.05, "pass"), (1.15, "warn"), (1.25, "fail")])
def test_a_position_effect_gives_the_verdict_in_words(size, verdict):
    row, column = (index.ravel() for index in np.indices((8, 12)))
    signal = 5000 * (1 + 0.005 * np.resize([1.0, -1.0, 0.5, -0.4, 0.1], 96))
    frame = pd.concat([wells(total=signal * np.where(column == 3, size, 1.0))], ignore_index=True)
    total = frame.role == "total"
    frame.loc[total, "row"], frame.loc[total, "col"] = row, column
    plate, _ = judge(frame)
    assert plate.verdict == verdict
    assert ("largest position effect: column 4" in plate["flags"]) == (verdict != "pass")


def test_radioligand_added_differs_between_the_plates_of_a_run():
    """Plate means 40,000 and 50,000: CV 15.7 %; one plate alone has none."""
    first = wells(added=[40000] * 3)
    second = wells(added=[50000] * 3, plate="P2")
    plates, _ = judge_plates(pd.concat([first, second], ignore_index=True), {"a": ASSAY}, LIMITS)
    cv = 100 * np.std([40000, 50000], ddof=1) / 45000
    assert plates.dispensing_cv_pct.tolist() == pytest.approx([cv, cv])
    assert plates["flags"].str.contains("CV of the radioligand added").all()
    assert np.isnan(judge(first)[0].dispensing_cv_pct)


def test_unlike_solvent_in_the_assays_of_a_run_warns():
    frame = pd.concat([wells(), wells(plate="P2").assign(assay="b")], ignore_index=True)
    for other, verdict in ((1.0, "pass"), (0.5, "warn")):
        assays = {"a": ASSAY | {"solvent_pct": 1.0}, "b": ASSAY | {"solvent_pct": other}}
        plates, _ = judge_plates(frame, assays, LIMITS)
        assert plates.verdict.tolist() == [verdict] * 2
    assert (
        "difference of solvent between assays of the run (%) 0.500 is above 0"
        in (plates["flags"][0])
    )


def test_a_plate_without_the_reference_compound_is_flagged():
    flag = "reference compound Citalopram is not on the plate"
    assays = {"a": ASSAY | {"reference_compound": "Citalopram"}}

    def flagged(frame, assays):
        plates, _ = judge_plates(frame, assays, LIMITS)
        return flag in plates["flags"][0]

    bare = wells()
    assert flagged(bare, assays)
    assert not flagged(bare, {"a": ASSAY})
    one = bare.iloc[[0]].assign(role="reference", compound="citalopram", concentration_nM=10.0)
    with_one = pd.concat([bare, one.assign(well="H12")], ignore_index=True)
    assert not flagged(with_one, assays)
    # as a sample under its name it is there as well; an excluded well is not
    assert not flagged(with_one.assign(role=with_one.role.replace("reference", "sample")), assays)
    gone = with_one.assign(excluded=with_one.well == "H12")
    assert flagged(gone, assays)
