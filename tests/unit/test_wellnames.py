import pytest
from hypothesis import given
from hypothesis import strategies as st

from reuptake.wellnames import parse_well, row_letters, smallest_plate, well_name


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("A1", (0, 0)),
        ("A01", (0, 0)),
        ("A001", (0, 0)),
        ("a1", (0, 0)),
        (" H12 ", (7, 11)),
        ("P24", (15, 23)),
        ("Z1", (25, 0)),
        ("AA1", (26, 0)),
        ("AF48", (31, 47)),
    ],
)
def test_known_wells(name, place):
    assert parse_well(name) == place


@pytest.mark.parametrize(
    "name",
    ["", "A", "1", "A0", "A00", "A49", "AG1", "BA1", "AAA1", "A1B", "1A", "A-1", "A1.0", "A0001",
     "Ä1", "A١", "blank", "A 1"],
)  # fmt: skip
def test_what_is_no_well_is_refused(name):
    with pytest.raises(ValueError, match="not a well name"):
        parse_well(name)


@given(
    row=st.integers(0, 31),
    column=st.integers(0, 47),
    zeros=st.integers(1, 3),
    lower=st.booleans(),
)
def test_round_trip(row, column, zeros, lower):
    name = f"{row_letters(row)}{column + 1:0{zeros}d}"
    assert parse_well(name.lower() if lower else name) == (row, column)
    assert parse_well(well_name(row, column)) == (row, column)


def test_names_at_the_corners():
    assert [well_name(*place) for place in [(0, 0), (25, 11), (26, 0), (31, 47)]] == [
        "A1",
        "Z12",
        "AA1",
        "AF48",
    ]


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (32, 0), (0, 48)])
def test_no_name_off_the_plate(place):
    with pytest.raises(ValueError, match="no well at"):
        well_name(*place)


@pytest.mark.parametrize(
    ("needed", "plate"),
    [((1, 1), (4, 6)), ((4, 6), (4, 6)), ((5, 6), (8, 12)), ((4, 7), (8, 12)),
     ((8, 13), (16, 24)), ((17, 1), (32, 48))],
)  # fmt: skip
def test_smallest_plate(needed, plate):
    assert smallest_plate(*needed) == plate
