"""Counters of tubes and vials: Wizard2, Tri-Carb and Hidex."""

import numpy as np
import pytest

from reuptake.problems import ProblemsError
from reuptake.readers import SourceFile, read_counts

WIZARD = (
    "Protocol ID,Protocol name,Measurement date & time,Completion status,Run ID,Rack,Det,Pos,Time,"
    "Sample code,I-125 Counts,I-125 CPM,I-125 Error %,I-125 Info\r\n"
    "12,RTI-55,31/10/2013 13:41,OK,77,3,1,1,60.0,,5021.3,5019.8,1.41,\r\n"
    "12,RTI-55,31/10/2013 13:41,OK,77,3,2,2,60.0,,19.1,17.6,22.9,I\r\n"
    "12,RTI-55,31/10/2013 13:42,OK,77,4,1,1,60.0,B7,880.0,878.5,3.4,\r\n"
)
TRICARB = (
    "Assay Definition\nAssay Type: CPM\nNuclide: 3H\nCount Time (min): 1.00\nData Mode: CPM\n\n"
    "P#,PID,S#,TIME,CPMA,A:2S%,DPM1,ELTIME,FLAG,tSIE\n"
    "7,A,1,1.00,4860.0,2.87,11571.0,0.02,,412.1\n"
    "7,A,2,1.00,620,8.03,1476.0,0.04,,409.7\n"
    "7,A,13,1.00,-,0,0,0.06,,0\n"
)
HIDEX = (
    "Samp.;1\nRepe.;1\nWName;A01\nCPM;83.970\nDPM;126\nTDCR;0.664\nCounts;140\nDTime;1.000\n"
    "Time;100\nEndTime;30/11/2023 08:44:20\nSpectrum\n1;0\n2;14\n3;9\n\n"
    "Samp.;2\nRepe.;1\nWName;B02\nCPM;1203.5\nDPM;1805\nTDCR;0.667\nCounts;2006\nDTime;1.001\n"
    "Time;100\nEndTime;30/11/2023 08:46:05\nSpectrum\n1;3\n2;55\n"
)


def plates(content, format=None):
    """What is read of a file, recognised by its content unless a format is said."""
    content = content if isinstance(content, bytes) else content.encode()
    return read_counts([SourceFile("raw/counts.txt", content)], format)


def faults(content, format=None):
    with pytest.raises(ProblemsError) as caught:
        plates(content, format)
    return "; ".join(str(problem) for problem in caught.value.problems)


def test_wizard2_racks_are_plates_and_positions_wells():
    third, fourth = plates(WIZARD)
    assert (third.label, fourth.label) == ("3", "4")
    assert (third.unit, third.counts.shape) == ("CPM", (8, 12))
    assert third.counts[0, :3].tolist() == pytest.approx([5019.8, 17.6, np.nan], nan_ok=True)
    assert fourth.counts[0, 0] == 878.5
    assert np.isfinite(third.counts).sum() == 2
    assert third.lines[0, :3].tolist() == [2, 3, 0]
    assert fourth.lines[0, 0] == 4


def test_tricarb_vials_by_sample_number():
    (plate,) = plates(TRICARB)
    assert (plate.label, plate.unit, plate.counts.shape) == ("7", "CPM", (8, 12))
    assert plate.counts[0, :2].tolist() == [4860.0, 620.0]
    assert plate.lines[0, :2].tolist() == [8, 9]
    # number 13 begins the second row; it was not counted
    assert np.isfinite(plate.counts).sum() == 2


def test_tricarb_in_another_set_up():
    text = "Count Time (min): 1.00\nS#,Count Time,SIS,DPMA\n" + "".join(
        f"{n},1.00,20.1,{100 * n}.5\n" for n in range(1, 98)
    )
    (plate,) = plates(text)
    assert (plate.label, plate.unit, plate.counts.shape) == ("1", "DPM", (16, 24))
    # 24 a row: number 25 is B1
    assert plate.counts[1, 0] == 2500.5


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hidex_measurements_by_well(end):
    (plate,) = plates(HIDEX.replace("\n", end))
    assert (plate.counts[0, 0], plate.counts[1, 1]) == (83.970, 1203.5)
    assert (plate.lines[0, 0], plate.lines[1, 1]) == (4, 19)
    assert np.isfinite(plate.counts).sum() == 2
    # day first: 30 November
    assert (plate.unit, plate.measured_at) == ("CPM", "2023-11-30T08:46:05")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (WIZARD + WIZARD.splitlines()[1] + "\r\n", "tube 1 stands twice in 3"),
        (WIZARD.replace("878.5", "eight"), "not a number"),
        (WIZARD.replace("77,4,1,1,", "77,4,1,,"), "not a tube number"),
        (WIZARD.replace("77,4,1,1,", "77,,1,1,"), "no rack named"),
        (WIZARD.replace("I-125 Error %", "Co-57 CPM"), "more than one nuclide"),
        (WIZARD + "12,RTI-55\r\n", "a row cut short"),
        (WIZARD.splitlines()[0], "no tube in it"),
        (TRICARB + TRICARB.splitlines()[7] + "\n", "tube 1 stands twice in 7"),
        (TRICARB.replace("4860.0", "4860.0 *"), "not a number"),
        (TRICARB.replace("A,13,", "A,1600,"), "not a tube number from 1 to 1536"),
        (HIDEX + HIDEX, "the well was measured twice"),
        (HIDEX.replace("CPM;1203.5\n", ""), "a measurement without CPM"),
        (HIDEX.replace("WName;B02", "WName;two"), "is not a well name"),
        (HIDEX.replace("1203.5", "many"), "not a number"),
    ],
)
def test_faults_are_told_with_their_place(content, words):
    told = faults(content)
    assert words in told
    assert "raw/counts.txt" in told


@pytest.mark.parametrize("format", ["wizard2", "tricarb", "hidex"])
def test_a_format_that_is_stated_and_is_not_that(format):
    assert "raw/counts.txt" in faults("well,counts\nA1,5\n", format)
