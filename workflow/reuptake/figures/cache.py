"""A content-addressed store of drawn figures: what did not change is not drawn again.

The store stands beside the graph and is never one of its outputs. A figure's key is the
SHA-256 of the data it shows, of the code that draws it and of the libraries' versions.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from reuptake.disk import temporary_mark
from reuptake.figures.contents import digest_of
from reuptake.settings.sections import fingerprint
from reuptake.tables import replacing

SUFFIXES = (".svg", ".png")


def key(*parts: object) -> str:
    """The key of a figure drawn from `parts`."""
    return digest_of(fingerprint("figures"), *parts)


def stored(stem: Path) -> bool:
    """True if the entry is complete."""
    return all(Path(f"{stem}{suffix}").is_file() for suffix in SUFFIXES)


def store(stem: Path, draw) -> None:
    """Draw an entry under a temporary name and rename it: a killed run leaves no half of one."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    temporary = stem.with_name(f".{stem.name}.{temporary_mark()}")
    try:
        draw(temporary)
        for suffix in SUFFIXES:
            os.replace(f"{temporary}{suffix}", f"{stem}{suffix}")
    finally:
        for suffix in SUFFIXES:
            Path(f"{temporary}{suffix}").unlink(missing_ok=True)


def copy_out(stems: Mapping[str, Path], folder: Path, record: Path) -> None:
    """Copy entries to ``<name>.svg`` and ``<name>.png``; other files of these kinds are removed.

    What an earlier run has copied and nobody has touched stays. No hard links: a figure edited
    in place would change the store as well.

    Parameters
    ----------
    stems : mapping
        Entry of each name.
    folder : Path
    record : Path
        File that says what was copied; without it everything is.
    """
    before = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    wanted, copied = set(), {}
    for name, stem in stems.items():
        for suffix in SUFFIXES:
            target, file = folder / f"{name}{suffix}", f"{name}{suffix}"
            wanted.add(file)
            if before.get(file) != [stem.name, *_look(target)]:
                shutil.copyfile(f"{stem}{suffix}", target)
            copied[file] = [stem.name, *_look(target)]
    for old in folder.iterdir():
        if old.suffix in SUFFIXES and old.name not in wanted:
            old.unlink()
    with replacing(record) as temporary:
        temporary.write_text(json.dumps(copied), encoding="utf-8")


def _look(file: Path) -> tuple[int, int]:
    """Size and time of a file, which change when it is edited; zeros where there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def keep_only(folder: Path, stems: set[Path]) -> None:
    """Remove every entry that the present run did not use."""
    names = {stem.name for stem in stems}
    for file in Path(folder).iterdir():
        if file.is_file() and file.stem not in names:
            file.unlink()
