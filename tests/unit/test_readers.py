"""Readers against real exports (re-parsed here by other means) and hand-made bytes."""

import io
import math
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reuptake.problems import ProblemsError
from reuptake.readers import FORMATS, SourceFile, read_counts
from reuptake.readers import text as reader_text

LETTERS = [chr(65 + i) for i in range(26)] + [f"A{chr(65 + i)}" for i in range(6)]
SIZES = [(4, 6), (8, 12), (16, 24), (32, 48)]


def read(content, name="counts.txt", format=None):
    content = content.encode() if isinstance(content, str) else content
    return read_counts([SourceFile(name, content)], format)


def problems_of(*contents, format=None):
    files = [
        SourceFile(f"f{i}.txt", c.encode("iso-8859-1") if isinstance(c, str) else c)
        for i, c in enumerate(contents, start=1)
    ]
    with pytest.raises(ProblemsError) as error:
        read_counts(files, format)
    return error.value.problems


def numbers(rows, columns, start=1):
    """Distinct integers, so that a swapped or shifted well shows."""
    return np.arange(start, start + rows * columns, dtype=float).reshape(rows, columns)


# --- real exports -------------------------------------------------------------------------


def naive_grids(text):
    """Every row of a MicroBeta grid by regular expression alone, as one flat list."""
    return [
        [float(v) for v in m[1].split("\t")]
        for m in re.finditer(r"^[A-P]\t([\d\t]+?)\t?\r?$", text, re.M)
    ]


@pytest.fixture
def plate_export(shared):
    return (shared / "real-drops/2013-10-31-nop-spa/raw/E0013328A.txt").read_bytes()


def test_real_plate_export(plate_export):
    [plate] = read(plate_export, "raw/E0013328A.txt")
    assert (plate.label, plate.unit, plate.file) == ("1", "CCPM", "raw/E0013328A.txt")
    assert plate.counts.shape == (16, 24)
    assert plate.measured_at == "2013-10-31T13:41"
    assert (plate.counts[0, 0], plate.counts[1, 1], plate.counts[15, 23]) == (47, 76, 76)
    assert plate.counts.tolist() == naive_grids(plate_export.decode("iso-8859-1"))
    assert plate.counts.sum() == 424477  # summed with awk


def test_real_plate_export_cut_anywhere_is_refused(plate_export):
    """No proper prefix reads, except where only the closing blank line is lost."""
    body = plate_export.rstrip()
    for length in range(0, len(body), 97):
        with pytest.raises(ProblemsError):
            read(body[:length])


def test_real_list_and_grid(shared):
    content = (shared / "real-drops/formats/microbeta-A16_244.txt").read_bytes()
    plates = read(content)
    assert [plate.label for plate in plates] == [str(n) for n in range(1, 17)]
    assert {plate.counts.shape for plate in plates} == {(4, 6)}
    assert {plate.measured_at for plate in plates} == {"2019-01-18T05:22"}
    rows = [row for plate in plates for row in plate.counts.tolist()]
    assert rows == naive_grids(content.decode())
    assert sum(map(sum, rows)) == 122484  # summed with awk; the footer says 122495.5
    listed = [float(v) for v in re.findall(r"Unk_\d+\t\w+\t(\d+)\t", content.decode())]
    assert [value for row in rows for value in row] == listed


def test_real_edited_list_is_refused_with_its_wells(shared):
    content = (shared / "real-drops/formats/microbeta-A16_283.txt").read_bytes()
    [problem] = problems_of(content)
    # The list stops at sample 120 and goes on at 143: D5 and D6 of cassette 6 agree.
    assert problem.column == "cassette 6"
    named = re.findall(r"([A-D][1-6]) not in the list, grid (\d+)", problem.message)
    wells = [f"{row}{column}" for row in "ABCD" for column in range(1, 7)][:22]
    assert [well for well, _ in named] == wells
    assert [int(v) for _, v in named[:6]] == [1861, 1811, 526, 45, 41, 37]


@pytest.mark.parametrize("format", FORMATS)
def test_other_real_tables_are_not_taken_for_counts(shared, format):
    """No plain reader claims a layout, the animals or an instrument of another kind."""
    for path in ["2013-10-31-nop-spa/layout.csv", "fst-mouse-fluoxetine/animals.csv"]:
        [problem] = problems_of((shared / "real-drops" / path).read_bytes())
        assert "not recognised" in problem.message
        assert format in problem.message


# --- MicroBeta plate export ---------------------------------------------------------------

HEADER = (
    "s:\\data\\E1.txt\r\nRUN INFORMATION:\r\n================\r\n"
    "Counting protocol no: 23                    Thu  1-Mar-2012   9:05\r\n"
    "Name: H-3\r\nMicroBeta² serial number: 1\r\n\r\nPLATES:\r\n=======\r\n"
)
CONTINUED = "s:\\data\\E2.txt\r\n"


def plate_block(number, counts, quantity="CCPM1", end=True, shelf=None):
    rows, columns = np.shape(counts)
    lines = [
        f"Plate {number}",
        "Cassette information:",
        f"Assay:-/Prot:23/Func: -  /Cassette no:   1/Shelf: {shelf or f'1/{rows}*{columns}'}",
        f"Plate ID: E{number} / _",
        "",
        quantity,
        "",
        " \t" + "".join(f"{c + 1}\t" for c in range(columns)),
    ]
    for letter, row in zip(LETTERS, counts, strict=False):
        lines.append(f"{letter}\t" + "".join(f"{v:g}\t" if v == v else "-\t" for v in row))
    lines += ["", f"End of plate {number}"] if end else []
    return "\r\n".join(lines) + "\r\n"


def footer(total, unit="CCPM"):
    return f"Total count rate:   {total} {unit}\r\nEND\r\n"


def test_plate_export_in_latin_1_with_footer():
    a, b = numbers(8, 12), numbers(8, 12, start=1000)
    b[2, 3] = math.nan
    text = HEADER + plate_block(1, a) + plate_block(2, b) + footer(np.nansum(a) + np.nansum(b))
    plates = read(text.encode("iso-8859-1"))
    np.testing.assert_array_equal(plates[0].counts, a)
    np.testing.assert_array_equal(plates[1].counts, b)
    assert [p.measured_at for p in plates] == ["2012-03-01T09:05"] * 2
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert read(text.encode(encoding))[1].counts[7, 11] == 1095


def test_footer_may_differ_by_half_a_count_a_well():
    counts = numbers(4, 6)  # sums to 300, so 12 is the largest difference
    text = HEADER + plate_block(1, counts)
    assert read(text + footer(312))
    assert read(text + footer(288))
    [problem] = problems_of(text + footer(312.1))
    assert "300" in problem.message
    assert problem.value == "312.1 CCPM"
    assert read(text + footer(999, unit="DPM")), "a total of another quantity is no check"


def split_run(total=None):
    a, b, c = (numbers(8, 12, start) for start in (1, 200, 400))
    last = footer(total) if total is not None else ""
    return [
        (HEADER + plate_block(1, a)).encode("iso-8859-1"),
        (CONTINUED + plate_block(2, b)).encode("ascii"),
        (CONTINUED + plate_block(3, c) + last).encode("ascii"),
    ]


def run_of(*contents):
    return read_counts([SourceFile(f"f{i}", c) for i, c in enumerate(contents, start=1)])


TOTAL_OF_SPLIT = 96 * (1 + 200 + 400) + 3 * 95 * 96 / 2


@pytest.mark.parametrize("total", [None, TOTAL_OF_SPLIT])
def test_run_split_over_files(total):
    plates = run_of(*split_run(total))
    assert [(p.label, p.file) for p in plates] == [("1", "f1"), ("2", "f2"), ("3", "f3")]
    assert [p.counts[0, 0] for p in plates] == [1, 200, 400]
    assert {p.measured_at for p in plates} == {"2012-03-01T09:05"}


def test_total_of_a_split_run_is_that_of_all_its_files():
    files = split_run(TOTAL_OF_SPLIT + 200)
    [problem] = problems_of(*files)
    assert "footer" in problem.message
    assert problem.file == "f3.txt"
    # Without all plates at hand the total says nothing.
    assert [p.label for p in run_of(files[2])] == ["3"]
    assert [p.label for p in run_of(files[0], files[2])] == ["1", "3"]


def test_plate_cut_out_of_a_whole_file_is_found_by_the_total():
    text = HEADER + plate_block(1, numbers(4, 6)) + plate_block(3, numbers(4, 6))
    assert "footer" in problems_of(text + footer(900))[0].message


def test_files_of_a_run_out_of_order_or_twice():
    files = split_run(TOTAL_OF_SPLIT)
    messages = " ".join(p.message for p in problems_of(files[1], files[0], files[2]))
    assert "a run begins here" in messages
    messages = " ".join(p.message for p in problems_of(files[0], files[1], files[1]))
    assert "occurs twice" in messages
    messages = " ".join(p.message for p in problems_of(files[0], files[2], files[1]))
    assert "after the footer" in messages
    assert "stands after plate 3" in messages


def test_every_fault_of_a_run_is_told_at_once():
    bad_row = plate_block(1, numbers(8, 12)).replace("\t15\t", "\t12abc\t").replace("H\t", "I\t")
    cut = plate_block(2, numbers(8, 12), end=False).rsplit("F\t", 1)[0]
    found = {p.message: p for p in problems_of(HEADER + bad_row + cut)}
    bad = found["plate 1: not a number"]
    # Nine lines of header, the block's eight up to the column numbers, then A and B.
    assert (bad.line, bad.column, bad.value) == (19, "B3", "12abc")
    assert "plate 1: truncated: 7 of 8 rows; H missing" in found
    assert "plate 2 is truncated: its 'End of plate 2' is missing" in found
    assert "plate 2: truncated: 5 of 8 rows; F, G, H missing" in found


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (plate_block(1, numbers(8, 11), shelf="17/8*12"), "header should run from 1 to 12"),
        (plate_block(1, numbers(7, 12), shelf="17/8*12"), "7 of 8 rows; H missing"),
        (plate_block(1, numbers(8, 12)).replace("\t96\t", ""), "row H has 11 of 12 wells"),
        (plate_block(1, numbers(8, 12)).replace("\t96\t", "\t96\t97\t"), "row H has 13 of 12"),
        (plate_block(1, numbers(8, 12)).replace("B\t", "A\t"), "row A again"),
        (plate_block(1, numbers(8, 12), shelf="9/99*99"), "a plate of 99 x 99 wells"),
        (plate_block(1, numbers(8, 12)).replace("Shelf", "Rack"), "no size"),
        (plate_block(1, numbers(8, 12)).replace("End of plate 1", "End of plate 2"), "truncated"),
        (plate_block(1, numbers(8, 12)).replace("Plate 1", "", 1), "without its beginning"),
        (plate_block(1, numbers(8, 12)).split("CCPM1")[0] + "End of plate 1", "no grid"),
        (plate_block(1, numbers(8, 12)).replace("\t96\t", "\tnan\t"), "not a finite number"),
        (plate_block(1, numbers(8, 12)).replace("\t96\t", "\t9,6\t"), "not a number"),
        ("", "holds no plate"),
    ],
)  # fmt: skip
def test_damaged_plate_blocks(block, said):
    problems = problems_of(HEADER + block)
    assert any(said in p.message for p in problems), problems
    assert all(p.remedy and p.file for p in problems)


def test_counting_errors_beside_the_counts_are_left_alone_but_two_quantities_are_not():
    counts, errors = numbers(4, 6), numbers(4, 6, start=500)
    grid = plate_block(1, counts, end=False)
    percent = "CCPM1%\r\n" + grid[grid.index(" \t1\t") :] + "End of plate 1\r\n"
    [plate] = read((HEADER + grid + percent).encode("iso-8859-1"))
    np.testing.assert_array_equal(plate.counts, counts)
    assert errors[0, 0] not in plate.counts
    [problem] = problems_of(HEADER + grid + percent.replace("CCPM1%", "DPM1"))
    assert "CCPM1 and DPM1" in problem.message


def test_a_well_that_was_not_counted_is_nan():
    text = plate_block(1, numbers(4, 6)).replace("\t24\t", "\t\t").replace("\t23\t", "\t-\t")
    [plate] = read((HEADER + text).encode("iso-8859-1"))
    assert np.isnan(plate.counts).nonzero()[1].tolist() == [4, 5]


# --- MicroBeta list and grid --------------------------------------------------------------


def list_and_grid(cassettes, unnumbered_gaps=False):
    rows, n = [], 0
    for cassette in cassettes:
        for r, c in np.ndindex(*cassette.shape):
            if math.isnan(cassette[r, c]):
                n += not unnumbered_gaps
                continue
            n += 1
            rows.append(f" \tUnk_{n}\t{LETTERS[r]}{c + 1:02d}\t{cassette[r, c]:g}\t2.0\t\r\n")
    head, plates = HEADER.split("PLATES:")
    columns = "COLUMNS:\r\n========\r\n \tSAMPLE\tPOS\tCCPM1\tCCPM1%\t\r\n" + "".join(rows)
    blocks = "".join(plate_block(i, c) for i, c in enumerate(cassettes, start=1))
    return f"{head}{columns}\r\nPLATES:{plates}{blocks}" + footer(
        sum(float(np.nansum(c)) for c in cassettes)
    )


@pytest.fixture
def cassettes():
    return [numbers(4, 6), numbers(4, 6, start=101)]


@pytest.mark.parametrize("unnumbered", [False, True])
def test_list_and_grid_with_empty_positions(cassettes, unnumbered):
    cassettes[0][1, 2] = cassettes[1][3, 5] = math.nan
    plates = read(list_and_grid(cassettes, unnumbered).encode("iso-8859-1"))
    for plate, expected in zip(plates, cassettes, strict=True):
        np.testing.assert_array_equal(plate.counts, expected)


def test_sample_number_not_position_is_the_key(cassettes):
    """Both cassettes have an A01; a change in the second is not looked for in the first."""
    text = list_and_grid(cassettes).replace("Unk_25\tA01\t101", "Unk_25\tA01\t107")
    [problem] = problems_of(text)
    assert problem.column == "cassette 2"
    assert "A1 list 107, grid 101" in problem.message


def test_each_cassette_that_disagrees_is_named(cassettes):
    text = list_and_grid(cassettes)
    text = text.replace("Unk_3\tA03", "Unk_3\tB03").replace("Unk_48\tD06\t124", "Unk_48\tD06\t-")
    first, second = problems_of(text)
    assert "A3 listed as B3 (sample 3)" in first.message
    assert "D6 list -, grid 124" in second.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Unk_4\t", "Unk_5\t", "sample 5 stands twice"),
        ("Unk_4\t", "Unk\t", "a sample without a number"),
        ("Unk_4\tA04", "Unk_4\tQ99", "not a well"),
        ("Unk_4\tA04\t4", "Unk_4\tA04\tfour", "not a number"),
        ("Unk_48\t", "Unk_49\t", "the grids end before it"),
        ("\tPOS\t", "\tPLACE\t", "the list needs SAMPLE, POS"),
        ("End of plate 2", "", "truncated"),
    ],
)
def test_damaged_lists(cassettes, old, new, said):
    assert old in list_and_grid(cassettes)
    problems = problems_of(list_and_grid(cassettes).replace(old, new))
    assert any(said in p.message for p in problems), problems


def test_the_comparison_cannot_be_bypassed(cassettes):
    text = list_and_grid(cassettes).replace("Unk_25\tA01\t101", "Unk_25\tA01\t107")
    [problem, *_] = problems_of(text, format="microbeta_plate")
    assert "microbeta_list" in problem.remedy


# --- plain grids --------------------------------------------------------------------------


def grid_text(counts, delimiter=",", letters=True, header=True, decimal=".", close=False):
    lines = []
    if header:
        cells = [str(c + 1) for c in range(counts.shape[1])]
        lines.append(([""] if letters else []) + cells)
    for i, row in enumerate(counts):
        cells = ["" if v != v else repr(float(v)).replace(".", decimal) for v in row]
        lines.append(([LETTERS[i]] if letters else []) + cells)
    end = delimiter if close else ""
    return "".join(delimiter.join(line) + end + "\n" for line in lines)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("letters", [True, False])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), ("\t", "."), (";", ","), ("\t", ",")]
)
def test_grid_of_every_shape_and_locale(size, letters, header, delimiter, decimal):
    counts = numbers(*size) + 0.25
    [plate] = read(grid_text(counts, delimiter, letters, header, decimal))
    np.testing.assert_array_equal(plate.counts, counts)
    assert (plate.label, plate.unit) == ("1", "counts")


counts_or_gap = st.one_of(
    st.floats(-1e6, 1e7, allow_nan=False).map(lambda v: round(v, 2)), st.just(math.nan)
)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(counts_or_gap, min_size=24, max_size=24),
    first=st.floats(1, 1e6),
    letters=st.booleans(),
    header=st.booleans(),
    locale=st.sampled_from([(",", "."), (";", ","), ("\t", "."), ("\t", ",")]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"]),
)
def test_grid_round_trip(values, first, letters, header, locale, encoding):
    """Whatever is written reads back to the last bit, or is refused as ambiguous."""
    counts = np.array(values).reshape(4, 6)
    counts[:, 0] = first  # no row or first column is blank
    counts[0, :] = np.where(np.isnan(counts[0]), 2.5, counts[0])
    content = grid_text(counts, locale[0], letters, header, locale[1]).encode(encoding)
    [plate] = read(content)
    np.testing.assert_array_equal(plate.counts, counts)


def test_several_grids_are_plates_in_order():
    a, b = numbers(8, 12), numbers(16, 24, start=1000)
    plates = read(grid_text(a) + "\n,,,\n" + grid_text(b))
    assert [(p.label, p.counts.shape) for p in plates] == [("1", (8, 12)), ("2", (16, 24))]
    more = run_of(grid_text(a).encode(), grid_text(b).encode())
    assert [(p.label, p.file) for p in more] == [("1", "f1"), ("2", "f2")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_closing_delimiters(ending):
    counts = numbers(8, 12)
    text = grid_text(counts, "\t", close=True).replace("\n", ending)
    np.testing.assert_array_equal(read(text)[0].counts, counts)


def test_a_header_never_stands_in_for_a_lost_row():
    text = grid_text(numbers(7, 12, start=100), letters=False)
    assert "7 x 12" in problems_of(text)[0].message


def test_blank_last_column():
    counts = numbers(8, 12)
    counts[:, 11] = math.nan
    for letters in (True, False):
        [plate] = read(grid_text(counts, letters=letters, header=False))
        np.testing.assert_array_equal(plate.counts, counts)


@pytest.mark.parametrize(
    ("rows", "columns"), [(9, 12), (7, 12), (8, 11), (12, 8), (33, 48), (32, 49), (200, 300)]
)
def test_grid_of_another_size(rows, columns):
    text = grid_text(numbers(rows, columns), letters=False)
    problem = problems_of(text)[0]
    assert f"{rows} x {columns}" in problem.message
    assert "4 x 6, 8 x 12, 16 x 24, 32 x 48" in problem.message


def test_faults_in_a_grid_are_told_by_well_and_line():
    text = grid_text(numbers(8, 12))
    bad = ["12abc", "1.2.3", "#DIV/0!", "nan", "inf", "1e999", "BLANK", "0x10", "1_0", "٣"]
    for i, value in enumerate(bad):
        text = text.replace(f",{i + 14}.0", f",{value}", 1)
    problems = problems_of(text.encode())
    assert [p.value for p in problems] == bad
    assert [p.column for p in problems] == [f"B{c}" for c in range(2, 12)]
    assert {p.line for p in problems} == {3}
    assert all(p.remedy for p in problems)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("D,", "E,", "row D expected"),
        (",95.0,96.0", ",95.0", "the row has 11 of 12 wells"),
        (",24.0", ",24.0,25", "right of column 12"),
        (",11,12", ",11,13", "number the columns from 1"),
    ],
)
def test_irregular_grids(old, new, said):
    text = grid_text(numbers(8, 12))
    assert old in text
    assert any(said in p.message for p in problems_of(text.replace(old, new)))


@pytest.mark.parametrize(
    ("delimiter", "cells", "said"),
    [
        (";", ("1,976", "987"), "thousands"),
        ("\t", ("1,976", "987"), "thousands"),
        (";", ("1.976", "987"), "thousands"),
        (";", ("1,5", "2.5"), "side by side"),
        (";", ("1.234,5", "2,5"), "not a number"),
        (",", ('"1,976"', "987"), "not a number"),
        (";", ("1 976", "987"), "not a number"),
    ],
)
def test_thousands_separators_are_never_guessed(delimiter, cells, said):
    row = delimiter.join([*cells * 3]) + "\n"
    assert said in problems_of(row * 4)[0].message


def test_three_decimals_are_decimals_where_one_cell_settles_it():
    [plate] = read("1,976;0,987;10,000;1,5;1,001;2,002\n" * 4)
    assert plate.counts[0].tolist() == [1.976, 0.987, 10.0, 1.5, 1.001, 2.002]
    [plate] = read("1.976\t2.987\t3.000\t4.000\t5.000\t6.000\n" * 4)
    assert plate.counts[0].tolist() == [1.976, 2.987, 3, 4, 5, 6]


# --- lists of wells -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "plate,well,counts\nP1,A1,10\nP1,H12,20\nP2,A01,30\n",
        "Counts;Well;Plate\n10;A1;P1\n20;H12;P1\n30;A001;P2\n",
        "Plate ID\tnote\tWell Position\tCounts\nP1\tx\ta1\t10\nP1\ty\th12\t20\nP2\t\ta1\t30\n",
        "P1,A1,10\nP1,H12,20\nP2,A1,30\n",
        "10,A1,P1\n20,H12,P1\n30,A1,P2\n",
        "A01\t10\tP1\nH12\t20\tP1\nA01\t30\tP2\n",
        "\ufeffplate,well,counts\r\n\r\nP1,A1,10\r\nP1,H12,20\r\nP2,A01,30\r\n",
    ],
)
def test_list_in_any_order(text):
    p1, p2 = read(text)
    assert (p1.label, p1.unit, p1.counts.shape) == ("P1", "counts", (8, 12))
    assert (p1.counts[0, 0], p1.counts[7, 11], np.isfinite(p1.counts).sum()) == (10, 20, 2)
    assert (p2.label, p2.counts.shape, p2.counts[0, 0]) == ("P2", (4, 6), 30)


def test_list_with_numbered_plates_and_no_header():
    rows = [f"{p};{LETTERS[r]}{c + 1};{100 * p + 6 * r + c},5" for p in (1, 2) for r in range(4)
            for c in range(6)]  # fmt: skip
    plates = read("\n".join(rows))
    assert [p.label for p in plates] == ["1", "2"]
    np.testing.assert_array_equal(plates[1].counts, 200.5 + np.arange(24).reshape(4, 6))
    swapped = [";".join(reversed(row.split(";"))) for row in rows]
    np.testing.assert_array_equal(read("\n".join(swapped))[1].counts, plates[1].counts)


def test_list_that_does_not_tell_plate_from_counts():
    [problem] = problems_of("1,A1,476\n2,A2,481\n")
    assert "cannot be told apart" in problem.message
    assert "header" in problem.remedy
    [problem] = problems_of("P1,A1,476\nP2,A2,481\n")
    assert "the column of the wells cannot be told" in problem.message


@pytest.mark.parametrize(
    ("name", "unit"),
    [("CPM", "CPM"), ("dpm", "DPM"), ("CCPM1", "CCPM"), ("Counts", "counts"), ("value", "counts")],
)
def test_unit_from_the_header(name, unit):
    [plate] = read(f"well,{name}\nA1,-\nD6,3\nB2,\nB3,N/A\n")
    assert (plate.label, plate.unit) == ("1", unit)
    assert np.isfinite(plate.counts).sum() == 1


@pytest.mark.parametrize(("well", "size"), [("D6", (4, 6)), ("E1", (8, 12)), ("A13", (16, 24)),
                                            ("AF48", (32, 48))])  # fmt: skip
def test_plate_is_the_smallest_that_holds_its_wells(well, size):
    assert read(f"well,cpm\nA1,1\n{well},2\n")[0].counts.shape == size


def test_faults_in_a_list_are_all_told():
    text = (
        "plate,well,cpm\nP1,A1,10\nP1,A01,11\nP1,A2,12abc\naverage,,11\nP1,stdv,0.5\n"
        "P1,Z99,3\n,A3,4\nP1,A4,#N/A\n"
    )
    found = [(p.line, p.message.split(";")[0].split(" in plate")[0]) for p in problems_of(text)]
    assert found == [
        (3, "the well stands twice"),
        (4, "not a number"),
        (5, "a computed row stands among the wells"),
        (6, "a computed row stands among the wells"),
        (7, "'Z99' is not a well name between A1 and AF48"),
        (8, "no plate named"),
        (9, "a spreadsheet error stands in place of a number"),
    ]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("plate,well,cpm,dpm", "more than one column for counts: cpm, dpm"),
        ("plate,well,pos,cpm", "more than one column for well"),
    ],
)
def test_ambiguous_headers(header, said):
    row = ",".join(["A1"] * header.count(",")) + ",5"
    assert said in problems_of(f"{header}\n{row}\n")[0].message


def test_a_plate_in_two_units():
    problems = problems_of("plate,well,cpm\nP,A1,1\n", "plate,well,dpm\nP,A2,1\n")
    assert "CPM" in problems[0].message
    assert "DPM" in problems[0].message


# --- workbooks ----------------------------------------------------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"


def workbook(*sheets):
    """A minimal .xlsx; a sheet is rows of values or, as text, the raw XML of its rows."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}relationships"><Relationship Id="r" '
        f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>'
        + "".join(
            f'<sheet name="S{i}" sheetId="{i}" r:id="r{i}"/>' for i in range(1, len(sheets) + 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}relationships">'
        + "".join(
            f'<Relationship Id="r{i}" Type="{_REL}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        + "</Relationships>",
    }  # fmt: skip
    for i, sheet in enumerate(sheets, start=1):
        rows = sheet if isinstance(sheet, str) else "".join(map(_xml_row, range(len(sheet)), sheet))
        parts[f"xl/worksheets/sheet{i}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, '<?xml version="1.0"?>' + part)
    return buffer.getvalue()


def _xml_row(r, values):
    cells = []
    for c, value in enumerate(values):
        place = f"{LETTERS[c]}{r + 1}" if c < 26 else f"A{LETTERS[c - 26]}{r + 1}"
        if isinstance(value, str):
            cells.append(f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>')
        elif value == value:
            cells.append(f'<c r="{place}"><v>{value}</v></c>')
    return f'<row r="{r + 1}">{"".join(cells)}</row>'


def lettered(counts):
    head = [["", *range(1, counts.shape[1] + 1)]]
    return head + [[LETTERS[i], *row] for i, row in enumerate(counts.tolist())]


def test_grid_in_a_workbook():
    counts = numbers(8, 12) + 0.5
    counts[3, 3] = counts[7, 11] = math.nan
    [plate] = read(workbook(lettered(counts)), "plate.xlsx")
    np.testing.assert_array_equal(plate.counts, counts)
    indented = [[], [], *(["", "", *row] for row in lettered(counts))]
    np.testing.assert_array_equal(read(workbook(indented))[0].counts, counts)


def test_several_sheets_of_grids_and_one_of_notes():
    a, b = numbers(8, 12), numbers(16, 24, start=1000)
    plates = read(workbook(lettered(a), [["counted by", "AB"]], lettered(b)), "plates.xlsx")
    assert [p.label for p in plates] == ["1", "2"]
    np.testing.assert_array_equal(plates[1].counts, b)


def test_list_in_a_workbook():
    [plate] = read(workbook([["Plate", "Well", "CPM"], [1, "A01", 12.5], [1, "D06", 7]]))
    assert (plate.label, plate.unit, plate.counts[0, 0], plate.counts[3, 5]) == (
        "1",
        "CPM",
        12.5,
        7,
    )


def test_text_in_a_workbook_is_told_by_sheet_and_well():
    rows = lettered(numbers(8, 12))
    rows[2][3] = "12abc"
    [problem] = problems_of(workbook(rows, [["note", "x"]]))
    assert (problem.file, problem.line, problem.column) == ("f1.txt, sheet S1", 3, "B3")


@pytest.mark.parametrize(
    ("cell", "said", "value"),
    [
        ('<c r="B2" t="e"><v>#DIV/0!</v></c>', "spreadsheet error", "#DIV/0!"),
        ('<c r="B2"><f>1+1</f></c>', "never calculated", ""),
        ('<c r="XFD2"><v>1</v></c>', "beyond row", ""),
        ('</row><row r="1048576"><c r="B1048576"><v>1</v></c>', "beyond row", ""),
    ],
)
def test_cells_that_would_pass_for_blank_or_fill_the_memory(cell, said, value):
    good = "".join(map(_xml_row, range(1), [["well", "cpm"]]))
    problems = problems_of(workbook(good + f'<row r="2"><c r="A2"><v>1</v></c>{cell}</row>'))
    assert said in problems[0].message
    assert problems[0].value == value


def test_damaged_workbooks():
    whole = workbook(lettered(numbers(8, 12)))
    sheet = whole.index(b"sheet1.xml") + len("sheet1.xml")
    flipped = whole[: sheet + 20] + bytes(b ^ 255 for b in whole[sheet + 20 :][:9])
    for content in (
        whole[:300],
        whole[:-40],
        b"PK\x03\x04 and no more",
        flipped + whole[len(flipped) :],
    ):
        [problem] = problems_of(content)
        assert "cannot be opened" in problem.message
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    assert "cannot be opened" in problems_of(buffer.getvalue())[0].message
    assert "not recognised" in problems_of(workbook([]))[0].message


def test_a_workbook_that_unpacks_without_end():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(5):
            archive.writestr(f"xl/worksheets/sheet{i}.xml", b" " * (60 << 20))
    assert "unpacks" in problems_of(buffer.getvalue())[0].message


# --- hostile content and the choice of a format -------------------------------------------


def test_formats():
    assert {"microbeta_plate", "microbeta_list", "grid", "well_list"} <= set(FORMATS)


def test_unknown_format_lists_the_known():
    [problem] = problems_of("1,2\n", format="excel")
    assert problem.value == "excel"
    assert all(name in problem.message for name in FORMATS)


def test_no_file():
    with pytest.raises(ProblemsError, match="no file"):
        read_counts([])


@pytest.mark.parametrize("format", [None, *FORMATS])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \r\n\t\n",
        b",,,\n,,,\n",
        b"\x00\x01\x02\xff" * 100,
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf\xff\xfe",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"plate,well,counts\n",
        b",1,2,3,4,5,6,7,8,9,10,11,12\n",
        b'"unterminated,1,2\n3,4,5\n',
        b"9" * 200_000,
        b"1," * 200_000,
        b"x" * 1_000_000 + b"\nRUN INFORMATION:\n",
        b"RUN INFORMATION:\nCOLUMNS:\n",
        b"RUN INFORMATION:\nCOLUMNS:\n \tSAMPLE\tPOS\n",
        b"Plate 1\nEnd of plate 1\n",
        b"Plate 1\nShelf: 1/4*6\nCPM\n \t1",
        b"Total count rate: lots CPM\nEnd of plate 9\nCassette information",
        b"just words\n",
        b"A,1\nB,2\n",
    ],
)
def test_hostile_content_is_refused_without_traceback(content, format):
    with pytest.raises(ProblemsError) as error:
        read(content, format=format)
    assert error.value.problems
    assert all(p.message and p.remedy for p in error.value.problems)


def test_every_faulty_file_is_told():
    problems = problems_of(b"", b"\x00", "well,cpm\nA1,1\n", format="excel")
    assert [p.file for p in problems] == ["", "f1.txt", "f2.txt"]


def test_a_file_beyond_every_measure():
    [problem] = problems_of(b"1" * ((64 << 20) + 1))
    assert "64 MiB" in problem.message


def test_files_of_different_formats():
    problems = problems_of(grid_text(numbers(8, 12)), "well,cpm\nA1,1\n")
    assert "grid" in problems[0].message
    assert "well_list" in problems[0].message
    assert "format" in problems[0].remedy


# --- text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("µM".encode("iso-8859-1"), "µM"),
        ("µM".encode(), "µM"),
        ("µM".encode("utf-8-sig"), "µM"),
        ("µM".encode("utf-16"), "µM"),
        (b"\xfe\xff" + "µM".encode("utf-16-be"), "µM"),
        (b"MicroBeta\xb2", "MicroBeta²"),
    ],
)
def test_decode(content, expected):
    assert reader_text.decode(content) == expected


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1;2", ","),
        ("1,5;2,5", ";"),
        ("a\tb;c,d", "\t"),
        ('title\n"a;b",c', ","),
        ("alone", ","),
    ],
)
def test_delimiter(text, delimiter):
    assert reader_text.delimiter_of(text) == delimiter


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [("47", ".", 47), (" 4.5 ", ".", 4.5), ("-1", ".", -1), (".5", ".", 0.5), ("1e3", ".", 1000),
     ("4,5", ",", 4.5), ("47", ",", 47), ("1,5E+2", ",", 150)],
)  # fmt: skip
def test_number(text, decimal, value):
    assert reader_text.number(text, decimal) == value


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("4,5", "."), ("4.5", ","), ("1,234,567", ","), ("1'000", "."), ("", "."), ("-", "."),
     ("NaN", "."), ("-Infinity", "."), ("1e400", "."), ("5 cpm", "."), ("--5", "."), ("٣", ".")],
)  # fmt: skip
def test_what_is_no_number(text, decimal):
    with pytest.raises(ValueError, match="number"):
        reader_text.number(text, decimal)


def test_lines_end_at_line_ends_only():
    assert reader_text.split_lines("a\x0bb\u2028c\r\nd\re\nf") == ["a\x0bb\u2028c", "d", "e", "f"]


# --- lines --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "split"),
    [
        (grid_text(numbers(8, 12)), ","),
        (grid_text(numbers(8, 12), letters=False, header=False), ","),
        ("\n\n" + grid_text(numbers(8, 12)) + "\n\n" + grid_text(numbers(8, 12, 500)), ","),
        ("plate,well,counts\nP,B2,7\n\nP,A1,9\nP,H12,11\n", ","),
        (HEADER + plate_block(1, numbers(8, 12)), "\t"),
    ],
    ids=["grid", "bare grid", "two grids", "list", "plate export"],
)
def test_every_count_stands_in_the_line_that_is_told(content, split):
    lines = content.splitlines()
    plates = read(content)
    for plate in plates:
        assert plate.lines.shape == plate.counts.shape
        for value, line in zip(plate.counts.ravel(), plate.lines.ravel(), strict=True):
            if math.isnan(value):
                continue
            cells = [cell.strip() for cell in lines[line - 1].split(split)]
            assert value in [float(cell) for cell in cells if re.fullmatch(r"[0-9.]+", cell)]
    assert np.isfinite(plates[0].counts).any()


def test_the_line_of_a_workbook_is_the_row_of_its_sheet():
    counts = numbers(8, 12)
    [plate] = read(workbook([[], [], *lettered(counts)]), "plate.xlsx")
    assert plate.lines[:, 0].tolist() == list(range(4, 12))
