"""The files of a drop folder, seen without trusting their names."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath

from reuptake.problems import Problem, ProblemsError

DESCRIPTION = "drop.yaml"
SEAL = "SHA256SUMS"
MAX_FILE_BYTES = 64 * 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_JUNK = re.compile(
    r"\.DS_Store|Thumbs\.db|desktop\.ini|\._.*|~\$.*|\.directory|\.fuse_hidden.*"
    r"|\.SHA256SUMS\..*\.tmp"  # of a sealing that was killed
)


def is_junk(name: str) -> bool:
    """Files that operating systems and office programs leave behind."""
    return bool(_JUNK.fullmatch(name))


def name_fault(name: str) -> str:
    """Why a folder's name cannot be a drop's, or an empty string."""
    if _NAME.fullmatch(name):
        return ""
    return "the folder's name may hold only letters, digits, '.', '_' and '-'"


def folder_fault(folder: Path) -> str:
    """Why a folder cannot be looked into, or an empty string."""
    try:
        os.listdir(folder)
    except FileNotFoundError:
        return "a link that leads nowhere" if folder.is_symlink() else "the folder is gone"
    except OSError as error:
        return f"the folder cannot be read: {error.strerror}"
    return ""


def contents(folder: Path) -> list[str]:
    """Relative paths of the files that a seal covers, sorted; links are listed, not followed."""
    found = []
    for directory, folders, names in os.walk(folder):
        relative = os.path.relpath(directory, folder) if directory != str(folder) else ""
        links = [name for name in folders if os.path.islink(os.path.join(directory, name))]
        found += [
            f"{relative}/{name}" if relative else name
            for name in names + links
            if not is_junk(name)
        ]
    return sorted(name for name in found if name != SEAL)


def path_fault(folder: Path, name: str) -> str:
    """Why `name` is not a file of the drop, or an empty string."""
    path = PurePosixPath(name)
    if not name.isprintable() or not name:
        return "not a file name: it is empty or holds characters that cannot be shown"
    if "{" in name or "}" in name:
        return "a file name may not hold { or }"
    if path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "the path leaves the drop folder"
    target = folder / name
    try:
        if _plain(folder, path):
            return ""
        if not target.resolve().is_relative_to(folder.resolve()):
            return "the path leaves the drop folder through a link"
        mode = target.stat().st_mode
    except FileNotFoundError:
        return "the file is missing"
    except (OSError, RuntimeError) as error:  # too long a name, a circle of links
        return f"the path cannot be followed: {getattr(error, 'strerror', None) or error}"
    return "" if stat.S_ISREG(mode) else "not a regular file"


def _plain(folder: Path, path: PurePosixPath) -> bool:
    """True if a file is a regular one, and no part of its path below `folder` is a link.

    Then it cannot lie elsewhere, and its path need not be resolved, which is slow.
    """
    at, mode = str(folder), 0
    for part in path.parts:
        at = f"{at}/{part}"
        mode = os.lstat(at).st_mode
        if stat.S_ISLNK(mode):
            return False
    return stat.S_ISREG(mode)


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
