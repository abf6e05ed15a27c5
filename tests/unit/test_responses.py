"""Normalised responses of partners: what is taken, and as what. Bad ones: test_drops.py."""

from __future__ import annotations

import pytest

from reuptake.drops.responses import ResponsePoint, read_responses

HEADER = "compound,concentration,unit,response"


def read(text: str) -> list[ResponsePoint]:
    problems: list = []
    points = read_responses("responses.csv", text.encode(), problems)
    assert problems == []
    return points


def faults(row: str, header: str = f"{HEADER},role") -> list[str]:
    problems: list = []
    read_responses("responses.csv", f"{header}\n{row}\n".encode(), problems)
    return [f"line {p.line}, {p.column}: {p.message}" for p in problems]


def test_a_point():
    (point,) = read(f"{HEADER}\ncmpd-1,1,uM,48.5\n")
    assert (point.role, point.compound) == ("sample", "cmpd-1")
    assert (point.concentration_nM, point.response, point.line) == (1000.0, 48.5, 2)


@pytest.mark.parametrize("row", [",0,nM,101", ",0,,101", ",0.0,uM,101", "cmpd-1,0,nM,101"])
def test_concentration_zero_is_vehicle(row):
    (point,) = read(f"{HEADER}\n{row}\n")
    assert (point.role, point.concentration_nM) == ("vehicle", 0.0)


@pytest.mark.parametrize(
    ("row", "role"),
    [
        (",0,nM,101,vehicle", "vehicle"),
        (",,,101,vehicle", "vehicle"),
        (",,,2,full_block", "full_block"),
        (",10,uM,2,full_block", "full_block"),
        ("c,1,nM,50,reference", "reference"),
        ("c,0,nM,101,reference", "vehicle"),
        ("c,1,nM,50,sample", "sample"),
        ("c,1,nM,50,", "sample"),
    ],
)
def test_roles(row, role):
    (point,) = read(f"{HEADER},role\n{row}\n")
    assert point.role == role


def test_negative_responses_are_numbers():
    (point,) = read(f"{HEADER}\nc,1,nM,-3.5\n")
    assert point.response == -3.5


def test_an_excluded_row_may_lack_its_response():
    points = read(f"{HEADER},exclude,reason\nc,1,nM,,x,spilt\n")
    assert [(p.excluded, p.reason, p.response) for p in points] == [(True, "spilt", None)]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",1,nM,50,", "compound: a sample row without a compound"),
        ("c,,nM,50,", "concentration: no concentration"),
        ("c,1,nM,,", "response: no response"),
        ("c,1,nM,NA,", "response: not a number"),
        ("c,1,nM,50,vehicle", "concentration: a vehicle row with a concentration"),
    ],
)
def test_faults(row, fault):
    assert faults(row) == [f"line 2, {fault}"]
