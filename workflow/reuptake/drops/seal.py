"""The seal of a drop: SHA-256 of all its files, in the form of ``sha256sum``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

from reuptake.drops.folder import SEAL, contents, is_junk, path_fault
from reuptake.problems import Problem
from reuptake.tables import replacing

_LINE = re.compile(r"\\?([0-9a-fA-F]{64}) [ *](.+)")
_RESEAL = "Mend the file, or if the change is meant, run `reuptake register` on the drop again."


def write(folder: Path) -> Path:
    """Seal a checked `folder`: write its SHA256SUMS, and return the path."""
    lines = [f"{_checksum(folder / name)}  {name}\n" for name in contents(folder)]
    path = folder / SEAL
    with replacing(path) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return path


def faults(folder: Path) -> list[Problem]:
    """Every file that is not as it was sealed."""
    try:
        text = (folder / SEAL).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        remedy = "Run `reuptake register` on the drop again."
        return [Problem("the seal cannot be read", remedy, SEAL)]
    problems: list[Problem] = []
    sealed: set[str] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.rstrip("\r"))
        if not match:
            remedy = "Run `reuptake register` on the drop again."
            problems.append(Problem("not a line of sha256sum", remedy, SEAL, number, value=line))
            continue
        checksum, name = match[1].lower(), match[2].removeprefix("./")
        # sha256sum run over the whole folder lists its own, still empty, output
        if name == SEAL or is_junk(PurePosixPath(name).name):
            continue
        sealed.add(name)
        try:
            if fault := path_fault(folder, name):
                problems.append(Problem(f"sealed, but {fault}", _RESEAL, name))
            elif _checksum(folder / name) != checksum:
                problems.append(Problem("the file was changed after sealing", _RESEAL, name))
        except OSError as error:
            remedy = "Check the file's permissions."
            problems.append(Problem(f"sealed, but unreadable: {error.strerror}", remedy, name))
    for name in contents(folder):
        if name not in sealed:
            problems.append(Problem("the file was added after sealing", _RESEAL, name))
    return problems


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
