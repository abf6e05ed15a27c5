"""Every test that runs the workflow gets a folder of its own.

What is costly, a finished run, is made once a session, whatever the number of test processes,
and copied. Runs use a copy of the checkout, so that a test may change a module.
"""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from workingfolder import IN_VIVO, PARTNER, ROOT, Working, in_vivo_drop, prepare, small_drops


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once, for all test processes of the session."""
    base = tmp_path_factory.getbasetemp()
    base = base if worker_id == "master" else base.parent

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, done, failed = (base / f"{name}{suffix}" for suffix in ("", ".done", ".failed"))
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if failed.exists():
                pytest.fail(f"the {name} folder could not be made, see the first error on it")
            if not done.exists():
                failed.touch()
                make(folder)
                failed.replace(done)
        return folder

    return made


@pytest.fixture(scope="session")
def checkout(once) -> Path:
    """A copy of what a checkout needs to run."""

    def make(folder: Path) -> None:
        for name in ("workflow", "config"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy2(ROOT / "Snakefile", folder)

    return once("checkout", make)


@pytest.fixture(scope="session")
def drop_contents() -> dict[str, dict[str, bytes]]:
    """Files of the small drops."""
    return small_drops()


@pytest.fixture
def fresh(tmp_path, checkout, drop_contents) -> Working:
    """A working folder in which nothing has run."""
    return prepare(tmp_path / "work", checkout, drop_contents)


@pytest.fixture(scope="session")
def finished_folder(once, checkout, drop_contents) -> Path:
    """The folder of a finished run; not to be changed."""

    def make(folder: Path) -> None:
        prepare(folder, checkout, drop_contents).run()

    return once("finished", make)


@pytest.fixture
def finished(tmp_path, checkout, finished_folder) -> Working:
    """A working folder of the test's own after a finished run."""
    return Working(shutil.copytree(finished_folder, tmp_path / "work"), checkout)


@pytest.fixture
def small(tmp_path, checkout, drop_contents, finished_folder) -> Working:
    """The smallest archive, the partner's drop alone, in which nothing has run."""
    drops = {PARTNER: drop_contents[PARTNER]}
    return prepare(tmp_path / "work", checkout, drops, finished_folder)


@pytest.fixture(scope="session")
def undisturbed(once, checkout, drop_contents, finished_folder) -> Working:
    """The smallest archive after a run that nobody disturbed; not to be changed."""

    def make(folder: Path) -> None:
        drops = {PARTNER: drop_contents[PARTNER]}
        working = prepare(folder, checkout, drops, finished_folder)
        done = working.command("reuptake", "run", "--cores", "2")
        assert done.returncode == 0, done.stdout

    return Working(once("undisturbed", make), checkout)


@pytest.fixture(scope="session")
def followers(tmp_path_factory, checkout, drop_contents) -> dict[str, set[str]]:
    """Every rule and all that come after it, from Snakemake's own graph of the rules."""
    folder = tmp_path_factory.mktemp("graph") / "work"
    whole = prepare(folder, checkout, drop_contents | {IN_VIVO: in_vivo_drop()})
    text = whole.snakemake("--rulegraph", "dot", "--forceall")
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', text, re.M))
    edges = re.findall(r"^\s*(\d+) -> (\d+)", text, re.M)
    after: dict[str, set[str]] = {name: {name} for name in names.values()}
    for _ in names:  # each pass carries every set at least one edge further
        for before, behind in edges:
            after[names[before]] |= after[names[behind]]
    return {name: rules - {"all"} for name, rules in after.items()}
