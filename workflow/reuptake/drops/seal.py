"""The seal of a drop: SHA-256 of all its files, in the form of ``sha256sum``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from reuptake.drops.folder import SEAL, contents, is_junk, path_fault
from reuptake.problems import Problem
from reuptake.tables import replacing

_LINE = re.compile(r"\\?([0-9a-fA-F]{64}) [ *](.+)")
_RESEAL = "Mend the file, or if the change is meant, run `reuptake register` on the drop again."


def write(folder: Path) -> Path:
    """Seal a checked `folder`: write its SHA256SUMS, and return the path."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in contents(folder)]
    path = folder / SEAL
    with replacing(path) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return path


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a sealed drop, as its seal says; nothing is read but the seal."""
    text = (folder / SEAL).read_text(encoding="utf-8", errors="replace")
    return {name: checksum for _, _, checksum, name in _entries(text) if checksum}


def faults(folder: Path) -> list[Problem]:
    """Every file that is not as it was sealed."""
    try:
        text = (folder / SEAL).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        remedy = "Run `reuptake register` on the drop again."
        return [Problem("the seal cannot be read", remedy, SEAL)]
    problems: list[Problem] = []
    sealed: set[str] = set()
    for number, line, checksum, name in _entries(text):
        if not checksum:
            remedy = "Run `reuptake register` on the drop again."
            problems.append(Problem("not a line of sha256sum", remedy, SEAL, number, value=line))
            continue
        sealed.add(name)
        try:
            if fault := path_fault(folder, name):
                problems.append(Problem(f"sealed, but {fault}", _RESEAL, name))
            elif sha256(folder / name) != checksum:
                problems.append(Problem("the file was changed after sealing", _RESEAL, name))
        except OSError as error:
            remedy = "Check the file's permissions."
            problems.append(Problem(f"sealed, but unreadable: {error.strerror}", remedy, name))
    for name in contents(folder):
        if name not in sealed:
            problems.append(Problem("the file was added after sealing", _RESEAL, name))
    return problems


def _entries(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Number, text, checksum and file of each line; no checksum where it is not one of a seal."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.rstrip("\r"))
        if not match:
            yield number, line, "", ""
            continue
        checksum, name = match[1].lower(), match[2].removeprefix("./")
        # sha256sum run over the whole folder lists its own, still empty, output
        if name != SEAL and not is_junk(PurePosixPath(name).name):
            yield number, line, checksum, name


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
