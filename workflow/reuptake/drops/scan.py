"""Which drops there are and how they look, cheap enough for every parse of the workflow.

Anything may vanish or be forbidden while it is looked at: that is for the check to tell.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reuptake.drops import seal
from reuptake.drops.folder import (
    DESCRIPTION,
    SEAL,
    contents,
    is_junk,
    name_fault,
    path_fault,
    read,
)
from reuptake.problems import ProblemsError


@dataclass(frozen=True)
class Folder:
    """A folder below the drops folder.

    ``sealed`` is true where it may be processed: it has a seal that can be read, and a name
    that can be a drop's. Everything else is reported and left alone.
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
        return [*contents(self.path), *([SEAL] if os.path.exists(self.path / SEAL) else [])]

    @cached_property
    def description(self) -> str:
        """Text of drop.yaml; empty where there is none that can be read."""
        try:
            return read(self.path, DESCRIPTION).decode("utf-8-sig")
        except (ProblemsError, UnicodeDecodeError):
            return ""

    @property
    def inputs(self) -> list[Path]:
        """The files that Snakemake can take as inputs.

        It stops at a file that is none, that may not be read or that is dated in the future, and
        takes some names for patterns. Such files count by `state` and `altered`.
        """
        paths = [self.path / name for name in self.files if not path_fault(self.path, name)]
        return [path for path in paths if os.access(path, os.R_OK) and not _from_future(path)]

    @cached_property
    def state(self) -> str:
        """Digest of the seal and of names and sizes, without reading any data."""
        digest = hashlib.sha256()
        for name in self.files:
            digest.update(os.fsencode(f"{name}\0{self._size_and_time(name)[0]}\0"))
        if self.sealed:
            try:
                digest.update((self.path / SEAL).read_bytes())
            except OSError:
                digest.update(b"no seal")
        return digest.hexdigest()[:16]

    @property
    def look(self) -> list:
        """State and times of the files."""
        return [self.state, [self._size_and_time(name)[1] for name in self.files]]

    def _size_and_time(self, name: str) -> tuple[int, int]:
        try:
            status = (self.path / name).stat()
        except OSError:
            return -1, 0
        return status.st_size, status.st_mtime_ns

    def altered(self, verdict: Path) -> list[str]:
        """Files that are not as they were sealed.

        A file that is replaced by one of the same size with an older date changes nothing that
        Snakemake compares. Read are those that were changed or put there after the verdict
        (``st_ctime``, which nobody can set), or all of them, where there is no verdict or the
        drop is rejected.
        """
        try:
            judged = verdict.stat().st_ctime_ns
            if json.loads(verdict.read_text(encoding="utf-8"))["status"] != "accepted":
                judged = 0
        except (OSError, ValueError, KeyError, TypeError):
            judged = 0
        return [
            name
            for name, checksum in seal.checksums(self.path).items()
            if path_fault(self.path, name) or _is_altered(self.path / name, checksum, judged)
        ]


def _is_altered(path: Path, checksum: str, judged_ns: int) -> bool:
    try:
        return path.stat().st_ctime_ns > judged_ns and seal.sha256(path) != checksum
    except OSError:
        return True


def _from_future(path: Path) -> bool:
    try:
        return path.stat().st_mtime > time.time()
    except OSError:
        return True


def scan(drops: Path) -> list[Folder]:
    """The folders below `drops`, by name."""
    if not drops.is_dir():
        return []
    found = []
    for path in sorted(drops.iterdir()):
        lost = path.is_symlink() and not os.path.exists(path)
        if not (lost or os.path.isdir(path)) or path.name.startswith(".") or is_junk(path.name):
            continue
        readable = os.path.isfile(path / SEAL) and os.access(path / SEAL, os.R_OK)
        sealed = readable and not name_fault(path.name)
        found.append(Folder(path, sealed))
    return found
