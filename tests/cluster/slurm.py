"""A real Slurm on one machine, in a folder of its own: for the tests, and for trying things out.

munged, slurmctld and a few slurmd with made-up CPUs run as the calling user from a scratch folder;
nothing outside it is read or written. Limits of memory are Slurm's own polling, not cgroups, so a
job that is out of memory reads FAILED; there is no accounting database, so ``sacct`` has no
answer. By hand::

    python tests/cluster/slurm.py /tmp/scratch     # prints the lines for a shell, ends with Ctrl-C
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sbatch", "squeue", "scancel", "scontrol")
NODES = ("n1", "n2", "n3")
CPUS, MEMORY_MB = 8, 8000
# every process of the cluster carries the folder in its environment, its jobs included
MARK = "SCRATCH_SLURM"

_CONFIG = """\
ClusterName=scratch
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=20
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
PlugStackConfig={folder}/plugstack.conf
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=5,sched_interval=5,batch_sched_delay=0,sched_min_interval=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completed.txt
MinJobAge=300
KillWait=2
SlurmctldTimeout=30
SlurmdTimeout=10
ReturnToService=2
NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports}] \
    CPUs={cpus} RealMemory={memory}
PartitionName=main Nodes={nodes} Default=YES LLN=YES DefMemPerCPU=1000 MaxTime=1-0
"""


class Slurm:
    """A cluster in `folder`; as a context it is up inside and gone after it."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.tools = self.folder / "bin"
        self._daemons: dict[str, subprocess.Popen] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to reach the cluster."""
        return os.environ | {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}",
            MARK: str(self.folder),
        }

    def __enter__(self) -> Slurm:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        """Write the configuration and start everything."""
        for name in ("bin", "state", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "plugstack.conf").touch()
        controller_port, *ports = _free_ports(1 + len(NODES))
        text = _CONFIG.format(
            folder=self.folder,
            host=socket.gethostname().partition(".")[0],
            user=getpass.getuser(),
            controller_port=controller_port,
            nodes=f"{NODES[0][0]}[{NODES[0][1:]}-{NODES[-1][1:]}]",
            ports=f"{ports[0]}-{ports[-1]}",
            cpus=CPUS,
            memory=MEMORY_MB,
        )
        (self.folder / "slurm.conf").write_text(text)
        # the job step of Snakemake drops SLURM_CONF before it calls srun
        wrapper = self.tools / "srun"
        wrapper.write_text(
            f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which("srun")} "$@"\n'
        )
        wrapper.chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        at = self.folder
        self._start(
            "munged",
            "--foreground",
            "--force",
            f"--key-file={key}",
            f"--socket={at}/munge.socket",
            f"--pid-file={at}/munged.pid",
            f"--seed-file={at}/munged.seed",
        )
        until((at / "munge.socket").exists, 20, "munged answers")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        until(self._idle, 60, "all nodes are idle")

    def stop(self) -> None:
        """End the daemons, the job steps that would outlive them, and their tasks."""
        for process in self._daemons.values():
            process.terminate()
        _end(self._processes())
        for process in self._daemons.values():
            process.wait()

    def start_controller(self) -> None:
        self._start("slurmctld", "-D", "-i")
        until(self._answers, 30, "slurmctld answers")

    def stop_controller(self) -> None:
        """As for maintenance: its state is saved."""
        process = self._daemons.pop("slurmctld")
        process.terminate()
        process.wait(timeout=30)

    def start_node(self, node: str) -> None:
        self._start("slurmd", "-D", "-N", node, name=node, SCRATCH_NODE=node)

    def kill_node(self, node: str) -> None:
        """As when a machine loses power: the daemon, its job steps and their tasks are gone."""
        self._kill(node)
        _end(self._processes(node))

    def command(self, *arguments: str) -> str:
        """Output of one of Slurm's programs."""
        return subprocess.run(
            arguments,
            env=self.environment,
            text=True,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout

    def queue(self) -> list[dict[str, str]]:
        """Jobs that wait or run, as squeue shows them."""
        lines = self.command("squeue", "--noheader", "--format=%i|%T|%N|%j|%k").splitlines()
        keys = ("id", "state", "node", "name", "comment")
        return [dict(zip(keys, line.split("|"), strict=True)) for line in lines]

    def steps(self) -> list[str]:
        """Steps that run inside jobs, the scripts of the jobs left out."""
        steps = self.command("squeue", "--steps", "--noheader", "--format=%i").split()
        return [step for step in steps if not step.endswith((".batch", ".extern"))]

    def command_of(self, job: str) -> str:
        """The script of a batch job."""
        return self.command("scontrol", "write", "batch_script", job, "-")

    def settle(self) -> None:
        """Cancel what is left in the queue and bring every node back."""
        if jobs := [job["id"] for job in self.queue()]:
            self.command("scancel", *jobs)
        for node in NODES:
            if node not in self._daemons:
                self.start_node(node)
        until(self._idle, 90, "all nodes are idle")

    def completed(self) -> list[dict[str, str]]:
        """Every job that has ended, in that order, with the fields of jobcomp/filetxt."""
        file = self.folder / "completed.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        return [
            dict(part.partition("=")[::2] for part in line.split() if "=" in part) for line in lines
        ]

    def _start(self, program: str, *arguments: str, name: str = "", **environment: str) -> None:
        with (self.folder / f"{name or program}.out").open("a") as out:
            self._daemons[name or program] = subprocess.Popen(
                [shutil.which(program), *arguments],
                env=self.environment | environment,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
            )

    def _kill(self, name: str) -> None:
        process = self._daemons.pop(name)
        process.kill()
        process.wait()

    def _processes(self, node: str = "") -> Iterator[psutil.Process]:
        """Processes of this cluster, or of one of its nodes."""
        spool = str(self.folder / f"spool-{node}")
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                environment = process.environ()
                if process.name() == "slurmstepd":  # its title has overwritten its environment
                    sockets = process.net_connections("unix")
                    mine = any(socket.laddr.startswith(spool) for socket in sockets)
                else:
                    nodes = (environment.get("SCRATCH_NODE"), environment.get("SLURMD_NODENAME"))
                    mine = environment.get(MARK) == str(self.folder) and (not node or node in nodes)
                if mine:
                    yield process

    def _answers(self) -> bool:
        done = subprocess.run(
            ["scontrol", "ping"], env=self.environment, text=True, capture_output=True, timeout=30
        )
        return "is UP" in done.stdout

    def _idle(self) -> bool:
        states = self.command("sinfo", "--noheader", "--Node", "--format=%N %T").split("\n")
        return states[: len(NODES)] == [f"{node} idle" for node in NODES]


def missing() -> list[str]:
    """Programs of Slurm that this machine does not have."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until `true()`.

    Raises
    ------
    TimeoutError
        Naming `what` did not come about.
    """
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s until {what}")
        time.sleep(0.1)


def _end(processes: Iterator[psutil.Process]) -> None:
    found = list(processes)
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(found, timeout=10)


def _free_ports(n: int) -> list[int]:
    """`n` ports in a row on which nobody listens."""
    for first in range(20000 + os.getpid() % 1000 * 10, 60000, n):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + n):
                stack.enter_context(socket.socket()).bind(("", port))
            return list(range(first, first + n))
    raise OSError("no free ports")


if __name__ == "__main__":
    if absent := missing():
        sys.exit(
            f"not installed: {', '.join(absent)} (Debian: slurmctld slurmd slurm-client munge)"
        )
    with Slurm(Path(sys.argv[1])) as cluster:
        print(f"export SLURM_CONF={cluster.folder}/slurm.conf PATH={cluster.tools}:$PATH")
        print(f"export {MARK}={cluster.folder}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
