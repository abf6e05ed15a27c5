"""A content-addressed store of drawn figures: what did not change is not drawn again.

The store stands beside the graph and is never one of its outputs. A figure's key is the
SHA-256 of the data it shows, of the code that draws it and of the libraries' versions.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from reuptake.disk import temporary_mark
from reuptake.figures.contents import digest_of
from reuptake.settings.sections import fingerprint

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


def copy_out(stem: Path, target: Path) -> None:
    """Copy an entry to `target`.svg and .png.

    Not hard links: a figure edited in place would then change the store as well.
    """
    for suffix in SUFFIXES:
        shutil.copyfile(f"{stem}{suffix}", f"{target}{suffix}")


def keep_only(folder: Path, stems: set[Path]) -> None:
    """Remove every entry that the present run did not use."""
    names = {stem.name for stem in stems}
    for file in Path(folder).iterdir():
        if file.is_file() and file.stem not in names:
            file.unlink()
