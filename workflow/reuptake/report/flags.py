"""What statuses and flags of curves mean, from the list that docs/flags.md is written from too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# written by `make flags`, with docs/flags.md
LIST = Path(__file__).resolve().parents[2] / "report" / "flags.json"


@dataclass(frozen=True)
class Explained:
    """A flag or a status: its words for readers, its rule, and what to do."""

    title: str
    words: tuple[str, ...]
    rule: str
    bench: str
    pattern: str

    def covers(self, flag: str) -> bool:
        """Whether a flag of a table is one of this kind."""
        return re.fullmatch(self.pattern, flag) is not None


@cache
def _listed() -> dict[str, tuple[Explained, ...]]:
    content = json.loads(LIST.read_text(encoding="utf-8"))
    return {
        name: tuple(
            Explained(
                each["title"],
                tuple(each["words"]),
                _plain(each["rule"]),
                _plain(each["bench"]),
                each["pattern"],
            )
            for each in entries
        )
        for name, entries in content.items()
    }


def known() -> tuple[Explained, ...]:
    """Every flag of a curve, in the order of the page."""
    return _listed()["flags"]


def statuses() -> tuple[Explained, ...]:
    """Every status of a curve."""
    return _listed()["statuses"]


def explained(joined: Iterable[str]) -> list[Explained]:
    """The flags that some rows carry, each once, in the order of the page."""
    flags = {flag for text in joined for flag in text.split("; ") if flag}
    return [each for each in known() if any(each.covers(flag) for flag in flags)]


def _plain(markdown: str) -> str:
    """Text without links, code marks and emphasis."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "").replace("*", "")
