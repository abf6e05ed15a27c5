"""Whether a folder can be written: asked by writing, as only the disk knows quotas and mounts."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

_PROBE_BYTES = 64 * 1024
_NEARLY_FULL_BYTES = 16 * 1024 * 1024
_ELSEWHERE = "or give another folder as `results`"
_REMEDIES = {
    errno.ENOSPC: "Make space there, then run again.",
    errno.EDQUOT: "Your quota there is used up: remove files or have it raised, then run again.",
    errno.EROFS: f"Have it mounted for writing, {_ELSEWHERE}.",
    errno.EACCES: f"Have its owner give you the right to write, {_ELSEWHERE}.",
}


def temporary_mark() -> str:
    """What tells temporary names of several processes apart, also those of other hosts."""
    return f"{os.uname().nodename}.{os.getpid()}"


def remedy(error: OSError) -> str:
    """What to do about a failed write; empty where nothing general can be said."""
    return _REMEDIES.get(error.errno, "")


def fault(folder: Path) -> str:
    """Why nothing can be written to a folder, with the disk and the remedy; else empty."""
    probe = folder / f".probe.{temporary_mark()}.tmp"
    try:
        with probe.open("wb") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror or error} ({_disk(folder)})"
        return f"{text}. {remedy(error)}".rstrip()
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return ""


def shortage(folder: Path) -> str:
    """Like :func:`fault`, and also where so little space is left that a run may have failed."""
    if found := fault(folder):
        return found
    if shutil.disk_usage(folder).free > _NEARLY_FULL_BYTES:
        return ""
    return f"hardly any space is left for {folder} ({_disk(folder)}). {_REMEDIES[errno.ENOSPC]}"


def _disk(folder: Path) -> str:
    """The disk that holds a folder: where it is mounted, and what is free on it."""
    place = folder.resolve()
    while not place.is_mount():
        place = place.parent
    usage = shutil.disk_usage(place)
    free, total = usage.free / 1e6, usage.total / 1e6
    return f"disk at {place}, {free:.3g} of {total:.3g} MB free"
