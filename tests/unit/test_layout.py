"""Layouts as laboratories write them: what is taken, and as what. Bad ones: test_drops.py."""

from __future__ import annotations

import pytest

from reuptake.drops.layout import LayoutWell, read_layout

HEADER = "plate,well,role,compound,concentration,unit"


def read(text: str | bytes) -> list[LayoutWell]:
    problems: list = []
    content = text if isinstance(text, bytes) else text.encode()
    wells = read_layout("layout.csv", content, problems)
    assert problems == []
    return wells


def one(row: str, header: str = HEADER) -> LayoutWell:
    (well,) = read(f"{header}\n{row}\n")
    return well


def faults(row: str, header: str = HEADER) -> list[str]:
    problems: list = []
    read_layout("layout.csv", f"{header}\n{row}\n".encode(), problems)
    return [f"{p.column}: {p.message}" for p in problems]


def test_a_well():
    well = one("P1,B03,sample,cmpd-1,3.16,nM")
    assert (well.plate, well.row, well.col, well.well) == ("P1", 1, 2, "B3")
    assert (well.role, well.compound, well.concentration_nM) == ("sample", "cmpd-1", 3.16)
    assert (well.line, well.excluded, well.note) == (2, False, "")


@pytest.mark.parametrize("name", ["B3", "b3", "B03", "B003", " B3 "])
def test_names_of_one_well(name):
    assert one(f"P1,{name},total,,,").well == "B3"


@pytest.mark.parametrize(
    ("number", "unit", "nM"),
    [
        ("10", "uM", 10_000.0),
        ("10", "µM", 10_000.0),
        ("0.001", "mM", 1000.0),
        ("1e-8", "M", 10.0),
        ("1E-8", "M", 10.0),
        ("+5", "pM", 0.005),
        (".5", "nM", 0.5),
        ("5.", "nM", 5.0),
    ],
)
def test_concentrations_become_nanomolar(number, unit, nM):
    assert one(f"P1,A1,sample,c,{number},{unit}").concentration_nM == nM


@pytest.mark.parametrize("role", ["total", "nonspecific", "blank", "total_added", "empty"])
def test_roles_without_a_compound(role):
    well = one(f"P1,A1,{role},,,")
    assert (well.role, well.concentration_nM) == (role, None)


def test_a_definer_may_be_named_with_its_concentration():
    well = one("P1,A1,nonspecific,paroxetine,10,uM")
    assert (well.compound, well.concentration_nM) == ("paroxetine", 10_000.0)


def test_optional_columns_in_any_order():
    header = "well,plate,time_min,role,unit,concentration,compound,ligand_unit,ligand_concentration"
    well = one("A1,P1,7.5,sample,nM,1,c,pM,250", header)
    assert (well.time_min, well.ligand_concentration_nM) == (7.5, 0.25)


@pytest.mark.parametrize(
    ("word", "excluded"),
    [
        *((word, True) for word in ("true", "TRUE", "yes", "1", "x")),
        *((word, False) for word in ("", "false", "No", "0")),
    ],
)
def test_exclusion_words(word, excluded):
    well = one(f"P1,A1,total,,,,{word},spilt", f"{HEADER},exclude,reason")
    assert (well.excluded, well.reason) == (excluded, "spilt")


def test_columns_of_ones_own_begin_with_x():
    assert one("P1,A1,total,,,,anything", f"{HEADER},x_row").well == "A1"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("latin-1"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.replace("A1", '"A1"').encode(),
        lambda text: text.replace("\n", "\n\n,,,,,\n").encode(),
        lambda text: text.rstrip("\n").encode(),
    ],
    ids=[
        *("utf-8", "bom", "utf-16", "latin-1", "crlf", "semicolon", "tab", "quoted"),
        *("blank rows", "no last newline"),
    ],
)
def test_the_same_layout_in_many_forms(encode):
    (well,) = read(encode(f"{HEADER}\nP1,A1,sample,c,1,µM\n"))
    assert (well.well, well.compound, well.concentration_nM) == ("A1", "c", 1000.0)


def test_every_fault_of_a_row_is_told():
    assert faults("=P,A1,smple,+c,-1,nM") == [
        "plate: a name may not begin with = + - or @ (spreadsheets would run it as a formula)",
        "compound: a name may not begin with = + - or @ (spreadsheets would run it as a formula)",
        "role: unknown role",
        "concentration: a negative concentration",
    ]


@pytest.mark.parametrize("role", ["sample", "reference", "nonspecific", "total", "blank"])
def test_zero_is_no_concentration_in_a_layout(role):
    assert any(text.startswith("concentration:") for text in faults(f"P1,A1,{role},c,0,nM"))


def test_the_same_well_of_two_plates_is_two_wells():
    assert len(read(f"{HEADER}\nP1,A1,total,,,\nP2,A1,total,,,\n")) == 2


def test_a_plate_name_is_needed():
    assert faults(",A1,total,,,") == ["plate: no plate is named"]
