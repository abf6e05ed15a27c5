"""The page that says what moved since the previous successful run.

It stands beside the tables' changes.csv and not in the report: it depends on history, and the
report on tables and figures alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from reuptake.formatting import MISSING, significant
from reuptake.report.elements import Cell, Row, Table, heads, notes
from reuptake.report.templates import make_environment
from reuptake.tables import replacing

if TYPE_CHECKING:
    from reuptake.provenance.changes import Change

PAGE = "index.html"
ANSWERS = ("potency", "selectivity")
# of an answer: whether it is there, and what is claimed
_CLAIMS = ("row", "qualifier", "value_nM", "ratio", "statement", "n_experiments")
_SIMULATED = "; simulated=true"


def write_page(changes: list[Change] | None, before: str, title: str, folder: Path) -> Path:
    """Write the page.

    Parameters
    ----------
    changes : list of Change or None
        None where there is no earlier run.
    before : str
        When the earlier run had finished.
    title : str
        Heading of the report.
    folder : Path
    """
    found = changes or []
    with replacing(folder / PAGE) as temporary:
        html = (
            make_environment()
            .get_template("changes.html.j2")
            .render(
                title=title,
                first=changes is None,
                before=before,
                counts=sorted(Counter(change.table for change in found).items()),
                answers=answers_table(found),
            )
        )
        temporary.write_text(html, encoding="utf-8")
    return folder / PAGE


def answers_table(changes: list[Change]) -> Table:
    """What moved among potencies and ratios, with the reason."""
    columns = heads(
        "",
        {
            "Answer": "row of the table of potencies or of ratios",
            "What": "table and column that moved",
            "Before": "in the previous successful run",
            "After": "now",
            "Against its interval": "how far it moved, compared with the interval that it had",
            "Why": "what has changed among the things that the number is made from",
        },
    )
    rows = [
        Row(
            [
                Cell(_in_words(change.key), style="name"),
                Cell(f"{change.table}, {change.column}"),
                Cell(_short(change.before), style="words"),
                Cell(_short(change.after), style="words"),
                Cell(change.against_interval or MISSING, style="words"),
                notes(change.reason),
            ],
            simulated=change.key.endswith(_SIMULATED),
        )
        for change in changes
        if change.table in ANSWERS and change.column in _CLAIMS
    ]
    return Table("Potencies and ratios that moved", columns, rows)


def _in_words(key: str) -> str:
    """``compound=c; target=SERT; simulated=true`` as ``c, SERT (simulated)``."""
    parts = [part.partition("=") for part in key.split("; ")]
    words = ", ".join(value for name, _, value in parts if name != "simulated")
    return f"{words} (simulated)" if key.endswith(_SIMULATED) else words


def _short(cell: str) -> str:
    try:
        return significant(float(cell))
    except ValueError:
        return cell or MISSING
