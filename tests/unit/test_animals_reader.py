"""Animals files: what is taken, and that every fault names its line, column and remedy."""

import numpy as np
import pytest
from animal_sets import HEADER, PCA, SWIM, SWIM_S, file_of

from reuptake.drops.animals import levels, read_animals, read_calibration

FINE = """\
animal,group,role,treatment,dose,unit,value
V1,Vehicle,vehicle,saline,,,200
V2,Vehicle,vehicle,saline,,,210
D1,high,treated,Sert-IN-2,10,mg/kg,100
D2,high,treated,Sert-IN-2,10,mg/kg,120
"""


def faults(text: str, assay=SWIM, **more) -> list[str]:
    problems: list = []
    read_animals("animals.csv", text.encode(), assay, problems, **more)
    assert all(p.remedy and p.file == "animals.csv" for p in problems)
    return [f"{p.line}, {p.column}, {p.value!r}: {p.message}" for p in problems]


def readings(text: str, assay=SWIM, **more):
    problems: list = []
    found = read_animals("animals.csv", text.encode(), assay, problems, **more)
    assert problems == [], [str(p) for p in problems]
    return found


def test_a_reading():
    found = readings(FINE)
    assert len(found) == 4
    last = found[-1]
    assert (last.line, last.animal, last.group, last.role) == (5, "D2", "high", "treated")
    assert (last.dose_mg_per_kg, last.value, last.readout) == (10.0, 120.0, "immobility")


@pytest.mark.parametrize(
    ("dose", "unit", "mg_per_kg"),
    [("500", "ug/kg", 0.5), ("0.5", "mg/kg", 0.5), ("0.01", "g/kg", 10.0), ("3", "mg / kg", 3.0)],
)
def test_doses_are_brought_to_one_unit(dose, unit, mg_per_kg):
    text = FINE + f"E1,low,treated,Sert-IN-2,{dose},{unit},150\n"
    assert readings(text)[-1].dose_mg_per_kg == mg_per_kg


def test_dose_and_unit_may_both_be_missing():
    assert readings(FINE + "E1,other,treated,Sert-IN-2,,,150\n")[-1].dose_mg_per_kg is None


def test_several_scorers_and_readouts_of_one_animal():
    text = file_of({"Vehicle": [200, 210], "3": [100, 90]}, scorer=lambda g, i: "AB")
    text += "Vehicle-1,Vehicle,vehicle,Vehicle,,,195,CD\n"
    assert len(readings(text)) == 5
    text = (
        FINE.replace("value", "value,readout").replace("\n", ",\n").replace("readout,", "readout")
    )
    text += "V1,Vehicle,vehicle,saline,,,20,latency\n"
    assert readings(text)[-1].readout == "latency"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("average,high,treated,Sert-IN-2,10,mg/kg,110", "animal, 'average': a summary row"),
        ("stdv,high,treated,Sert-IN-2,10,mg/kg,14", "animal, 'stdv': a summary row"),
        ("Mean,,,,,,110", "animal, 'Mean': a summary row"),
        ("S.E.M.,,,,,,3", "animal, 'S.E.M.': a summary row"),
        ("SE,,,,,,3", "animal, 'SE': a summary row"),
        ("Std. Error,,,,,,3", "animal, 'Std. Error': a summary row"),
        ("Standard deviation,,,,,,14", "animal, 'Standard deviation': a summary row"),
        ("D3,high,treated,Sert-IN-2,10,mg/kg,-4", "value, '-4': negative seconds"),
        ("D3,high,treated,Sert-IN-2,10,mg/kg,301", "value, '301': longer than the test (300 s)"),
        ("D3,high,treated,Sert-IN-2,10,mg/kg,12.x", "value, '12.x': not a number"),
        ("D3,high,treated,Sert-IN-2,10,mg/kg,", "value, '': no value"),
        ("D3,high,treated,Sert-IN-2,10,,99", "unit, '': a dose without a unit"),
        ("D3,none,treated,Sert-IN-2,,mg/kg,99", "dose, '': a unit without a dose"),
        ("D3,low,treated,Sert-IN-2,1,mg,99", "unit, 'mg': not a unit of dose"),
        ("D3,low,treated,Sert-IN-2,1,Mg/kg,99", "unit, 'Mg/kg': not a unit of dose"),
        ("D3,low,treated,Sert-IN-2,1,umol/kg,99", "unit, 'umol/kg': not a unit of dose"),
        ("D3,low,treated,Sert-IN-2,-1,mg/kg,99", "dose, '-1': a negative dose"),
        ("V3,Vehicle 2,vehicle,saline,1,mg/kg,99", "dose, '1': a vehicle animal with a dose"),
        ("D3,high,tested,Sert-IN-2,10,mg/kg,99", "role, 'tested': unknown role"),
        ("D3,high,treated,sert in 2,10,mg/kg,99", "treatment, 'sert in 2': a treatment spelt"),
        ("D3,High,treated,Sert-IN-2,10,mg/kg,99", "group, 'High': a group spelt otherwise"),
        ("D3,high,treated,Sert-IN-2,3,mg/kg,99", "dose, '3': group high has another dose in"),
        ("D3,high,treated,fluoxetine,10,mg/kg,99", "treatment, 'fluoxetine': group high has"),
        ("V1,high,treated,Sert-IN-2,10,mg/kg,99", "group, 'high': animal V1 has another group"),
        ("D2,high,treated,Sert-IN-2,10,mg/kg,99", "value, '99': animal D2 stands in line 5 "),
        ("D2,high,treated,Sert-IN-2,10,mg/kg,120", "value, '120': animal D2 stands in line 5"),
        (",high,treated,Sert-IN-2,10,mg/kg,99", "animal, '': no animal is named"),
        ("=1+1,high,treated,Sert-IN-2,10,mg/kg,99", "animal, '=1+1': a name may not begin"),
    ],
)
def test_faults(row, fault):
    (found, *more) = faults(FINE + row + "\n")
    assert found.startswith(f"6, {fault}")
    assert [m for m in more if not m.startswith("6, ")] == []


def test_another_value_of_an_animal_by_the_same_scorer():
    text = file_of({"Vehicle": [200, 210]}, scorer=lambda g, i: "AB")
    text += "Vehicle-1,Vehicle,vehicle,Vehicle,,,195,AB\n"
    (found,) = faults(text)
    assert found.endswith("animal Vehicle-1 stands in line 2 already by AB, with another value")


def test_a_second_reading_after_an_excluded_one_is_fine():
    text = HEADER + ",exclude,reason\nV1,Vehicle,vehicle,s,,,200,true,film cut\n"
    text += "V1,Vehicle,vehicle,s,,,190,,\nV2,Vehicle,vehicle,s,,,180,,\n"
    assert [r.excluded for r in readings(text)] == [True, False, False]


def test_enantiomers_are_two_treatments():
    text = FINE + "E1,plus,treated,(+)-X,1,mg/kg,99\nE2,minus,treated,(-)-X,1,mg/kg,99\n"
    assert len(readings(text)) == 6


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (FINE.replace("Vehicle,", "Veh,"), "no animals of the control_group Vehicle"),
        ("\n".join(FINE.splitlines()[:2]) + "\n", "the control_group Vehicle has one animal"),
        (HEADER + "\n", "no data rows"),
        (FINE.replace("treatment", "drug"), "the column is missing"),
        (FINE.replace("value", "value,temperature"), "unknown column"),
    ],
)
def test_faults_of_the_whole_file(text, fault):
    assert fault in "\n".join(faults(text))


def test_a_near_name_of_the_control_group_is_offered():
    problems: list = []
    text = FINE.replace("Vehicle,", "Vehicles,")
    read_animals("animals.csv", text.encode(), SWIM, problems)
    assert "did you mean Vehicles?" in problems[0].remedy


def test_columns_of_ones_own_are_allowed():
    assert len(readings(file_of(SWIM_S, x_colour=lambda g, i: "white"))) == 40


def test_every_fault_of_a_file_is_told():
    text = FINE + "average,high,treated,S,10,mg/kg,1\nD4,high,treated,Sert-IN-2,10,,400\n"
    assert len(faults(text)) >= 3


def test_the_challenge_group_must_be_there():
    text = file_of({"Vehicle": [800, 790], "3": [500, 520]})
    assert "no animals of the challenge_group PCA" in faults(text, PCA)[0]


HPLC_HEADER = (
    "animal,group,role,treatment,dose,unit,amount,amount_unit,tissue_mg,loq,istd_response,"
    "recovery_pct"
)
HPLC_ROWS = ["V1,Vehicle,vehicle,saline,,", "V2,Vehicle,vehicle,saline,,",
             "P1,PCA,challenge,PCA,,", "P2,PCA,challenge,PCA,,"]  # fmt: skip


def hplc_file(*cells):
    rows = [f"{row},{more}" for row, more in zip(HPLC_ROWS, cells, strict=True)]
    return "\n".join([HPLC_HEADER, *rows]) + "\n"


def converted(text, calibration=None):
    problems: list = []
    standards = {}
    if calibration:
        standards = read_calibration("calibration.csv", calibration.encode(), problems)
    found = read_animals("animals.csv", text.encode(), PCA, problems, calibrated=bool(standards))
    out = levels("animals.csv", found, standards, problems)
    return out, [f"{p.file}, {p.line}: {p.message}" for p in problems]


def test_amounts_become_ng_per_g():
    text = hplc_file("40,ng,50,0.5,,80", "40000,pg,50,500,,80", "0.2,ng,40,0.5,,", "<,ng,40,0.5,,")
    out, problems = converted(text)
    assert problems == []
    # 40 ng / 50 mg / 0.80 = 1000 ng/g; 0.5 ng in 40 mg = 12.5 ng/g
    assert [reading.value for reading, _, _ in out] == pytest.approx([1000, 1000, 12.5, 12.5])
    assert [below for _, below, _ in out] == [False, False, True, True]
    assert "recovery not recorded" in out[2][2]


CALIBRATION = """\
readout,amount,amount_unit,response,istd_response
5-HT,1,ng,0.21,10
5-HT,5,ng,1.01,10
5-HT,25000,pg,5.01,10
5-HT,100,ng,20.01,10
"""


def test_responses_go_through_the_calibration():
    """Ratio = 0.001 + 0.02 ng: 0.801/1 is 40 ng."""
    text = hplc_file(
        "0.801,area,50,,1,", "8.01,area,50,,10,", "0.01,area,50,,1,", "0.801,area,50,,1,90"
    )
    out, problems = converted(text, CALIBRATION)
    assert problems == []
    values = [reading.value for reading, _, _ in out]
    assert values == pytest.approx([800, 800, 20, 800 / 0.9], rel=1e-6)
    assert [below for _, below, _ in out] == [False, False, True, False]
    assert out[0][2] == ""
    assert "on top of an internal standard" in out[3][2]


@pytest.mark.parametrize(
    ("cells", "calibration", "fault"),
    [
        ("9.9,area,50,,1,", CALIBRATION, "above the calibration (495 against 100"),
        ("0.801,area,50,,,", CALIBRATION, "no internal standard response in the sample"),
        ("0.801,area,50,,0,", CALIBRATION, "internal standard's response is not above zero"),
        ("0.801,area,50,,1,", None, "a response without a calibration"),
        ("40,,50,,,", None, "an amount without a unit"),
        ("40,nmol,50,,,", None, "not a unit of an amount"),
        ("40,ng,,,,", None, "no tissue weight"),
        ("40,ng,0,,,", None, "a tissue weight that is not above zero"),
        ("40,ng,50,,,900", None, "a recovery outside 0 to 150 %"),
        ("<0.5,ng,50,,,", None, "below the limit of quantification, without the limit"),
        ("BLQ,ng,50,,,", None, "below the limit of quantification, without the limit"),
        ("0,ng,50,,,", None, "below the limit of quantification, without the limit"),
        ("-1,ng,50,,,", None, "a negative amount"),
    ],
)
def test_refusals_of_hplc_rows(cells, calibration, fault):
    fine = "0.5,area,50,,1," if calibration else "40,ng,50,0.5,,80"
    _, problems = converted(hplc_file(cells, fine, fine, fine), calibration)
    assert fault in problems[0]
    assert problems[0].startswith("animals.csv, 2:")


@pytest.mark.parametrize(
    ("calibration", "fault"),
    [
        (CALIBRATION.replace("20.01,10", "20.01,"), "missing in some standards"),
        ("\n".join(CALIBRATION.splitlines()[:3]), "fewer than 3 different amounts"),
        (CALIBRATION.replace("0.21", "9.21"), "does not rise"),
        (CALIBRATION.replace("5-HT", "serotonin"), "unknown readout"),
    ],
)
def test_bad_calibrations(calibration, fault):
    fine = "0.5,area,50,,1,"
    _, problems = converted(hplc_file(fine, fine, fine, fine), calibration)
    assert fault in problems[0]
    assert problems[0].startswith("calibration.csv")


def test_a_crooked_calibration_is_flagged():
    out, problems = converted(
        hplc_file(*["0.5,area,50,,1,"] * 4), CALIBRATION.replace("1.01", "1.41")
    )
    assert problems == []
    assert "calibration standards off by more than 15 %: 5" in out[0][2]


def test_a_level_below_its_limit_is_censored():
    text = file_of({"Vehicle": [800, 790], "PCA": [30, 60]}, loq=lambda g, i: 50)
    out, problems = converted(text)
    assert problems == []
    assert [(reading.value, below) for reading, below, _ in out[2:]] == [(50, True), (60, False)]


@pytest.mark.parametrize("value", ["<50", "n.d.", "BLQ"])
def test_a_limit_written_as_text_is_explained(value):
    found = faults(file_of({"Vehicle": [800, 790], "PCA": [value, 60]}), PCA)
    assert "a level below a limit, written as text" in found[0]


def test_the_real_file(shared):
    content = (shared / "real-drops" / "fst-mouse-fluoxetine" / "animals.csv").read_bytes()
    problems: list = []
    found = read_animals("a.csv", content, SWIM | {"control_group": "WT_Control_Vehicle"}, problems)
    assert problems == []
    assert len({r.animal for r in found}) == 67
    control = [r.value for r in found if r.group == "WT_Control_Vehicle"]
    assert (np.mean(control), np.std(control, ddof=1)) == pytest.approx((51.2, 38.9267), rel=1e-6)
