"""What is wrong with an input, said so that it can be mended.

Checks collect problems instead of raising at the first one; a reader of the list sees
file, line or well, the value found and the remedy for all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Problem:
    """One fault of an input.

    Attributes
    ----------
    message : str
        What is wrong, with what was expected.
    remedy : str
        What to do about it, as an instruction.
    file : str
        The file, relative to the drop or as given in the config.
    line : int or None
        Line of the file, counted from 1.
    column : str
        Name of the column, key or well, where there is one.
    value : str
        The offending value as it stands in the file.
    """

    message: str
    remedy: str
    file: str = ""
    line: int | None = None
    column: str = ""
    value: str = ""

    def within(self, file: str) -> Problem:
        """The same problem, placed in `file`."""
        return replace(self, file=file)

    def __str__(self) -> str:
        place = shortened(self.file, 300)
        if self.line is not None:
            place = f"{place}, line {self.line}" if place else f"line {self.line}"
        if self.column:
            column = shortened(self.column)
            place = f"{place}, {column}" if place else column
        found = f" (found {shown(self.value)})" if self.value else ""
        start = f"{place}: " if place else ""
        return printable(f"{start}{self.message}{found}. {self.remedy}")


class ProblemsError(ValueError):
    """Raised where an input cannot be used; carries every problem found, not the first."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def printable(text: str) -> str:
    """`text` with control characters escaped, so that it cannot act on a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shortened(text: str, limit: int = 60) -> str:
    """`text` cut to `limit` characters."""
    return f"{text[: limit - 1]}…" if len(text) > limit else text


def shown(value: object) -> str:
    """A raw value made safe and short enough for a message."""
    return f"'{shortened(printable(shortened(str(value))))}'"
