"""Folders that cannot be written; real full and read-only disks stand in tests/workflow."""

from __future__ import annotations

import errno
from collections import namedtuple
from pathlib import Path

import pytest

from reuptake import disk
from reuptake.tables import replacing

Usage = namedtuple("Usage", "total used free")


def failing(monkeypatch, number: int) -> None:
    def fsync(_):
        raise OSError(number, "as the system says it")

    monkeypatch.setattr(disk.os, "fsync", fsync)


def test_a_good_folder_has_no_fault_and_keeps_nothing(tmp_path):
    assert disk.fault(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Make space there"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "mounted for writing"),
        (errno.EACCES, "right to write"),
    ],
)
def test_a_fault_names_folder_disk_and_remedy(tmp_path, monkeypatch, number, advice):
    failing(monkeypatch, number)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: Usage(4_000_000, 0, 12_000))
    text = disk.fault(tmp_path)
    assert text.startswith(f"{tmp_path} cannot be written: as the system says it (disk at ")
    assert "0.012 of 4 MB free" in text
    assert advice in text
    assert list(tmp_path.iterdir()) == []


def test_hardly_any_space_is_told_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: Usage(4_000_000, 0, 500_000))
    assert "hardly any space is left" in disk.shortage(tmp_path)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: Usage(10**12, 0, 10**11))
    assert disk.shortage(tmp_path) == ""


def test_a_temporary_name_carries_the_host(tmp_path, monkeypatch):
    """The same process number on two hosts that share storage is two names."""
    names = set()
    for host in ("bench-1", "bench-2"):
        names_of_host = namedtuple("Names", "nodename")(host)
        monkeypatch.setattr(disk.os, "uname", lambda names_of_host=names_of_host: names_of_host)
        with replacing(tmp_path / "table.csv") as temporary:
            names.add(temporary.name)
            assert host in temporary.name
            temporary.touch()
    assert len(names) == 2


def test_a_failed_write_names_its_file(tmp_path):
    """Python and pyarrow tell where a file cannot be opened, not where the disk was full."""

    def write():
        with replacing(tmp_path / "table.csv") as temporary:
            temporary.touch()
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as error:
        write()
    assert Path(error.value.filename) == tmp_path / "table.csv"
    assert list(tmp_path.iterdir()) == []
