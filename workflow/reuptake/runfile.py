"""What one run of the workflow works on, frozen at its start: config, drops, rules and call.

Written once by the workflow before its first job, so that every job of the run, on
whatever machine, sees the same configuration and the same list of drops.
"""

from __future__ import annotations

import getpass
import json
import os
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from reuptake.drops.scan import Folder
from reuptake.settings.load import load_settings
from reuptake.settings.model import Settings
from reuptake.settings.sections import measures_constants, section
from reuptake.tables import replacing


@dataclass(frozen=True)
class RunFile:
    """Config, drops and rules of a run, and how it was called.

    Attributes
    ----------
    config : dict
        The merged configuration.
    sealed, other : list of str
        Names of the drop folders: those that are processed and those only listed.
    rules : dict
        What each rule makes and of what: ``{rule: {"inputs": [...], "outputs": [...]}}``, with
        * for the drop's name.
    call : dict
        By whom, where and how the run was started (:func:`call_of`).
    """

    config: dict
    sealed: list[str]
    other: list[str]
    rules: dict = field(default_factory=dict)
    call: dict = field(default_factory=dict)

    @cached_property
    def settings(self) -> Settings:
        """The configuration, read and checked."""
        return load_settings(overrides=self.config)

    def folder(self, drop: str) -> Folder:
        """The folder of a drop."""
        return Folder(Path(self.settings.config.drops) / drop, drop in self.sealed)

    def section(self, stage: str, drop: str = "") -> dict:
        """The part of the configuration that a stage uses."""
        if not drop:
            return section(stage, self.settings)
        return section(stage, self.settings, drop, self._assays(drop))

    @property
    def measuring(self) -> list[str]:
        """The processed drops that have runs which measure constants."""
        return [d for d in self.sealed if measures_constants(self.settings, self._assays(d))]

    def _assays(self, drop: str) -> frozenset[str]:
        from reuptake.drops.check import assays_named

        if described := self.folder(drop).description:
            return assays_named(described)
        # it has vanished while the run goes on: what its ingestion has read
        verdict = Path(self.settings.config.results) / "drops" / drop / "verdict.json"
        if not verdict.is_file():
            return frozenset()
        runs = json.loads(verdict.read_text(encoding="utf-8"))["runs"]
        return frozenset(run["assay"] for run in runs)

    def per_drop(self, name: str) -> list[Path]:
        """One file of every processed drop."""
        base = Path(self.settings.config.results) / "drops"
        return [base / drop / name for drop in self.sealed]


def write(path: Path, config: dict, folders: Iterable[Folder], rules: dict, call: dict) -> None:
    """Freeze the run's config and the drop folders that its jobs were planned for."""
    data = {"config": config, "sealed": [], "other": [], "rules": rules, "call": call}
    for folder in folders:
        data["sealed" if folder.sealed else "other"].append(folder.name)
    with replacing(path) as temporary:
        text = json.dumps(data, indent=1, ensure_ascii=False, default=str)
        temporary.write_text(f"{text}\n", encoding="utf-8")


def call_of(cores: int | None, configfiles: Iterable[Path], values: dict) -> dict:
    """How this process was called: what differs from run to run and stands in no result.

    Parameters
    ----------
    cores : int or None
    configfiles : iterable of Path
        Config files named on the command line.
    values : dict
        Config values given there.
    """
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container the number of a user may have no name
        user = str(os.getuid())
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": os.uname().nodename,
        "machine": f"{os.uname().sysname} {os.uname().machine}",
        "user": user,
        "cores": cores,
        "command": shlex.join(sys.argv),
        "configfiles": [str(path) for path in configfiles],
        "config": dict(values),
    }


def read(path: Path) -> RunFile:
    """Read what :func:`write` wrote."""
    return RunFile(**json.loads(path.read_text(encoding="utf-8")))
