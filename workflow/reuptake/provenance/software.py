"""The software behind the results: versions, the lock, the commit, the code of each stage."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import distributions
from pathlib import Path

from reuptake import __version__
from reuptake.drops.seal import sha256
from reuptake.settings.load import ROOT
from reuptake.settings.sections import PACKAGE, digest, fingerprint

_SOFTWARE = ("Snakefile", "workflow", "pyproject.toml", "uv.lock")


def software(stages: list[str]) -> dict:
    """Versions and digests of everything that makes the results.

    Parameters
    ----------
    stages : list of str
        The stages whose code is recorded; names without a module of their own are left out.

    Returns
    -------
    dict
        JSON-ready: ``reuptake, python, libraries, lock_sha256, workflow, git, stages``.
    """
    return {
        "reuptake": __version__,
        "python": platform.python_version(),
        "libraries": dict(sorted((d.name, d.version) for d in distributions())),
        "lock_sha256": lock_sha256(),
        "workflow": {path.as_posix(): sha256(ROOT / path) for path in workflow_files()},
        "git": git_state(ROOT),
        "stages": {
            stage: fingerprint(stage)
            for stage in sorted(stages)
            if (PACKAGE / "stages" / f"{stage}.py").is_file()
        },
    }


def lock_sha256() -> str:
    """SHA-256 of uv.lock; empty where there is none."""
    lock = ROOT / "uv.lock"
    return sha256(lock) if lock.is_file() else ""


def workflow_files() -> list[Path]:
    """The Snakefile and its rules, below the checkout."""
    rules = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    return [path.relative_to(ROOT) for path in (ROOT / "Snakefile", *rules)]


def software_digest() -> str:
    """Digest of what :func:`software` records and no stage's fingerprint covers.

    The libraries are those of the lock: asking for each would slow down every parse.
    """
    files = [sha256(ROOT / path) for path in workflow_files()]
    return digest([__version__, platform.python_version(), lock_sha256(), files])


def git_state(root: Path) -> dict:
    """Commit of the checkout, and what of the software differs from it.

    Returns
    -------
    dict
        ``commit`` (empty where there is no git), ``dirty`` (None likewise) and ``changed``,
        the files of the software that are changed or not in git.
    """
    none = {"commit": "", "dirty": None, "changed": []}
    # a hook or an outer call may point to another repository
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env=environment,
        ).stdout

    try:
        # the folder may lie, without git of its own, inside another repository
        if Path(git("rev-parse", "--show-toplevel").strip()).resolve() != root.resolve():
            return none
        commit = git("rev-parse", "HEAD").strip()
        status = git("status", "--porcelain", "--untracked-files=all", "--", *_SOFTWARE)
    except (OSError, subprocess.SubprocessError):
        return none
    changed = sorted(line[3:] for line in status.splitlines())
    return {"commit": commit, "dirty": bool(changed), "changed": changed}
