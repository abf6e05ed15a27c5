"""A cell that is another than in the previous successful run, and where that is told."""

from __future__ import annotations

from dataclasses import dataclass

# in the folder of the report; they depend on history, so the record leaves them out
PAGE, SCRIPT = "changes.html", "changes.js"
INSIDE, OUTSIDE = "inside the earlier interval", "outside the earlier interval"
NOT_KNOWN = "not known: nothing that is recorded has changed"


@dataclass(frozen=True)
class Change:
    """One cell that is another than before; column ``row`` for a row that came or went.

    `against_interval` says of a value with a 95 % interval how far it moved, and whether out of
    the interval that it had.
    """

    table: str
    key: str
    column: str
    before: str
    after: str
    reason: str
    against_interval: str = ""
