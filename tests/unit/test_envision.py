"""Exports of the EnVision plate reader, in the forms that its software writes."""

import numpy as np
import pytest

from reuptake.problems import ProblemsError
from reuptake.readers import SourceFile, read_counts
from reuptake.wellnames import row_letters

SAID = "Plate,Repeat,Barcode,Measured height,Group,Label,ScanX,Measinfo,Measurement date,"
CALCULATED = "Plate,Repeat,Barcode,Measured height,Formula,Measurement date,"
FOOTER = [
    "",
    "Basic assay information ",
    "Assay ID: ,,,,2900",
    'Serial#: ,,,,="1051017"',
    "",
    "Plate type:",
    "Number of rows,,,,{rows}",
    "Number of columns,,,,{columns}",
    "",
    "Platemap:",
    "Plate,,,,1",
    ",01,02,03,",
    "A,- ,- ,- ,",
    "",
    "Exported with EnVision Workstation version 1.14.3049.1193",
    "",
]


def values(rows, columns):
    return 100.0 * np.arange(rows)[:, None] + np.arange(columns)


def plate(grid, number=1, *, letters=True, label="LUM(1)", title="Results for LUM(1) (CPS)"):
    """One measured plate: CRLF is put in later; NaN is a blank cell."""
    shown = [["" if np.isnan(v) else f"{v:g}" for v in row] for row in grid]
    lines = ["Plate information ", SAID]
    lines.append(f'{number},1,"=""LoP_pool""",14.67,1,{label},0,De=USLum,8/22/2023 12:16:31 PM,')
    lines += ["", "Background information", "Plate,Label,Result,", f"{number},LUM,0,", ""]
    lines += [title] if title else []
    if letters:
        lines.append("," + "".join(f"{n + 1:02d}," for n in range(len(shown[0]))))
        shown = [[row_letters(i), *row] for i, row in enumerate(shown)]
    return [*lines, *("".join(f"{cell}," for cell in row) for row in shown), ""]


def calculated(grid):
    lines = plate(grid, title="Calculated results: Calc 1: Crosstalk = Crosstalk correction")
    lines[1:3] = [CALCULATED, "1,1,,N/A,Calc 1: Crosstalk = Crosstalk correction,8/22/2023,"]
    return lines


def read(lines, size=(8, 12), name="raw/lum.txt"):
    footer = [line.format(rows=size[0], columns=size[1]) for line in FOOTER] if size else []
    return read_counts([SourceFile(name, "\r\n".join([*lines, *footer]).encode())])


def faults(lines, **more):
    with pytest.raises(ProblemsError) as caught:
        read(lines, **more)
    return "; ".join(str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize("size", [(8, 12), (16, 24), (32, 48)])
@pytest.mark.parametrize("letters", [True, False])
@pytest.mark.parametrize("footer", [True, False])
def test_whole_plates_with_and_without_letters(size, letters, footer):
    (found,) = read(plate(values(*size), letters=letters), size=size if footer else None)
    assert (found.label, found.unit) == ("1", "CPS")
    assert found.measured_at == "2023-08-22T12:16:31"
    np.testing.assert_array_equal(found.counts, values(*size))
    first = 11 if letters else 10
    assert found.lines[:2, 0].tolist() == [first, first + 1]


def test_lines_are_those_of_the_file():
    lines = plate(values(8, 12))
    (found,) = read(lines)
    assert lines[found.lines[1, 0] - 1].startswith("B,100,101,")


def test_without_a_title_the_unit_is_not_counts():
    """What the instrument measured is not said: no disintegrations can be made of it."""
    (found,) = read(plate(values(8, 12), letters=False, title=""))
    assert found.unit == "signal"


def test_several_plates_by_their_number():
    first, second = read(plate(values(8, 12)) + plate(values(8, 12) + 7, 2))
    assert (first.label, second.label) == ("1", "2")
    assert second.counts[0, 0] == 7


def test_the_channels_of_a_plate_are_told_apart():
    def two(**more):
        return [found.label for found in read(plate(values(8, 12)) + plate(values(8, 12), **more))]

    title = "Results for Eu(1) - channel 2 window 1 (Counts)"
    assert two(title=title) == ["1 LUM(1)", "1 Eu(1) - channel 2 window 1"]
    assert two(title="", label="Cy5(1)") == ["1 LUM(1)", "1 Cy5(1)"]
    message = "plate 1 LUM(1) De=USLum 1 stands 2 times"
    assert message in faults(plate(values(8, 12)) + plate(values(8, 12)))


def test_what_the_instrument_calculated_is_left():
    (found,) = read(calculated(values(8, 12) + 7) + plate(values(8, 12)))
    np.testing.assert_array_equal(found.counts, values(8, 12))
    assert "no measured plate in it" in faults(calculated(values(8, 12)))


def test_wells_that_were_not_measured():
    part = values(8, 12)
    part[0], part[:, :6] = np.nan, np.nan
    for letters in (True, False):
        lines = plate(part[1:] if not letters else part, letters=letters)
        if letters:
            (found,) = read(lines)
            np.testing.assert_array_equal(found.counts, part)
        else:
            assert "a grid of 7 rows without row letters is no whole plate" in faults(lines)
    # rows and columns that the export leaves out altogether
    (found,) = read(plate(values(3, 6)))
    assert found.counts.shape == (8, 12)
    assert np.isfinite(found.counts).sum() == 18
    # without a footer the smallest plate that has them
    assert read(plate(values(3, 6)), size=None)[0].counts.shape == (4, 6)


def test_short_rows_without_letters_stand_to_the_left():
    lines = plate(values(8, 12), letters=False)
    lines[-2] = "1,2,3,"
    (found,) = read(lines)
    assert found.counts[7, :3].tolist() == [1, 2, 3]
    assert np.isnan(found.counts[7, 3:]).all()


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_file_that_breaks_off_is_refused(cut):
    assert "raw/lum.txt" in faults(plate(values(8, 12))[:cut], size=None)


def test_a_european_export():
    lines = [line.replace(",", ";") for line in plate(values(8, 12))]
    lines[10] = lines[10].replace("A;0;1;", "A;0,25;1;")
    (found,) = read(lines)
    assert found.counts[0, :3].tolist() == [0.25, 1.0, 2.0]


def test_faults_name_their_line_and_well():
    lines = plate(values(8, 12))
    lines[10] = lines[10].replace("A,0,1,", "A,0,over,")
    text = faults(lines)
    assert "line 11" in text
    assert "A02" in text
    assert "over" in text
    lines = plate(values(8, 12))
    lines[11] = lines[11].replace("B,", "A,", 1)
    assert "the well stands twice" in faults(lines)
    assert "wells up to P24 on a plate of 8 x 12" in faults(plate(values(16, 24)))
