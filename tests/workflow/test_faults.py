"""Disks, rights, drops and clocks that fail: told with the remedy, and mended by the next run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from workingfolder import BINDING, PARTNER

from reuptake.drops import seal

pytestmark = pytest.mark.workflow

RUN = ("reuptake", "run", "--cores", "2")


def needs_root() -> None:
    if os.geteuid() or not shutil.which("mount") or not shutil.which("setpriv"):
        pytest.skip("needs root with mount and setpriv")


@contextmanager
def mounted(place: Path, *options: str):
    """A mount at a folder, as long as the test uses it."""
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", *options, str(place)]
    if error := subprocess.run(command, capture_output=True, text=True, check=False).stderr:
        pytest.skip(f"no mounts here: {error}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def without_rights(*command: str) -> list[str]:
    """Root for whom the modes of files hold as for everybody."""
    all_but = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={all_but}", f"--inh-caps={all_but}", *command]


def as_drop(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    """The partner's drop under another name, with a run of its own."""
    text = files["drop.yaml"].replace(PARTNER.encode(), name.encode())
    return files | {"drop.yaml": text.replace(b"2026-03-20-P", f"{name}-P".encode())}


@pytest.mark.faults
@pytest.mark.parametrize("size_kB", [100, 700])
def test_a_full_disk(small, undisturbed, size_kB):
    """The smaller one is full with the first tables, the other one with figures and report."""
    needs_root()
    results = small.folder / "results"
    with mounted(results, "-t", "tmpfs", "-o", f"size={size_kB}k", "reuptake-test"):
        done = small.command(*RUN)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stdout
        assert f"disk at {results}" in done.stdout
        assert "Make space there, then run again." in done.stdout

        subprocess.run(["mount", "-o", "remount,size=100m", str(results)], check=True)
        done = small.command(*RUN)
        assert done.returncode == 0, done.stdout
        assert small.answers == undisturbed.answers


def test_a_disk_that_is_full_before_the_run(small):
    needs_root()
    results = small.folder / "results"
    with mounted(results, "-t", "tmpfs", "-o", "size=16k", "reuptake-test"):
        done = small.command(*RUN)
        assert done.returncode == 1, done.stdout
        assert done.stdout.startswith("results cannot be written: No space left on device")
        assert f"disk at {results}" in done.stdout


def test_results_on_a_read_only_disk(finished):
    needs_root()
    results, before = finished.folder / "results", finished.answers
    with mounted(results, "--bind", str(results)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(results)], check=True)
        done = finished.command(*RUN)
    assert done.returncode == 1, done.stdout
    assert done.stdout.startswith("results cannot be written: Read-only file system")
    assert "Have it mounted for writing, or give another folder" in done.stdout
    assert finished.answers == before


def test_results_of_somebody_else(finished):
    needs_root()
    results, before = finished.folder / "results", finished.answers
    results.chmod(0o555)
    done = finished.command(*without_rights(*RUN))
    assert done.returncode == 1, done.stdout
    assert done.stdout.startswith("results cannot be written: Permission denied")
    assert "right to write" in done.stdout
    results.chmod(0o755)
    assert finished.answers == before


def test_drops_that_cannot_be_read(small, drop_contents):
    needs_root()
    names = ["folder", "file", "seal", "raw-is-a-file"]
    for name in names:
        small.add(name, as_drop(drop_contents[PARTNER], name))
    (small.drops / "folder").chmod(0)
    (small.drops / "file" / "responses.csv").chmod(0)
    (small.drops / "seal" / "SHA256SUMS").chmod(0)
    binding = small.drops / "raw-is-a-file"
    shutil.rmtree(binding)
    small.add(binding.name, drop_contents[BINDING])
    shutil.rmtree(binding / "raw")
    (binding / "raw").write_text("a file\n")
    (small.drops / "link").symlink_to("nowhere")
    (small.drops / "an-archive.zip").write_bytes(b"PK")

    done = small.command(*without_rights(*RUN, "listing"))
    assert done.returncode == 0, done.stdout
    drops = small.table("drops").set_index("drop")
    rejected = dict.fromkeys((*names, "link"), "rejected")
    assert drops.status.to_dict() == {PARTNER: "accepted"} | rejected
    reasons = drops.reasons
    assert "the folder cannot be read: Permission denied" in reasons["folder"]
    assert "responses.csv: sealed, but unreadable: Permission denied" in reasons["file"]
    assert "SHA256SUMS: the seal cannot be read" in reasons["seal"]
    assert "raw/sert.txt: sealed, but the path cannot be followed" in reasons["raw-is-a-file"]
    assert "a link that leads nowhere" in reasons["link"]

    for name, mode in (
        ("folder", 0o755),
        ("file/responses.csv", 0o644),
        ("seal/SHA256SUMS", 0o644),
    ):
        (small.drops / name).chmod(mode)
    done = small.command(*without_rights(*RUN, "listing"))
    assert done.returncode == 0, done.stdout
    drops = small.table("drops").set_index("drop")
    assert list(drops.status[["folder", "file", "seal"]]) == ["accepted"] * 3


@pytest.mark.faults
@pytest.mark.parametrize("stage", ["ingest", "qc", "collect"])
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("mv {drop} {aside}", "the folder is gone"),
        ("echo more >> {drop}/responses.csv", "responses.csv: the file was changed after sealing"),
        ("echo more > {drop}/more.csv", "more.csv: the file was added after sealing"),
    ],
)
def test_a_drop_that_changes_during_the_run(small, drop_contents, tmp_path, stage, act, reason):
    """Before its ingestion it is rejected at once, later by the next run; the others go on."""
    drop = small.add("2026-05-05", as_drop(drop_contents[PARTNER], "2026-05-05"))
    tools = tmp_path / "tools"
    tools.mkdir()
    tool = tools / "reuptake"
    act = act.format(drop=drop, aside=tmp_path / "aside")
    when = stage if stage == "collect" else f"{stage} 2026-05-05"
    real = Path(sys.executable).parent / "reuptake"
    tool.write_text(f'#!/bin/sh\ncase "$2 $3" in "{when}"*) {act} ;; esac\nexec {real} "$@"\n')
    tool.chmod(0o755)
    done = subprocess.run(
        [*small.workflow, "--cores", "1"],
        cwd=small.folder,
        env=small.environment | {"PATH": f"{tools}{os.pathsep}{small.environment['PATH']}"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    drops = small.table("drops").set_index("drop")
    assert drops.status[PARTNER] == "accepted"
    if stage == "ingest":
        assert drops.status["2026-05-05"] == "rejected"
        assert reason in drops.reasons["2026-05-05"]
    small.run()
    drops = small.table("drops").set_index("drop")
    assert drops.status[PARTNER] == "accepted"
    if drop.exists():
        assert drops.status["2026-05-05"] == "rejected"
        assert reason in drops.reasons["2026-05-05"]
    else:
        assert list(drops.index) == [PARTNER]
    assert "Nothing to be done" in small.run()


def test_a_live_plain_snakemake_is_respected(finished):
    finished.configure("config.yaml", lambda config: config.update(title="The second report"))
    process = subprocess.Popen(
        [*finished.workflow, "--cores", "1"],
        cwd=finished.folder,
        env=finished.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        for line in process.stdout:
            if "Select jobs to execute" in line:
                break
        os.killpg(process.pid, signal.SIGSTOP)
        second = finished.command(*RUN)
        assert second.returncode == 1, second.stdout
        assert f"at work on results: process {process.pid} on {os.uname().nodename}, since 2" in (
            second.stdout
        )
        assert any((finished.folder / ".snakemake" / "locks").glob("*"))
        os.killpg(process.pid, signal.SIGCONT)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=60)
    report = finished.folder / "results" / "report" / "index.html"
    assert "The second report" in report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_file_replaced_by_one_of_the_same_size_and_date(finished, tmp_path):
    """Neither size nor date tell: its content is looked at, as it came after the verdict."""
    raw = finished.drops / BINDING / "raw" / "sert.txt"
    before = raw.stat()
    kept = shutil.copy2(raw, tmp_path / "kept")
    content = bytearray(raw.read_bytes())
    content[-40] ^= 1
    other = tmp_path / "other"
    other.write_bytes(content)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    shutil.move(other, raw)
    assert (raw.stat().st_size, raw.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert finished.plan().drops == {BINDING}
    finished.run("listing")
    assert dict(finished.table("drops").set_index("drop").status)[BINDING] == "rejected"
    assert finished.plan("listing").jobs == []

    shutil.copy2(kept, raw)
    finished.run("listing")
    assert set(finished.table("drops").status) == {"accepted"}
    assert finished.plan("listing").jobs == []


@pytest.mark.faults
def test_clocks_that_were_wrong(small, undisturbed):
    """Dates in the past and in the future stop nothing, skip nothing and repeat nothing."""
    ahead, behind = time.time() + 400 * 86400, 86400.0
    drop = small.drops / PARTNER
    os.utime(drop / "responses.csv", (ahead, ahead))
    os.utime(drop / "SHA256SUMS", (ahead, ahead))
    os.utime(drop / "drop.yaml", (behind, behind))
    small.run()
    assert small.answers == undisturbed.answers
    assert "Nothing to be done" in small.run()

    for date in (ahead, behind):
        for path in (small.folder / "results").rglob("*"):
            if path.is_file():
                os.utime(path, (date, date))
        assert "Nothing to be done" in small.command(*RUN).stdout
    # results from the future are what later stages read: these have to be made again
    for path in (small.folder / "results").rglob("*"):
        os.utime(path, (ahead, ahead))
    small.configure("config.yaml", lambda config: config.update(title="Another day"))
    done = small.command(*RUN)
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in small.command(*RUN).stdout

    # a change that is older than the results is a change
    table = drop / "responses.csv"
    table.write_bytes(table.read_bytes().replace(b"sample", b"smaple", 1))
    seal.write(drop)
    for path in drop.iterdir():
        os.utime(path, (behind, behind))
    assert small.plan().drops == {PARTNER}


def test_somebody_is_told_once(finished):
    """By the whole of `reuptake run`, with the key given on the command line."""
    told = finished.folder / "told.txt"
    command = [*RUN, "--config", f'notify=["tee", "{told}"]']
    done = finished.command(*command)
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in done.stdout
    text = told.read_text(encoding="utf-8")
    assert f"{PARTNER} (accepted)" in text
    assert "drops: 4 accepted, 0 rejected, 0 not registered\n" in text
    told.unlink()
    assert finished.command(*command).returncode == 0
    assert not told.exists()
