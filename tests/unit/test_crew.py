"""Work for other processes: all of it is done, and what fails is told."""

from __future__ import annotations

import os

import pytest

from reuptake.crew import AHEAD, LEAST, Crew


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("n", [0, LEAST - 1, LEAST + 3])
def test_all_work_is_done_when_the_crew_is_dismissed(tmp_path, processes, n):
    with Crew(processes) as crew:
        for number in range(n):
            crew.do(os.mkdir, tmp_path / str(number))
        assert crew.is_at_work == (processes > 1 and n >= LEAST)
    assert {place.name for place in tmp_path.iterdir()} == {str(number) for number in range(n)}


@pytest.mark.parametrize("processes", [1, 2])
def test_of_much_work_only_a_little_waits(tmp_path, processes):
    with Crew(processes) as crew:
        for number in range(5 * AHEAD):
            crew.do(os.mkdir, tmp_path / str(number))
            done = sum(1 for _ in tmp_path.iterdir())
            assert number + 1 - done <= AHEAD * processes
    assert len(list(tmp_path.iterdir())) == 5 * AHEAD


def work(place, processes: int, times: int, beside: Exception | None = None) -> None:
    with Crew(processes) as crew:
        for _ in range(times):
            crew.do(os.mkdir, place)
        if beside:
            raise beside


@pytest.mark.parametrize("processes", [1, 2])
def test_work_that_fails_is_told(tmp_path, processes):
    with pytest.raises(FileExistsError):
        work(tmp_path / "again", processes, LEAST)


def test_an_error_beside_the_work_is_the_one_that_is_told(tmp_path):
    with pytest.raises(ValueError, match="beside"):
        work(tmp_path / "never", 1, 1, ValueError("beside"))
    assert not (tmp_path / "never").exists()
