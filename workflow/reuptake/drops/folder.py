"""The files of a drop folder, seen without trusting their names."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from reuptake.problems import Problem, ProblemsError

DESCRIPTION = "drop.yaml"
SEAL = "SHA256SUMS"
MAX_FILE_BYTES = 64 * 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_JUNK = re.compile(r"\.DS_Store|Thumbs\.db|desktop\.ini|\._.*|~\$.*|\.directory|\.fuse_hidden.*")


def is_junk(name: str) -> bool:
    """Files that operating systems and office programs leave behind."""
    return bool(_JUNK.fullmatch(name))


def name_fault(name: str) -> str:
    """Why a folder's name cannot be a drop's, or an empty string."""
    if _NAME.fullmatch(name):
        return ""
    return "the folder's name may hold only letters, digits, '.', '_' and '-'"


def contents(folder: Path) -> list[str]:
    """Relative paths of the files that a seal covers, sorted; links are listed, not followed."""
    found = []
    for directory, _, names in os.walk(folder):
        relative = Path(directory).relative_to(folder)
        found += [(relative / n).as_posix() for n in names if not is_junk(n) and n != SEAL]
        found += [
            (relative / n).as_posix()
            for n in os.listdir(directory)
            if (Path(directory) / n).is_symlink() and (Path(directory) / n).is_dir()
        ]
    return sorted(found)


def path_fault(folder: Path, name: str) -> str:
    """Why `name` is not a file of the drop, or an empty string."""
    path = PurePosixPath(name)
    if not name or "\0" in name:
        return "not a file name"
    if path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "the path leaves the drop folder"
    target = folder / name
    if not target.exists():
        return "the file is missing"
    if not target.resolve().is_relative_to(folder.resolve()):
        return "the path leaves the drop folder through a link"
    return "" if target.is_file() else "not a file"


def read(folder: Path, name: str) -> bytes:
    """Contents of a file of the drop.

    Raises
    ------
    ProblemsError
        If the path leaves the drop, or the file is missing, unreadable or too large.
    """
    fault = path_fault(folder, name)
    remedy = "Give the path of a file inside the drop folder, with forward slashes."
    if not fault:
        try:
            path = folder / name
            if path.stat().st_size <= MAX_FILE_BYTES:
                return path.read_bytes()
            fault, remedy = "the file is larger than 64 MiB", "Export one run to a file."
        except OSError as error:
            fault = f"the file cannot be read: {error.strerror or error}"
            remedy = "Check the file's permissions."
    raise ProblemsError([Problem(fault, remedy, name)])
