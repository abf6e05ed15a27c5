"""What moved since the previous successful run: a page, and a script with it for the first page.

Both depend on history, and the report on tables and figures alone. So the report is made with
both saying that nothing has been compared yet, and they are replaced when the run has ended.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from reuptake.formatting import MISSING, significant
from reuptake.provenance.change import NOT_KNOWN, OUTSIDE, PAGE, SCRIPT, Change
from reuptake.report.elements import CONSTANTS, IN_VIVO, Cell, Row, Table, heads, notes
from reuptake.report.templates import make_environment
from reuptake.tables import replacing

ANSWERS = ("potency", "selectivity")
NOT_YET = "Not compared yet: a run compares its answers with those before as its last step."
FIRST = "First run that is kept here: there is nothing to compare with."
ON_FIRST_PAGE = 8
# of an answer: whether it is there, and what is claimed; the first that moved stands for all
_CLAIMS = ("row", "qualifier", "value_nM", "ratio", "statement", "n_experiments")
_SIMULATED = "; simulated=true"
# a longer reason is left to the rows
_LONGEST_REASON = 160


def write(changes: list[Change] | None, before: str, title: str, report: Path) -> None:
    """Write page and script into the folder of the report.

    Parameters
    ----------
    changes : list of Change or None
        None where there is no earlier run.
    before : str
        When the earlier run had finished.
    title : str
        Heading of the report.
    report : Path
    """
    sentence = FIRST if changes is None else sentence_of(changes, before)
    shared = {
        "title": title,
        "has_animals": (report / IN_VIVO).is_file(),
        "has_constants": (report / CONSTANTS).is_file(),
    }
    template = make_environment().get_template("changes.html.j2")
    html = template.render(shared | content(sentence, changes or []))
    for name, text in ((PAGE, html), (SCRIPT, script(sentence, changes or []))):
        with replacing(report / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def content(sentence: str, changes: list[Change]) -> dict:
    """What the page shows."""
    answers = answers_table(changes)
    marks = {row.simulated for row in answers.rows}
    return {
        "sentence": sentence,
        "counts": sorted(Counter(change.table for change in changes).items()),
        "answers": answers,
        "simulated": ("some" if False in marks else "all") if True in marks else "",
    }


def script(sentence: str, changes: list[Change]) -> str:
    """The script that gives the first page its sentence and the largest changes.

    JSON, in ASCII and without the signs that could end the script; a cell is a list of lines.
    """
    rows = [
        {"cells": [c.notes or [c.text] for c in row.cells], "simulated": row.simulated}
        for row in map(_row, largest(changes)[:ON_FIRST_PAGE])
    ]
    text = json.dumps({"sentence": sentence, "rows": rows})
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f"window.reuptakeChanges = {text};\n"


def sentence_of(changes: list[Change], before: str) -> str:
    """How many potencies and ratios moved, came and went, since when, and why."""
    since = f"since the run that finished {before.replace('T', ' ').replace('+00:00', ' UTC')}"
    answers = _of_answers(changes)
    if not changes:
        return f"No number has moved {since}."
    if not answers:
        return f"No potency and no ratio has moved {since}; rows of other tables have changed."
    counts = Counter(_fate(change) for change in answers)
    one = "potency" if answers[0].table == "potency" else "ratio"
    parts, what = [], one if len(answers) == 1 else "potencies and ratios"
    for fate in ("moved", "new", "gone"):
        if n := counts[fate]:
            verb = "" if fate == "moved" else "is " if n == 1 else "are "
            parts.append(f"{n} {verb}{fate}" if parts else f"{n} {what} {verb}{fate}")
    if counts["moved"]:
        outside = sum(c.against_interval.endswith(f" {OUTSIDE}") for c in answers)
        parts[0] += f" ({outside or 'none'} out of the interval before)"
    reasons = {change.reason for change in answers}
    reason = reasons.pop()
    if reasons or len(reason) > _LONGEST_REASON:
        why = "the reasons stand beside them"
    else:
        why = f"the reason is {reason}" if reason == NOT_KNOWN else f"the reason: {reason}"
    return f"{', '.join(parts)} {since}; {why}."


def largest(changes: Iterable[Change]) -> list[Change]:
    """One change of each answer: lost or claimed otherwise, then by the fold, then the new."""
    return sorted(_of_answers(changes), key=_rank)


def _of_answers(changes: Iterable[Change]) -> list[Change]:
    """The change that stands for each potency and ratio that moved, in the given order."""
    first: dict[tuple[str, str], Change] = {}
    for change in changes:
        if change.table in ANSWERS and change.column in _CLAIMS:
            known = first.setdefault((change.table, change.key), change)
            if _CLAIMS.index(change.column) < _CLAIMS.index(known.column):
                first[change.table, change.key] = change
    return list(first.values())


def _fate(change: Change) -> str:
    if change.column != "row":
        return "moved"
    return "new" if change.after else "gone"


def _rank(change: Change) -> tuple[int, float]:
    if _fate(change) == "gone" or change.column == "qualifier":
        return 0, 0.0
    if change.column in ("value_nM", "ratio"):
        try:
            return 1, -abs(math.log(float(change.after) / float(change.before)))
        except (ValueError, ZeroDivisionError):
            return 1, -math.inf  # a value came or went
    return (3, 0.0) if _fate(change) == "new" else (2, 0.0)


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
        _row(change) for change in changes if change.table in ANSWERS and change.column in _CLAIMS
    ]
    return Table("Potencies and ratios that moved", columns, rows)


def _row(change: Change) -> Row:
    before, after = _told_apart(change.before, change.after)
    return Row(
        [
            Cell(_in_words(change.key), style="name"),
            Cell(f"{change.table}, {change.column}"),
            Cell(before, style="words"),
            Cell(after, style="words"),
            Cell(change.against_interval or MISSING, style="words"),
            notes(change.reason),
        ],
        simulated=change.key.endswith(_SIMULATED),
    )


def _in_words(key: str) -> str:
    """``compound=c; target=SERT; simulated=true`` as ``c, SERT (simulated)``."""
    parts = [part.partition("=") for part in key.split("; ")]
    words = ", ".join(value for name, _, value in parts if name != "simulated")
    return f"{words} (simulated)" if key.endswith(_SIMULATED) else words


def _told_apart(before: str, after: str) -> tuple[str, str]:
    """Both cells, numbers with three significant figures, or as many more as tell them apart."""
    for digits in range(3, 8):
        texts = _short(before, digits), _short(after, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _short(cell: str, digits: int) -> str:
    try:
        return significant(float(cell), digits)
    except ValueError:
        return cell or MISSING
