"""How drops look from outside: nothing that can happen to a folder stops the look."""

from __future__ import annotations

import os
import time

import pytest

from reuptake.drops import seal
from reuptake.drops.scan import Folder, scan
from reuptake.stages.ingest import write_verdict


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drops" / "a"
    folder.mkdir(parents=True)
    for name in ("drop.yaml", "counts.txt"):
        (folder / name).write_text(f"of {name}\n")
    seal.write(folder)
    return Folder(folder, True)


@pytest.fixture
def verdict(tmp_path):
    return tmp_path / "verdict.json"


def judge(verdict, status: str = "accepted") -> None:
    time.sleep(0.02)  # the clock of the file system is coarse
    write_verdict(verdict, {"status": status})
    time.sleep(0.02)


def replace(path, text: str, like: os.stat_result) -> None:
    """Replace a file by one with the dates of another."""
    other = path.with_name("other")
    other.write_text(text)
    os.utime(other, ns=(like.st_atime_ns, like.st_mtime_ns))
    os.replace(other, path)


def test_a_file_replaced_unseen_is_altered_until_it_is_put_back(drop, verdict):
    judge(verdict)
    path = drop.path / "counts.txt"
    before, state = path.stat(), drop.state
    assert drop.altered(verdict) == []
    replace(path, "0f counts.txt\n", before)
    assert Folder(drop.path, True).state == state
    assert drop.altered(verdict) == ["counts.txt"]
    judge(verdict, "rejected")
    assert drop.altered(verdict) == ["counts.txt"]
    replace(path, "of counts.txt\n", before)
    assert drop.altered(verdict) == []


def test_nothing_is_read_again_that_is_older_than_the_verdict(drop, verdict, monkeypatch):
    judge(verdict)
    monkeypatch.setattr(seal, "sha256", lambda path: pytest.fail(f"{path} is read"))
    assert drop.altered(verdict) == []


@pytest.mark.parametrize("text", [None, "{half", "[]", "{}"])
def test_without_a_verdict_every_file_is_compared(drop, verdict, text):
    if text is not None:
        verdict.write_text(text)
    (drop.path / "counts.txt").write_text("other")
    assert drop.altered(verdict) == ["counts.txt"]


def test_what_leaves_the_drop_is_altered_and_not_read(drop, verdict):
    with (drop.path / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  ../../outside\n{'0' * 64}  /dev/zero\n{'0' * 64}  gone.txt\n")
    assert drop.altered(verdict) == ["../../outside", "/dev/zero", "gone.txt"]


def test_a_file_from_the_future_is_no_input(drop):
    ahead = time.time() + 86400
    os.utime(drop.path / "counts.txt", (ahead, ahead))
    assert [path.name for path in drop.inputs] == ["drop.yaml", "SHA256SUMS"]


def test_a_folder_that_is_gone(tmp_path):
    gone = Folder(tmp_path / "gone", True)
    assert (gone.files, gone.inputs, gone.description, gone.altered(tmp_path)) == ([], [], "", [])
    assert len(gone.state) == 16
    assert gone.look == [gone.state, []]


def test_a_link_to_nowhere_is_a_folder_and_a_file_is_none(drop):
    drops = drop.path.parent
    (drops / "lost").symlink_to("nowhere")
    (drops / "an-archive.zip").touch()
    (drops / "linked.zip").symlink_to("an-archive.zip")
    assert [(folder.name, folder.sealed) for folder in scan(drops)] == [
        ("a", True),
        ("lost", False),
    ]
