"""A run seen from outside; Snakemake itself is stood in for, tests/workflow runs the real one."""

from __future__ import annotations

import errno
import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reuptake import running

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the project's configuration."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def snakemake(monkeypatch):
    """The commands that would have been run, and the status that they end with."""

    class Snakemake:
        status = 0
        commands: list[list[str]]
        interrupts = 0

        def __init__(self):
            self.commands = []

        def start(self, command, **_):
            self.commands.append(command)
            return self

        def wait(self):
            if self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            return self.status

    stand_in = Snakemake()
    monkeypatch.setattr(running.subprocess, "Popen", stand_in.start)
    monkeypatch.setattr(running.subprocess, "run", stand_in.start)
    monkeypatch.setattr(running.leftovers, "cancel", lambda logs: None)
    return stand_in


def write_drops(folder: Path, results: str = "results") -> None:
    table = folder / results / "tables" / "drops.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(
        "drop,status,simulated,n_runs,n_plates,n_wells,reasons\n"
        "a,accepted,false,1,1,96,\n"
        'b,rejected,false,1,0,0,"layout.csv, line 2: no such role; drop.yaml: no date"\n'
        "c,unregistered,false,1,1,96,complete: run `reuptake register` on it\n"
        "d,accepted,false,1,1,96,a note\n"
    )


SUMMARY = """
drops: 2 accepted, 1 rejected, 1 not registered
  b (rejected): layout.csv, line 2: no such role
  c (unregistered): complete: run `reuptake register` on it
report: {report}
"""


def test_summary_gives_numbers_first_reasons_and_the_report(folder):
    write_drops(folder)
    rows = running.drops_table(folder / "results" / "tables" / "drops.csv")
    text = running.summary(rows, Path("results/report/index.html"))
    assert f"{text}\n" == SUMMARY.format(report="results/report/index.html")


@pytest.mark.parametrize("status", [0, 1, 3])
def test_the_exit_status_is_that_of_snakemake(folder, snakemake, status):
    snakemake.status = status
    assert running.run(["--cores", "1"]) == status


def test_arguments_reach_snakemake(folder, snakemake):
    running.run(["--cores", "3", "--config", "title=A b", "ingest"])
    ((python, flag, module, *rest),) = snakemake.commands
    assert (python, flag, module) == (sys.executable, "-m", "snakemake")
    assert rest[:2] == ["--snakefile", str(ROOT / "Snakefile")]
    assert "--workflow-profile" in rest
    start = rest.index("--cores")
    assert rest[start : start + 5] == ["--cores", "3", "--config", "title=A b", "ingest"]


@pytest.mark.parametrize(
    ("option", "profiles"),
    [("--workflow-profile", {"mine"}), ("--profile", {"mine", "none"})],
)
def test_a_profile_of_ones_own_replaces_the_default(folder, snakemake, option, profiles):
    running.run([option, "mine"])
    (command,) = snakemake.commands
    assert command[command.index(option) + 1] == "mine"
    named = [i for i, word in enumerate(command) if word.endswith("profile")]
    assert {command[i + 1] for i in named} == profiles


def test_the_summary_is_that_of_the_results_in_use(folder, snakemake, capsys):
    write_drops(folder, "elsewhere/results")
    running.run(["--cores", "1", "--config", "drops=x", "results=elsewhere/results"])
    assert "drops: 2 accepted" in (out := capsys.readouterr().out)
    assert "report: elsewhere/results/report/index.html" in out
    running.run(["--cores", "1"])
    assert "accepted" not in capsys.readouterr().out


def test_results_named_in_a_config_file(folder, snakemake, capsys):
    write_drops(folder, "elsewhere")
    (folder / "lab.yaml").write_text("results: elsewhere\n")
    running.run(["--cores", "1", "--configfile", "lab.yaml"])
    assert "report: elsewhere/report/index.html" in capsys.readouterr().out


def test_a_failed_run_says_so_above_the_summary(folder, snakemake, capsys):
    write_drops(folder)
    snakemake.status = 1
    running.run(["--cores", "1"])
    first, *_ = capsys.readouterr().out.splitlines()
    assert "status 1" in first
    assert "may be older" in first


def test_a_dry_run_has_no_summary(folder, snakemake, capsys):
    write_drops(folder)
    assert running.run(["--dry-run"]) == 0
    assert capsys.readouterr().out == ""


def test_an_interrupt_waits_for_snakemake_to_end_its_jobs(folder, snakemake):
    snakemake.status, snakemake.interrupts = 1, 2
    assert running.run(["--cores", "1"]) == 1
    assert snakemake.interrupts == 0


def test_a_second_run_on_the_same_results_is_refused(folder, snakemake, capsys):
    results = folder / "results"
    results.mkdir()
    with (results / ".run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print("process 4711 on bench-3", end="", file=lock, flush=True)
        assert running.run(["--cores", "1"]) == 1
        assert "process 4711 on bench-3" in capsys.readouterr().err
        assert snakemake.commands == []
        # other results are another matter
        assert running.run(["--cores", "1", "--config", "results=others"]) == 0
    assert running.run(["--cores", "1"]) == 0


def test_a_run_names_itself_to_the_next_one(folder, snakemake, monkeypatch):
    seen = []
    monkeypatch.setattr(
        running.subprocess,
        "Popen",
        lambda *_, **__: seen.append((folder / "results/.run.lock").read_text()) or snakemake,
    )
    running.run(["--cores", "1"])
    assert f"process {running.os.getpid()} on" in seen[0]


def left_by_a_kill(folder: Path) -> Path:
    lock = folder / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("results/report/index.html\n")
    return lock


def test_a_stale_lock_is_removed(folder, snakemake, capsys):
    left_by_a_kill(folder)
    running.run(["--cores", "1"])
    unlock, command = snakemake.commands
    assert unlock[-1] == "--unlock"
    assert "--unlock" not in command
    assert "an earlier run was killed" in capsys.readouterr().out


def test_a_dry_run_clears_nothing_away(folder, snakemake):
    left_by_a_kill(folder)
    running.run(["--dry-run"])
    (command,) = snakemake.commands
    assert "--unlock" not in command


def test_a_file_system_without_locks_is_no_other_run(folder, snakemake, monkeypatch):
    def flock(file, kind):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(running.fcntl, "flock", flock)
    with pytest.raises(OSError, match="Function not implemented"):
        running.run(["--cores", "1"])
    assert snakemake.commands == []


def test_the_lock_of_a_run_on_other_results_is_not_stale(folder, snakemake):
    """One working folder may serve several archives at a time."""
    left_by_a_kill(folder)
    with (folder / ".snakemake" / "runs.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        running.run(["--cores", "1"])
    (command,) = snakemake.commands
    assert "--unlock" not in command


def test_the_locks_outlive_a_killed_parent(folder, monkeypatch):
    """Snakemake inherits both: its own child here holds them after the parent is gone."""
    child = "import sys; print('ready', flush=True); sys.stdin.read()"
    parent = (
        "import os, subprocess, sys\n"
        "from reuptake import running\n"
        "real = subprocess.Popen\n"
        "def start(command, **options):\n"
        f"    real([sys.executable, '-c', {child!r}], **options).stdout\n"
        "    os._exit(9)\n"
        "running.subprocess.Popen = start\n"
        "running.run(['--cores', '1'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
    )
    assert process.stdout.readline() == b"ready\n"
    assert process.wait(timeout=30) == 9
    with (folder / "results" / ".run.lock").open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process.stdin.close()
        process.stdout.read()
        fcntl.flock(lock, fcntl.LOCK_EX)


def test_every_problem_of_the_configuration_is_a_line(folder):
    """From the command line: status 1, one line a problem, no traceback, nothing made."""
    config, assays = folder / "config" / "config.yaml", folder / "config" / "assays.yaml"
    config.write_text(config.read_text().replace("title:", "titel:"))
    done = cli("run", "--cores", "1")
    assert done.returncode == 1
    assert "titel" in done.stderr
    assert "title" in done.stderr
    assert "Traceback" not in done.stderr

    config.write_text(config.read_text().replace("titel:", "title:"))
    text = assays.read_text().replace("volume: 250 uL", "volume: 250 kg", 1)
    assays.write_text(text.replace("count_time: 1 min", "count_time: 1", 1))
    done = cli("run", "--cores", "1")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert "assays.yaml, line" in first
    assert "volume" in first
    assert "250 kg" in first
    assert "assays.yaml, line" in second
    assert "count_time" in second
    assert not (folder / "results").exists()


def test_results_that_cannot_be_made(folder):
    (folder / "results").write_text("a file\n")
    done = cli("run", "--cores", "1")
    assert done.returncode == 1
    assert "the results folder results cannot be made" in done.stderr
    assert "Traceback" not in done.stderr


def cli(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from reuptake.cli import main; main()", *arguments]
    return subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)
