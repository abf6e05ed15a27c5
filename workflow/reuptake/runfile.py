"""What one run of the workflow works on, frozen at its start: its config and its drops.

Written once by the workflow before its first job, so that every job of the run, on
whatever machine, sees the same configuration and the same list of drops.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reuptake.drops.scan import Folder
from reuptake.settings.load import load_settings
from reuptake.settings.model import Settings
from reuptake.settings.sections import measures_constants, section
from reuptake.tables import replacing


@dataclass(frozen=True)
class RunFile:
    """Config and drops of a run.

    Attributes
    ----------
    config : dict
        The merged configuration.
    sealed, other : list of str
        Names of the drop folders: those that are processed and those only listed.
    """

    config: dict
    sealed: list[str]
    other: list[str]

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

        return assays_named(self.folder(drop).description)

    def per_drop(self, name: str) -> list[Path]:
        """One file of every processed drop."""
        base = Path(self.settings.config.results) / "drops"
        return [base / drop / name for drop in self.sealed]


def write(path: Path, config: dict, folders: Iterable[Folder]) -> None:
    """Freeze the run's config and the drop folders that its jobs were planned for."""
    data = {"config": config, "sealed": [], "other": []}
    for folder in folders:
        data["sealed" if folder.sealed else "other"].append(folder.name)
    with replacing(path) as temporary:
        text = json.dumps(data, indent=1, ensure_ascii=False, default=str)
        temporary.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> RunFile:
    """Read what :func:`write` wrote."""
    return RunFile(**json.loads(path.read_text(encoding="utf-8")))
