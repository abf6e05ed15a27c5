"""Plate metrics and verdicts."""

import numpy as np
import pandas as pd
import pytest

from reuptake.qc import metrics
from reuptake.qc.plates import judge_plates
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
