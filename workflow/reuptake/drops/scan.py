"""Which drops there are: names and seals only, cheap enough for every parse of the workflow."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reuptake.drops.folder import DESCRIPTION, SEAL, contents, is_junk, name_fault, read
from reuptake.problems import ProblemsError


@dataclass(frozen=True)
class Folder:
    """A folder below the drops folder.

    ``sealed`` is true where it may be processed: it has a seal, and a name that can be a
    drop's. Everything else is reported and left alone.
    """

    path: Path
    sealed: bool

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.name

    @cached_property
    def files(self) -> list[str]:
        """Paths of the folder's files, the seal included, below the folder."""
        return [*contents(self.path), *([SEAL] if (self.path / SEAL).exists() else [])]

    @cached_property
    def description(self) -> str:
        """Text of drop.yaml; empty where there is none that can be read."""
        try:
            return read(self.path, DESCRIPTION).decode("utf-8-sig")
        except (ProblemsError, UnicodeDecodeError):
            return ""

    @cached_property
    def state(self) -> str:
        """Digest of the seal and of names and sizes, without reading any data."""
        digest = hashlib.sha256()
        for name in self.files:
            try:
                size = (self.path / name).stat().st_size
            except OSError:
                size = -1
            digest.update(os.fsencode(f"{name}\0{size}\0"))
        if self.sealed:
            digest.update((self.path / SEAL).read_bytes())
        return digest.hexdigest()[:16]


def scan(drops: Path) -> list[Folder]:
    """The folders below `drops`, by name."""
    if not drops.is_dir():
        return []
    found = []
    for path in sorted(drops.iterdir()):
        if not path.is_dir() or path.name.startswith(".") or is_junk(path.name):
            continue
        sealed = (path / SEAL).is_file() and not name_fault(path.name)
        found.append(Folder(path, sealed))
    return found
