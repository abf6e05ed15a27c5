"""The seal of a drop: SHA-256 of all its files, in the form of ``sha256sum``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from reuptake.drops.folder import SEAL, contents, path_fault
from reuptake.problems import Problem
from reuptake.tables import replacing

_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)")
_RESEAL = "Mend the file, or if the change is meant, run `reuptake register` on the drop again."


def write(folder: Path) -> Path:
    """Seal `folder`: write its SHA256SUMS, and return the path."""
    lines = []
    for name in contents(folder):
        checksum = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"{'' if escaped == name else chr(92)}{checksum}  {escaped}\n")
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
    sealed: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.rstrip("\r"))
        if not match:
            remedy = "Run `reuptake register` on the drop again."
            problems.append(Problem("not a line of sha256sum", remedy, SEAL, number, value=line))
            continue
        escaped, checksum, name = match.groups()
        if escaped:
            name = name.replace("\\n", "\n").replace("\\\\", "\\")
        name = name.removeprefix("./")
        # sha256sum run over the whole folder lists its own, still empty, output
        if name != SEAL:
            sealed[name] = checksum.lower()
    present = set(contents(folder))
    for name, checksum in sealed.items():
        fault = path_fault(folder, name)
        if fault:
            problems.append(Problem(f"sealed, but {fault}", _RESEAL, name))
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != checksum:
            problems.append(Problem("the file was changed after sealing", _RESEAL, name))
    for name in sorted(present - sealed.keys()):
        problems.append(Problem("the file was added after sealing", _RESEAL, name))
    return problems
