"""The environment of the other programs, made from the pinned requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
REQUIREMENTS = HERE / "requirements.txt"
PROGRAMS = ("scipy", "lmfit", "bindcurve", "neutcurve", "curve-curator")


def pins() -> dict[str, str]:
    """The pinned version of each program, as the requirements give it for this Python."""
    lines = [line.partition(";")[0].strip() for line in REQUIREMENTS.read_text().splitlines()]
    pinned = dict(line.split("==") for line in lines if "==" in line and line[0] != "#")
    return {name: pinned[name] for name in PROGRAMS}


def make() -> Path:
    """The environment's Python, made if it is not there yet.

    Raises
    ------
    SystemExit
        If a program cannot be installed, with its name.
    """
    python = VENV / "bin" / "python"
    stamp = VENV / ".ready"
    state = f"{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()} {sys.version} {VENV}"
    if python.exists() and stamp.exists() and stamp.read_text() == state:
        return python
    print(f"Setting up the other programs in {VENV} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    uv = next((str(p) for p in [HERE.parents[1] / ".uv/bin/uv"] if p.exists()), shutil.which("uv"))
    if uv:
        create = [uv, "venv", "--quiet", "--no-config", "--python", sys.executable, VENV]
        install = [uv, "pip", "install", "--quiet", "--no-config", "--python", python]
    else:
        create = [sys.executable, "-m", "venv", VENV]
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    made = subprocess.run(create, capture_output=True, text=True)
    if made.returncode:
        raise SystemExit(f"no environment for the other programs: {last_line(made.stderr)}")
    everything = subprocess.run(
        [*install, "--requirement", REQUIREMENTS], capture_output=True, text=True
    )
    failed = missing(python)
    if everything.returncode or failed:
        for name in failed:
            alone = [*install, "--constraint", REQUIREMENTS, name]
            said = subprocess.run(alone, capture_output=True, text=True).stderr
            failed[name] = last_line(said or everything.stderr) or failed[name]
        failed = {name: failed[name] for name in missing(python) if name in failed}
        named = [f"  {name} {pins()[name]}: {reason}" for name, reason in failed.items()]
        reasons = named or [f"  {last_line(everything.stderr)}"]
        raise SystemExit("\n".join(["These programs could not be installed:", *reasons]))
    stamp.write_text(state)
    return python


def missing(python: Path) -> dict[str, str]:
    """The programs that the environment lacks, or has in another version than the pinned one."""
    ask = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    wrong = {}
    for name, version in pins().items():
        found = subprocess.run([python, "-c", ask, name], capture_output=True, text=True)
        if found.stdout.strip() != version:
            wrong[name] = found.stdout.strip() or "not installed"
    return wrong


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
