"""``reuptake fit``: published and hand-made curves through the command, and every bad table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from longtables import (
    COMPETITION_CPM,
    COMPETITION_NM,
    DOSES_NM,
    GOOD,
    HEADER,
    UNITS,
    logistic,
    rows,
)

import dropmaker

# An incomplete curve with a free lower plateau: IC50 71.71 nM, profile 40.750 to 152.78.
OPEN_NM = [0.1, 0.316, 1, 3.16, 10, 31.6, 100]
OPEN_PCT = [99, 101, 97, 98, 88, 73, 48]
# A curve that never comes half way, and for which a free fit would find 0.3 mM.
SHORT_NM = [1, 3.16, 10, 31.6, 100, 316, 1000, 3160, 10_000]
SHORT_PCT = [101, 98, 102, 99, 97, 96, 91, 83, 69]


@pytest.mark.parametrize("unit", UNITS)
def test_a_competition_curve(fit, unit):
    """Unweighted reference fit of the same data elsewhere: log10 IC50 -8.90700, profile -8.9521
    to -8.8618, SS 26178.4, Hill of the 4PL 0.9923."""
    outcome, answers = fit(HEADER + rows("c", COMPETITION_NM, COMPETITION_CPM, unit))
    assert (outcome.code, outcome.text) == (0, "")
    c = answers.loc["c"]
    assert (c["model"], c.status, c.ic50_qualifier) == ("3PL", "ok", "=")
    assert np.log10(c.ic50_nM * 1e-9) == pytest.approx(-8.90700, abs=5e-6)
    assert np.log10(c.ic50_lower_nM * 1e-9) == pytest.approx(-8.9521, abs=5e-5)
    assert np.log10(c.ic50_upper_nM * 1e-9) == pytest.approx(-8.8618, abs=5e-5)
    assert c.rss == pytest.approx(26178.4, abs=0.05)
    assert c.hill_free == pytest.approx(0.9923, abs=5e-5)
    assert c.log10_ic50_se == pytest.approx(0.01992, abs=5e-6)
    assert (c.n_points, c.n_concentrations, c.df) == (12, 12, 9)


def test_an_open_curve_keeps_its_asymmetric_interval(fit):
    outcome, answers = fit(HEADER + rows("c", OPEN_NM, OPEN_PCT))
    assert outcome.code == 0
    c = answers.loc["c"]
    assert c.ic50_nM == pytest.approx(71.71, abs=5e-3)
    assert c.ic50_lower_nM == pytest.approx(40.750, abs=5e-4)
    assert c.ic50_upper_nM == pytest.approx(152.78, abs=5e-3)
    assert (c.top, c.bottom) == pytest.approx((99.934, 10.84), abs=5e-3)


def test_an_incomplete_curve_is_a_bound_and_not_an_extrapolation(fit):
    outcome, answers = fit(HEADER + rows("c", SHORT_NM, SHORT_PCT))
    assert outcome.code == 0
    c = answers.loc["c"]
    assert (c.status, c.ic50_qualifier, c.ic50_nM) == ("incomplete", ">", 10_000)
    assert "31 % effect at the highest tested" in c["flags"]


def test_a_partial_inhibitor_has_its_relative_and_its_absolute_ic50(fit):
    """Error-free y = 40 + 60/(1 + c/10): relative IC50 10 nM; 50 % is crossed at 50 nM."""
    doses = DOSES_NM
    outcome, answers = fit(HEADER + rows("c", doses, logistic(doses, 10, bottom=40)))
    assert outcome.code == 0
    c = answers.loc["c"]
    assert c.status == "partial"
    assert c.ic50_nM == pytest.approx(10, rel=1e-6)
    assert c.ic50_absolute_nM == pytest.approx(50, rel=1e-6)
    assert (c.top, c.bottom) == pytest.approx((100, 40), rel=1e-6)
    assert "partial inhibition: 40 % of the window remains" in c["flags"]


ALL_CURVES = [
    ("competition", COMPETITION_NM, COMPETITION_CPM),
    ("open", OPEN_NM, OPEN_PCT),
    ("short", SHORT_NM, SHORT_PCT),
    ("partial", DOSES_NM, logistic(DOSES_NM, 10, bottom=40)),
]


def test_the_unit_does_not_matter(fit, tmp_path):
    """The same table in nM, in uM, in M and in a mixture is answered byte for byte alike."""
    answers = []
    tables = [HEADER + "".join(rows(*curve, unit) for curve in ALL_CURVES) for unit in UNITS]
    lines = [table.splitlines()[1:] for table in tables]
    mixed = [lines[i % 3][i] for i in range(len(lines[0]))]
    for text in [*tables, HEADER + "\n".join(mixed) + "\n"]:
        outcome, _ = fit(text)
        assert outcome.code == 0
        answers.append((tmp_path / "out.csv").read_bytes())
    assert len(set(answers)) == 1


def test_neighbours_and_the_order_of_rows_do_not_matter(fit, tmp_path):
    def written(text: str) -> list[str]:
        assert fit(text)[0].code == 0
        return (tmp_path / "out.csv").read_text().splitlines()[1:]

    together = HEADER + "".join(rows(*curve) for curve in ALL_CURVES)
    answers = written(together)
    assert [line.split(",")[0] for line in answers] == [name for name, *_ in ALL_CURVES]
    for curve, answer in zip(ALL_CURVES, answers, strict=True):
        assert written(HEADER + rows(*curve)) == [answer]
    body = together.splitlines()[1:]
    assert written(HEADER + "\n".join(reversed(body)) + "\n") == answers[::-1]


def test_the_columns_are_those_of_curves_csv_that_apply(fit, tmp_path):
    fit(HEADER + rows(*ALL_CURVES[0]))
    header = (tmp_path / "out.csv").read_text().splitlines()[0].split(",")
    wanted = (
        "curve,n_points,n_concentrations,model,status,ic50_qualifier,ic50_nM,ic50_lower_nM,"
        "ic50_upper_nM,ic50_absolute_qualifier,ic50_absolute_nM,ic50_cleaned_nM,hill,hill_lower,"
        "hill_upper,top,bottom,rss,flags,"
    )
    assert ",".join(header).startswith(wanted)
    assert not {"ki_nM", "drop", "plate", "compound", "depletion_bias_pct"} & set(header)


def test_controls_without_a_curve_belong_to_all(fit):
    """Full-block wells at 20: the lower plateau is theirs, in both curves."""
    controls = "".join(
        f",{c},{u},{y},{r}\n"
        for c, u, y, r in (
            ("0", "nM", 101, "vehicle"),
            ("", "", 99, "vehicle"),
            ("0", "", 100, ""),
            ("10", "uM", 20.5, "full_block"),
            ("", "", 19.5, "full_block"),
        )
    )
    text = "curve,concentration,unit,response,role\n"
    for name, ic50 in (("a", 10), ("b", 100)):
        body = rows(name, DOSES_NM, logistic(DOSES_NM, ic50, bottom=20))
        text += body.replace("\n", ",\n")
    outcome, answers = fit(text + controls)
    assert outcome.code == 0, outcome.text
    assert answers.ic50_nM.to_dict() == pytest.approx({"a": 10, "b": 100}, rel=1e-3)
    assert answers.nonspecific.tolist() == pytest.approx([20, 20], abs=0.1)
    assert not answers["flags"].str.contains("no full-block").any()
    assert answers.n_points.tolist() == [11, 11]


def test_a_control_of_one_curve_stays_with_it(fit):
    text = "curve,concentration,unit,response,role\n"
    for name in "ab":
        text += rows(name, DOSES_NM, logistic(DOSES_NM, 10, bottom=20)).replace("\n", ",\n")
    outcome, answers = fit(text + "a,,,20,full_block\n")
    assert outcome.code == 0
    assert answers.loc["a", "nonspecific"] == pytest.approx(20, abs=1e-6)
    assert "no full-block" not in answers.loc["a", "flags"]
    assert "no full-block" in answers.loc["b", "flags"]


def test_wells_at_zero_are_vehicle(fit):
    """Extra wells at concentration 0 carry the upper plateau and no dose."""
    doses = [3.16, 10, 31.6, 100, 316, 1000]
    zero = "c,0,nM,100\nc,0.0,uM,100\nc,0,,100\n"
    outcome, answers = fit(HEADER + zero + rows("c", doses, logistic(doses, 10)))
    assert outcome.code == 0
    c = answers.loc["c"]
    assert (c.ic50_nM, c.top) == pytest.approx((10, 100), rel=1e-6)
    assert (c.n_points, c.n_concentrations, c.lowest_tested_nM) == (6, 6, 3.16)


@pytest.mark.parametrize("missing", ["", "NaN", "nan", "NA", "N/A", "-"])
def test_missing_responses_are_missing_wells(fit, missing):
    whole = rows("c", DOSES_NM, logistic(DOSES_NM, 10))
    outcome, answers = fit(HEADER + whole + f"c,1,nM,{missing}\n")
    _, without = fit(HEADER + whole)
    assert (outcome.code, outcome.text) == (0, "")
    pd.testing.assert_frame_equal(answers, without)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (rows("bad", DOSES_NM, ["NaN"] * 11), "no usable wells"),
        (rows("bad", DOSES_NM, [50] * 11), "no spread"),
        (rows("bad", [1, 10, 100], [90, 50, 10]), "too few"),
        (rows("bad", [1, 10, 100] * 3, [90, 50, 10] * 3), "too few concentrations: 3, at least 4"),
        (rows("bad", DOSES_NM, logistic(DOSES_NM, 10)[::-1]), "response rises"),
        ("bad,0,nM,100\n", "too few"),
    ],
    ids=["missing", "constant", "three wells", "three concentrations", "rising", "vehicle alone"],
)
def test_what_cannot_be_fitted_fails_with_its_reason_beside_a_good_curve(fit, body, reason):
    outcome, answers = fit(HEADER + body + GOOD)
    assert outcome.code == 1
    assert "curve 'bad': " in outcome.text
    assert reason in outcome.text
    assert "1 curve could not be fitted" in outcome.text
    bad, good = answers.loc["bad"], answers.loc["good"]
    assert bad.status == "failed"
    assert bad.ic50_qualifier == ""
    assert np.isnan(bad.ic50_nM)
    assert reason in bad["flags"]
    assert good.ic50_nM == pytest.approx(10, rel=1e-6)


def test_a_flat_curve_is_inactive(fit):
    flat = [101, 99, 100.5, 99.5, 100, 101, 99, 100, 99.5, 100.5, 100]
    outcome, answers = fit(HEADER + rows("c", DOSES_NM, flat))
    assert outcome.code == 0
    c = answers.loc["c"]
    assert (c.status, c.ic50_qualifier, c.ic50_nM) == ("inactive", ">", 10_000)


def test_a_hook_does_not_hide_the_ic50(fit):
    """The top two concentrations rise again; the IC50 stays near 10 nM and is given."""
    hooked = logistic(DOSES_NM, 10)
    hooked[-2:] = [15, 35]
    outcome, answers = fit(HEADER + rows("c", DOSES_NM, hooked))
    assert outcome.code == 0
    c = answers.loc["c"]
    assert c.ic50_qualifier == "="
    assert 5 < c.ic50_nM < 20


def test_sd_is_read_and_said_to_be_unused(fit):
    text = HEADER.replace("\n", ",sd\n") + GOOD.replace("\n", ",2.5\n")
    outcome, answers = fit(text)
    assert outcome.code == 0
    assert "long.csv: sd is not used; --weights sd weighs each well by it" in outcome.text
    _, without = fit(HEADER + GOOD)
    pd.testing.assert_frame_equal(answers, without)


BAD_ROWS = [
    ("bad,ten,nM,50\n", "concentration: not a number (found 'ten')"),
    ('bad,"0,5",nM,50\n', "concentration: not a number (found '0,5'). Write a point"),
    ("bad,0,5,nM,50\n", "5 cells where the header has 4"),
    ("bad,-1,nM,50\n", "concentration: a negative concentration (found '-1')"),
    ("bad,1,,50\n", "unit: a concentration without a unit"),
    ("bad,1,mg,50\n", "unit: a unit that cannot be turned into nM (found 'mg')"),
    ("bad,1,nMM,50\n", "unit: unknown unit (found 'nMM')"),
    ("bad,,nM,50\n", "concentration: no concentration"),
    ("bad,nan,nM,50\n", "concentration: not a number (found 'nan')"),
    ("bad,inf,nM,50\n", "concentration: not a number (found 'inf')"),
    ("bad,1e30,M,50\n", "is no concentration"),
    ("bad,1,nM,fifty\n", "response: not a number (found 'fifty')"),
    ("bad,1,nM,inf\n", "response: not a number (found 'inf')"),
    ("bad,1,nM,1e999\n", "response: not a number (found '1e999')"),
    ('bad,1,nM,"1,5"\n', "response: not a number (found '1,5'). Write a point"),
    ("bad,1,nM,٥\n", "response: not a number (found '٥')"),
]


@pytest.mark.parametrize(("row", "words"), BAD_ROWS)
def test_a_curve_with_a_bad_row_is_refused_and_the_others_are_answered(fit, row, words):
    text = HEADER + GOOD + rows("bad", DOSES_NM, logistic(DOSES_NM, 100)) + row
    outcome, answers = fit(text)
    assert outcome.code == 1
    line = 1 + 2 * len(DOSES_NM) + 1
    assert any(
        said.startswith(f"long.csv, line {line}") and words in said
        for said in outcome.text.splitlines()
    ), outcome.text
    assert answers.loc["bad", "status"] == "failed"
    assert answers.loc["bad", "flags"] == f"not fitted: bad row in line {line}"
    assert np.isnan(answers.loc["bad", "ic50_nM"])
    assert answers.loc["good", "ic50_nM"] == pytest.approx(10, rel=1e-6)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("c,1,nM,50,,control\n", "role: unknown role (found 'control')"),
        ("c,1,nM,50,,vehicle\n", "concentration: a vehicle row with a concentration"),
        ("c,1,nM,50,two,\n", "sd: not a number (found 'two')"),
        ("c,1,nM,50,-2,\n", "sd: a negative standard deviation"),
        ("=c,1,nM,50,,\n", "curve: a name may not begin with"),
        (",1,nM,50,,\n", "curve: a sample row without a curve"),
    ],
)
def test_bad_roles_sd_and_names(fit, row, words):
    body = GOOD.replace("\n", ",,\n")
    outcome, _ = fit("curve,concentration,unit,response,sd,role\n" + body + row)
    assert outcome.code == 1
    assert f"long.csv, line {len(DOSES_NM) + 2}, {words}" in outcome.text


def test_a_bad_control_of_all_curves_refuses_them_all(fit):
    outcome, answers = fit(HEADER + GOOD + rows(*ALL_CURVES[1]) + ",0,nM,high\n")
    assert outcome.code == 1
    assert answers.status.tolist() == ["failed", "failed"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "long.csv, line 1: the file or its first line is empty"),
        (HEADER, "long.csv: no curve in it"),
        ("curve,dose,unit,response\n" + GOOD, "line 1, concentration: the column is missing"),
        (HEADER.replace("\n", ",extra\n"), "line 1, extra: unknown column"),
        (HEADER + GOOD + '"lone,1,nM,5\n', "not valid CSV"),
        (HEADER + GOOD + "x" * 1_000_000 + ",1,nM,5\n", "not valid CSV"),
        (bytes(range(256)) * 20, "binary content"),
        (b"PK\x03\x04" + bytes(range(1, 256)) * 20, "long.csv"),
        (HEADER + ",0,nM,100\n", "long.csv: no curve in it"),
        (HEADER + GOOD + "a\0b,1,nM,5\n", "NUL"),
    ],
    ids=["empty", "header", "columns", "extra", "quote", "long", "binary", "zip", "none", "NUL"],
)
def test_a_table_that_cannot_be_read_writes_nothing(fit, content, words):
    outcome, answers = fit(content)
    assert outcome.code == 1
    assert answers is None
    assert words in outcome.text, outcome.text
    assert all(line.isprintable() for line in outcome.text.splitlines())


def test_european_exports_are_read(fit):
    """Semicolons between cells and a byte order mark; decimals still need a point."""
    outcome, answers = fit(b"\xef\xbb\xbf" + (HEADER + GOOD).replace(",", ";").encode())
    assert outcome.code == 0
    assert answers.loc["good", "ic50_nM"] == pytest.approx(10, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-45, 1e-12, 1e12, 1e45])
def test_the_scale_of_the_response_does_not_matter(fit, scale):
    responses = [f"{y * scale:.17g}" for y in COMPETITION_CPM]
    outcome, answers = fit(HEADER + rows("c", COMPETITION_NM, responses))
    assert outcome.code == 0
    assert np.log10(answers.loc["c", "ic50_nM"] * 1e-9) == pytest.approx(-8.90700, abs=5e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_responses_whose_squares_are_no_numbers_are_refused(fit, scale):
    responses = [f"{y * scale:.17g}" for y in COMPETITION_CPM]
    outcome, answers = fit(HEADER + rows("c", COMPETITION_NM, responses))
    assert outcome.code == 1
    assert "long.csv, line 2, response: a number out of any range" in outcome.text
    assert answers.loc["c", "status"] == "failed"


def command(*words) -> subprocess.CompletedProcess:
    script = Path(sys.executable).with_name("reuptake")
    return subprocess.run([script, *map(str, words)], capture_output=True, text=True, check=False)


def test_exit_status_of_the_installed_command(tmp_path):
    table = tmp_path / "long.csv"
    table.write_text(HEADER + GOOD)
    done = command("fit", table, "-o", tmp_path / "out.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    table.write_text(HEADER + GOOD + "bad,1,nM,NaN\n")
    done = command("fit", table, "-o", tmp_path / "out.csv")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["fit"],
        ["fit", "no-such.csv", "-o", "out.csv"],
        ["fit", "long.csv"],
        ["fit", ".", "-o", "out.csv"],
        ["fit", "long.csv", "-o", "long.csv"],
        ["fit", "long.csv", "-o", "."],
        ["fit", "long.csv", "-o", "out.csv", "--nonsense"],
        ["fitt"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("long.csv").write_text(HEADER + GOOD)
    outcome = dropmaker.command(capsys, *words)
    assert outcome.code == 2, outcome.text
    assert "Traceback" not in outcome.text
    assert [path.name for path in tmp_path.iterdir()] == ["long.csv"]
