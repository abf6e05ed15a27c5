"""A digest of what a figure or a page shows: the key under which it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Rows:
    """Some rows of a large frame, cut out only where they are drawn: most figures are stored.

    Attributes
    ----------
    frame : DataFrame
    start, stop : int
        The rows' places in `frame`.
    digest : str
        Of their contents.
    """

    frame: pd.DataFrame
    start: int
    stop: int
    digest: str

    def cut(self) -> pd.DataFrame:
        """The rows themselves."""
        return self.frame.iloc[self.start : self.stop]

    def __reduce__(self):
        # to another process go these rows alone
        return Rows, (self.cut(), 0, self.stop - self.start, self.digest)


def rows_of(frame: pd.DataFrame, places: Sequence[tuple[int, int]]) -> list[Rows]:
    """The rows between each start and stop, with digests from one pass over the frame."""
    hashes = _hashes(frame)
    return [
        Rows(frame, start, stop, hashlib.sha256(hashes[start:stop].tobytes()).hexdigest())
        for start, stop in places
    ]


def _hashes(frame: pd.DataFrame) -> np.ndarray:
    """64 bits of each row, by its contents alone."""
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def digest_of(*parts: object) -> str:
    """SHA-256 of text, numbers, booleans, frames, dataclasses, and lists and mappings of them."""
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest, part: object) -> None:
    if isinstance(part, Rows):
        _text(digest, part.digest, "rows")
    elif is_dataclass(part):
        for field in fields(part):
            _feed(digest, field.name)
            _feed(digest, getattr(part, field.name))
    elif isinstance(part, pd.DataFrame):
        _feed(digest, f"frame of {len(part)} rows")
        _feed(digest, list(part.columns))
        if part.size:
            digest.update(_hashes(part).tobytes())
    elif isinstance(part, dict):
        _feed(digest, f"mapping of {len(part)} keys")
        for name, value in part.items():
            _feed(digest, name)
            _feed(digest, value)
    elif isinstance(part, (list, tuple)):
        _feed(digest, f"list of {len(part)} parts")
        for item in part:
            _feed(digest, item)
    else:
        _text(digest, repr(part), type(part).__name__)


def _text(digest, text: str, kind: str) -> None:
    data = text.encode("utf-8", errors="surrogatepass")
    digest.update(f"{kind}:{len(data)}:".encode() + data)
