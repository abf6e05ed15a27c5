"""One Slurm for all tests, and working folders with small drops to run on it.

The tests run one after another, in one process: their jobs share the machine.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from slurm import Slurm, missing
from workingfolder import PARTNER, ROOT, Working, prepare, small_drops

PROFILE = str(ROOT / "workflow" / "profiles" / "slurm")
PATIENCE_S = 600  # a busy machine is no failure
# ask for states sooner than a shared cluster would like; look for outputs no longer than needed
QUICK = ("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "5")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory) -> Iterator[Slurm]:
    """A Slurm with three nodes."""
    if absent := missing():
        pytest.skip(f"no Slurm here: {', '.join(absent)} not found")
    with Slurm(tmp_path_factory.mktemp("slurm")) as slurm:
        yield slurm


@pytest.fixture
def slurm(cluster) -> Slurm:
    """The same, with all nodes up and nothing in its queue."""
    cluster.settle()
    return cluster


@pytest.fixture(scope="session")
def contents() -> dict[str, dict[str, bytes]]:
    """Files of the small drops."""
    return small_drops()


@dataclass(frozen=True)
class ClusterWorking(Working):
    """A working folder whose runs reach the cluster.

    Programs in its folder `tools` come before those of the environment.
    """

    slurm: Slurm

    @property
    def environment(self) -> dict[str, str]:
        tools = f"{self.folder / 'tools'}{os.pathsep}{super().environment['PATH']}"
        path = f"{self.slurm.tools}{os.pathsep}{tools}"
        return super().environment | self.slurm.environment | {"PATH": path}

    def locally(self, *arguments: str) -> Path:
        """Results of the same folder without a cluster."""
        self.run(*arguments, "--config", "results=local")
        return self.folder / "local"

    @contextmanager
    def at_work(self, *command: str) -> Iterator[subprocess.Popen]:
        """A command in a process group of its own, ended if it has not ended by itself."""
        process = subprocess.Popen(
            [*command, "--profile", PROFILE, *QUICK],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=(self.folder / "output").open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait()

    def output(self, process: subprocess.Popen) -> str:
        """What the command printed until its end; its exit status must be 0."""
        process.wait(timeout=PATIENCE_S)
        text = (self.folder / "output").read_text()
        assert process.returncode == 0, text
        return text

    def on_cluster(self, *command: str) -> str:
        """Run a command with the cluster's profile to its end."""
        with self.at_work(*command) as process:
            return self.output(process)

    def add_partner(self, drop: str) -> None:
        """One more drop of the partner's, under another name and run."""
        files = small_drops()[PARTNER]
        description = files["drop.yaml"].replace(PARTNER.encode(), drop.encode())
        description = description.replace(b"2026-03-20-P", f"{drop}-P".encode())
        self.add(drop, files | {"drop.yaml": description})


@pytest.fixture
def empty(tmp_path, slurm) -> ClusterWorking:
    """A working folder without drops."""
    prepare(tmp_path / "work", ROOT, {})
    return ClusterWorking(tmp_path / "work", ROOT, slurm)
