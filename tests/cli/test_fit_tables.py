"""``reuptake fit``: how a table may be written, how large it may be, and names that mislead."""

from __future__ import annotations

import random
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

from reuptake.drops import pointfile
from reuptake.problems import ProblemsError
from reuptake.stages.longtable_reader import read_long_table

COMPETITION = HEADER + rows("c", COMPETITION_NM, COMPETITION_CPM)


def quoted(table: str) -> str:
    return "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in table.splitlines()
    )


WRITTEN = {
    "quotes about every cell": quoted(COMPETITION),
    "quotes about some cells": COMPETITION.replace("c,", '"c",').replace("nM", '"nM"'),
    "CRLF": COMPETITION.replace("\n", "\r\n"),
    "CR": COMPETITION.replace("\n", "\r"),
    "no last line end": COMPETITION.rstrip("\n"),
    "blank lines": COMPETITION.replace("\n", "\n\n") + "\n\n",
    "empty rows": COMPETITION + ",,,\n" * 3 + " , ,,\n",
    "spaces": COMPETITION.replace(",", " , "),
    "tabs": COMPETITION.replace(",", "\t"),
    "quotes and semicolons": quoted(COMPETITION).replace(",", ";"),
    "UTF-16": COMPETITION.encode("utf-16"),
    "a column of its own": with_cells(COMPETITION, "x_note", '"one, ""two""\nthree"', ""),
    "columns in another order": "\n".join(
        ",".join(line.split(",")[::-1]) for line in COMPETITION.splitlines()
    ),
    "plus signs and exponents": COMPETITION.replace("4815", "+4.815E+03"),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_table_may_be_written_in_many_ways(fit, tmp_path, how):
    fit(COMPETITION)
    plain = (tmp_path / "out.csv").read_bytes()
    outcome, _ = fit(WRITTEN[how])
    assert (outcome.code, outcome.text) == (0, "")
    assert (tmp_path / "out.csv").read_bytes() == plain


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (HEADER + GOOD + "bad,1,nM,x\n", 13),
        (HEADER + "\n\n" + GOOD + "\nbad,1,nM,x\n", 16),
        ((HEADER + GOOD + "bad,1,nM,x\n").replace("\n", "\r\n"), 13),
        ((HEADER + GOOD + "bad,1,nM,x\n").replace("\n", "\r"), 13),
        (quoted(HEADER + GOOD + "bad,1,nM,x\n"), 13),
        (HEADER + ",,,\n" + GOOD + "bad,1,nM,x\n", 14),
        (with_cells(HEADER + GOOD + "bad,1,nM,x\n", "x_note", '"two\nlines"', ""), 14),
        ((HEADER + GOOD + "bad,1,nM,x\n").replace(",", " , "), 13),
    ],
    ids=["plain", "blank", "CRLF", "CR", "quoted", "empty row", "two lines in a cell", "spaces"],
)
def test_the_line_of_a_bad_row_is_right_however_it_is_written(fit, table, line):
    outcome, answers = fit(table)
    assert outcome.code == 1
    said = f"long.csv, line {line}, response: not a number (found 'x'). Write digits"
    assert said in outcome.text
    assert answers.loc["bad", "flags"] == f"not fitted: bad row in line {line}"
    assert answers.loc["good", "ic50_nM"] == pytest.approx(10, rel=1e-6)


CELLS = {
    "curve": ["a", "a ", "B", "b", "", "=c", "x" * 121, "ä", "d\x07"],
    "concentration": ["1", " 2.5", "1e2", "+.3", "5.", "0", "", "nan", "inf", "-1", "ten", "1_0",
                      "1e-99", "1e30", "٥", "0x1", "1e999", "-0"],
    "unit": ["nM", "uM", " nM", "M", "", "mg", "pM", "nMM"],
    "response": ["100", "-3.5", "1e3", "", "NA", "-", "NaN", "inf", "fifty", "1e60", "1e-60", "0",
                 "1 0", "1.", " 7 ", "1e999", "+4"],
    "sd": ["", "1", "0", "-2", "NA", "two", " 3"],
    "role": ["", "", "sample", "vehicle", "full_block", "control", " vehicle"],
}  # fmt: skip


def random_table(seed: int, n_rows: int) -> str:
    """A table of cells good and bad, its columns in any order."""
    rng = random.Random(seed)
    columns = ["curve", "concentration", "unit", "response"]
    columns += [c for c in ("sd", "role") if rng.random() < 0.6]
    rng.shuffle(columns)

    def cell(column: str) -> str:
        # mostly good ones, so that every fault also stands alone
        return CELLS[column][0] if rng.random() < 0.7 else rng.choice(CELLS[column])

    lines = [",".join(map(cell, columns)) for _ in range(n_rows)]
    return "\n".join([",".join(columns), *lines]) + "\n"


def everything(content: str):
    """All that is read from a table, or all that is said of it."""
    try:
        table = read_long_table("long.csv", content.encode())
    except ProblemsError as error:
        return [str(problem) for problem in error.problems]
    wells = [table.curve, table.concentration_nM, table.response, table.sd, table.line]
    wells = [column.tolist() for column in wells]
    bad_lines = {curve: lines for curve, lines in table.bad_lines.items() if lines}
    problems = [str(problem) for problem in table.problems]
    return repr((table.curves, wells, bad_lines, problems, table.notes))


@pytest.mark.parametrize("seed", range(40))
def test_reading_by_column_is_reading_by_row(monkeypatch, seed):
    content = random_table(seed, 60)
    quickly = everything(content)
    monkeypatch.setattr(pointfile.Table, "columns", lambda table: None)
    assert quickly == everything(content)


def test_names_that_differ_by_a_space_are_one_curve_and_told(fit):
    spaced = GOOD.replace("good,", "good ,", 4)
    outcome, answers = fit(HEADER + spaced)
    assert outcome.code == 0
    assert "long.csv: curve 'good' is also written with spaces around it" in outcome.text
    assert list(answers.index) == ["good"]
    assert answers.loc["good", "n_points"] == len(DOSES_NM)


def test_names_that_differ_in_capitals_are_two_curves_and_told(fit):
    other = rows("Good", DOSES_NM, logistic(DOSES_NM, 100))
    outcome, answers = fit(HEADER + GOOD + other)
    assert outcome.code == 0
    assert "curves 'good' and 'Good' differ only in capitals: each is fitted alone" in outcome.text
    assert answers.ic50_nM.to_dict() == pytest.approx({"good": 10, "Good": 100}, rel=1e-6)


def test_rows_of_one_name_are_one_curve_wherever_they_stand(fit, tmp_path):
    other = rows("other", DOSES_NM, logistic(DOSES_NM, 100))
    good, rest = GOOD.splitlines(keepends=True), other.splitlines(keepends=True)
    fit(HEADER + GOOD + other)
    together = (tmp_path / "out.csv").read_bytes()
    apart = "".join(good[:5] + rest[:8] + good[5:] + rest[8:])
    outcome, _ = fit(HEADER + apart)
    assert (outcome.code, outcome.text) == (0, "")
    assert (tmp_path / "out.csv").read_bytes() == together


@pytest.mark.parametrize("sign", "=+-@")
def test_a_name_that_a_spreadsheet_would_run_is_refused_and_defused(fit, tmp_path, sign):
    name = f"{sign}SUM(A1:A9)"
    outcome, answers = fit(HEADER + GOOD.replace("good", name) + GOOD)
    assert outcome.code == 1
    assert "long.csv, line 2, curve: a name may not begin with = + - or @" in outcome.text
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith(f"'{name},")
    assert answers.loc["good", "ic50_nM"] == pytest.approx(10, rel=1e-6)


def test_one_curve_of_very_many_wells(fit):
    """20,000 different concentrations; the answer is scipy's."""
    rng = np.random.default_rng(20260302)
    x = rng.uniform(-1, 4, 20_000)
    y = 100 / (1 + 10 ** (x - 1.5)) + rng.normal(0, 3, len(x))
    text = "".join(f"c,{10**a:.10g},nM,{b:.8g}\n" for a, b in zip(x, y, strict=True))
    outcome, answers = fit(HEADER + text, "--model", "3PL")
    assert outcome.code == 0
    c = answers.loc["c"]

    def curve(x, log10_ic50, top, bottom):
        return bottom + (top - bottom) / (1 + 10 ** (x - log10_ic50))

    best, covariance = curve_fit(curve, x, y, (1.0, 90, 5))
    assert np.log10(c.ic50_nM) == pytest.approx(best[0], abs=1e-6)
    assert c.log10_ic50_se == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-4)
    assert (c.n_points, c.status) == (len(x), "ok")


def test_very_many_curves_of_one_well(fit):
    """Every one fails with its reason in the table; of the reasons a hundred are printed."""
    n = 20_000
    text = "".join(f"c{i},{10 ** (i % 5)},nM,{i % 101}\n" for i in range(n))
    outcome, answers = fit(HEADER + text + GOOD)
    assert outcome.code == 1
    assert list(answers.index[[0, n - 1, n]]) == ["c0", f"c{n - 1}", "good"]
    failed = answers.iloc[:n]
    assert set(failed["flags"]) == {"too few concentrations: 1, at least 4 are needed"}
    assert set(failed.status) == {"failed"}
    assert answers.loc["good", "ic50_nM"] == pytest.approx(10, rel=1e-6)
    said = outcome.text.splitlines()
    assert len(said) == 102
    assert said[-2] == "long.csv: and 19900 curves more: see flags in out.csv"
    assert said[-1] == "20000 curves could not be fitted; see status and flags"


def test_very_many_bad_rows(fit):
    """Every bad row is named; the flag of their curve names the first five."""
    outcome, answers = fit(HEADER + GOOD + "bad,1,nM,x\n" * 3000)
    assert outcome.code == 1
    assert outcome.text.count("response: not a number (found 'x')") == 3000
    assert answers.loc["bad", "flags"] == "not fitted: bad row in line 13, 14, 15, 16, 17 and more"
    assert answers.loc["good", "ic50_nM"] == pytest.approx(10, rel=1e-6)


def test_the_example_of_the_documentation(fit):
    """The page's table gives the page's answers, and its messages."""
    page = (Path(__file__).parents[2] / "docs" / "fit.md").read_text(encoding="utf-8")
    table = page.split("```\n")[2].split("```")[0]
    assert table.startswith("curve,concentration,unit,response,role\n")
    outcome, answers = fit(table)
    assert (outcome.code, outcome.text) == (0, "")
    for name, c in answers.iterrows():
        numbers = [c.ic50_nM, c.ic50_lower_nM, c.ic50_upper_nM]
        numbers = ["" if np.isnan(number) else f"{number:.10g}" for number in numbers]
        cells = " | ".join([name, c.model, c.status, c.ic50_qualifier, *numbers])
        assert f"| {' '.join(cells.split())} |" in page
    outcome, answers = fit(table, "--weights", "counting", "--count-time", "1 min")
    assert outcome.text.strip().replace("long", "binding") in page
    c = answers.loc["CMP-1"]
    shown = f"{c.ic50_nM:.2f} nM ({c.ic50_lower_nM:.2f} to {c.ic50_upper_nM:.2f})"
    assert f"CMP-1 becomes {shown}" in page
    outcome, _ = fit(table.replace("CMP-2,10,nM,4097", "CMP-2,ten,nM,4097"))
    assert outcome.code == 1
    assert outcome.text.strip().replace("long.csv", "binding.csv") in page
