"""The workflow on a real Slurm: the answers of a local run, whatever happens to its jobs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from slurm import until
from workingfolder import BINDING, ROOT, SATURATION

from conftest import PATIENCE_S, PROFILE, ClusterWorking

pytestmark = pytest.mark.cluster

SNAKEMAKE = ("snakemake", "--snakefile", str(ROOT / "Snakefile"))


def files(folder: Path, *patterns: str) -> dict[str, bytes]:
    """Bytes of the files below a folder that match one of the patterns, those of history not."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for pattern in patterns
        for path in sorted(folder.glob(pattern))
        if path.name != "changes.html"
    }


def assert_same(cluster: Path, local: Path, *patterns: str) -> None:
    there, here = files(cluster, *patterns), files(local, *patterns)
    assert here
    assert there.keys() == here.keys()
    assert [name for name in here if there[name] != here[name]] == []


def test_a_run_gives_what_a_local_one_gives(empty, contents, slurm):
    """Good drops and a rejected one; then a new drop, with the controller gone for a while."""
    for drop in (SATURATION, BINDING):
        empty.add(drop, contents[drop])
    empty.add_partner("2026-06-04")
    (empty.drops / "2026-06-04" / "responses.csv").write_text("changed after sealing\n")
    before = len(slurm.completed())
    said = empty.on_cluster("reuptake", "run")
    assert "drops: 2 accepted, 1 rejected, 0 not registered\n" in said
    assert "2026-06-04 (rejected): responses.csv: the file was changed after sealing" in said
    # the drop that measures Kd first, the others in one job, what comes after them in another
    jobs = slurm.completed()[before:]
    assert [job["JobState"] for job in jobs] == ["COMPLETED"] * 3
    patterns = ("tables/*", "figures/*.svg", "figures/*.png", "report/**/*.html")
    assert_same(empty.folder / "results", empty.locally(), *patterns)

    empty.add_partner("2026-06-05")
    with empty.at_work(*SNAKEMAKE, "fit") as process:
        until(slurm.steps, PATIENCE_S, "the job is at work")
        slurm.stop_controller()
        time.sleep(4)
        slurm.start_controller()
        empty.output(process)
    (new,) = slurm.completed()[before + 3 :]
    assert new["JobState"] == "COMPLETED"
    assert "cpu=1," in new["Tres"]  # one drop is a small job
    assert (empty.folder / "results" / "drops" / "2026-06-05" / "curves.parquet").exists()
    assert_same(empty.folder / "results", empty.locally("fit"), "drops/*/*.parquet")


# What stands in for `reuptake` in the jobs: the first fit of a drop does not end by itself, or
# every fit of it needs 1500 MB.
FAULTY = """\
#!/bin/sh
case "$*" in
"stage fit "*-memory*)
    python -c 'import time; data = b"x" * 1_500_000_000; time.sleep(3)' || exit 1 ;;
"stage fit "*)
    if mkdir "{folder}/first-fit-of-$3"; then sleep 900; fi ;;
esac
exec "{reuptake}" "$@"
"""


@pytest.fixture
def faulty(empty) -> ClusterWorking:
    """A working folder in which fits go wrong."""
    tools = empty.folder / "tools"
    tools.mkdir()
    bin = super(ClusterWorking, empty).environment["PATH"].split(os.pathsep)[0]
    (tools / "reuptake").write_text(FAULTY.format(folder=empty.folder, reuptake=f"{bin}/reuptake"))
    (tools / "reuptake").chmod(0o755)
    return empty


def stalled(faulty: ClusterWorking, drop: str) -> dict[str, str]:
    """The job that is at work on the first fit of `drop`, once it is."""
    until((faulty.folder / f"first-fit-of-{drop}").exists, PATIENCE_S, f"{drop} is being fitted")
    (job,) = [job for job in faulty.slurm.queue() if drop in faulty.slurm.command_of(job["id"])]
    return job


def test_jobs_cancelled_out_of_time_and_out_of_memory_are_tried_again(faulty, slurm):
    for kind in ("cancel", "time", "memory"):
        faulty.add_partner(f"2026-06-01-{kind}")
    before = len(slurm.completed())
    with faulty.at_work(*SNAKEMAKE, "fit", "--group-components", "drops=1") as process:
        job = stalled(faulty, "2026-06-01-time")
        slurm.command("scontrol", "update", f"JobId={job['id']}", "TimeLimit=1")
        slurm.command("scancel", stalled(faulty, "2026-06-01-cancel")["id"])
        said = faulty.output(process)
    jobs = slurm.completed()[before:]
    states = sorted(job["JobState"] for job in jobs)
    assert states == ["CANCELLED", *["COMPLETED"] * 3, "FAILED", "TIMEOUT"], said
    # the second attempt asks for twice the memory and the time
    last = [job for job in jobs if job["JobState"] == "COMPLETED"]
    assert {job["TimeLimit"] for job in last} == {"12"}
    assert all("mem=2000M" in job["Tres"] for job in last)
    assert_same(faulty.folder / "results", faulty.locally("fit"), "drops/*/*.parquet")


def test_a_node_that_goes_down_loses_nothing(faulty, slurm):
    faulty.add_partner("2026-06-01-node")
    before = len(slurm.completed())
    with faulty.at_work(*SNAKEMAKE, "fit") as process:
        job = stalled(faulty, "2026-06-01-node")
        slurm.kill_node(job["node"])
        faulty.output(process)
    jobs = slurm.completed()[before:]
    assert jobs[-1]["JobState"] == "COMPLETED"
    assert jobs[-1]["JobId"] == job["id"]  # Slurm itself ran it again
    assert jobs[-1]["NodeList"] != job["node"]
    assert_same(faulty.folder / "results", faulty.locally("fit"), "drops/*/*.parquet")


def test_a_killed_run_is_taken_up_and_its_jobs_are_cancelled(empty, slurm):
    empty.add_partner("2026-06-01")
    with empty.at_work("reuptake", "run", "fit") as process:
        until(
            lambda: "RUNNING" in {job["state"] for job in slurm.queue()}, PATIENCE_S, "the job runs"
        )
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    (left,) = slurm.queue()
    assert left["state"] == "RUNNING"
    said = empty.on_cluster("reuptake", "run", "fit")
    assert f"cluster jobs of an earlier run are cancelled: {left['id']}\n" in said
    states = {job["JobId"]: job["JobState"] for job in slurm.completed()}
    assert states[left["id"]] == "CANCELLED"
    assert_same(empty.folder / "results", empty.locally("fit"), "drops/*/*.parquet")


def test_the_profile_holds_what_the_default_one_holds():
    from snakemake.cli import get_argument_parser

    def options(profile: str):
        return get_argument_parser([profile]).parse_args(["--profile", profile])

    ours, default = options(PROFILE), options(str(ROOT / "workflow" / "profiles" / "default"))
    for name in (
        "scheduler",
        "keep_going",
        "rerun_incomplete",
        "show_failed_logs",
        "printshellcmds",
    ):
        assert getattr(ours, name) == getattr(default, name), name
    assert ours.max_checksum_file_size == default.max_checksum_file_size
