"""What moved since the previous successful run, by how much, and why."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reuptake.formatting import join_words, significant
from reuptake.problems import ProblemsError
from reuptake.provenance import history
from reuptake.provenance.chain import KEYS
from reuptake.provenance.change import INSIDE, NOT_KNOWN, OUTSIDE, Change
from reuptake.provenance.history import Snapshot
from reuptake.provenance.record import read
from reuptake.provenance.verify import flat
from reuptake.tables import guard_cell, replacing

FOLDER = Path("changes")
COLUMNS = ("table", "key", "column", "before", "after", "reason", "against_interval")
# the tables that are compared: answers first, then what they were made from
COMPARED = {
    name: KEYS[name] for name in ("potency", "selectivity", "experiments", "curves", "plates")
} | {"drops": ("drop",)}
# value, lower and upper limit of the numbers that have an interval
INTERVALS = {
    "potency": ("value_nM", "lower_nM", "upper_nM"),
    "selectivity": ("ratio", "lower", "upper"),
}
# on another kind of processor the same run agrees to this
SAME = 1e-6
# keys that no number hangs on, and those whose effect is named otherwise
_SILENT = {
    f"config.{key}"
    for key in ("title", "guide_compound", "strict", "results", "drops", "assays", "targets")
} | {"config.compounds", "config.exclusions", "config.reference"}


@dataclass(frozen=True)
class Cause:
    """Something that differs between two runs, and how far it reaches.

    Attributes
    ----------
    text : str
    drop, assay : str
        Where set, only what is made from this drop or assay can have moved by it.
    tables : frozenset of str
        Where not empty, the tables that it can have moved.
    """

    text: str
    drop: str = ""
    assay: str = ""
    tables: frozenset[str] = frozenset()


def after_success(results: Path) -> None:
    """Call :func:`update`, and say so where it cannot: the answers themselves are complete."""
    try:
        update(results)
    except ProblemsError:
        return  # single stages, asked for before the first complete run
    except (OSError, sqlite3.Error) as error:
        print(f"what moved since the last run could not be written: {error}", file=sys.stderr)


def update(results: Path) -> list[Change] | None:
    """Compare a finished run with the one before, say what moved, keep the run.

    It is said in changes.csv and in the report (:mod:`reuptake.report.changes`).

    Parameters
    ----------
    results : Path
        Folder of the results.

    Returns
    -------
    list of Change or None
        None where there is nothing to compare with, or where the tables are not those of the
        last complete run; in that case nothing is written.
    """
    record = read(results)
    tables = {name: (results / "tables" / f"{name}.csv").read_bytes() for name in COMPARED}
    # stages that were asked for alone leave tables that the record does not know
    if any(
        hashlib.sha256(content).hexdigest() != record["tables"][f"{name}.csv"]["sha256"]
        for name, content in tables.items()
    ):
        return None
    after = Snapshot(record, tables)
    before = history.read(results / history.STORE)
    found = None if before is None else changes_between(before, after)
    write(found or [], results / FOLDER / "changes.csv")
    from reuptake.report.changes import write as write_page

    finished = "" if before is None else before.record["volatile"]["finished"]
    write_page(found, finished, record["config"]["config"]["title"], results / "report")
    # last: were it first, a run killed in between would have no changes
    history.write(results / history.STORE, after)
    return found


def changes_between(before: Snapshot, after: Snapshot) -> list[Change]:
    """Every cell that moved, in the order of tables, rows and columns.

    Numbers that agree to 1e-6 have not moved.
    """
    causes = causes_between(before.record, after.record)
    reach = _Reach([before, after])
    out = []
    for name, keys in COMPARED.items():
        earlier = rows_of(before.tables.get(name, b""), keys)
        value, *limits = INTERVALS.get(name, ("", "", ""))
        for key, row, column, was, now in _moved(earlier, rows_of(after.tables[name], keys)):
            reason = _reason(causes, reach, name, row)
            against = ""
            if column == value:
                against = against_interval(was, now, *(earlier[key].get(c, "") for c in limits))
            out.append(Change(name, key, column, was, now, reason, against))
    return out


def rows_of(content: bytes, keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """The rows of a table by their keys, written as ``reuptake why`` takes them."""
    out: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")):
        plain = key = "; ".join(f"{name}={row[name]}" for name in keys if row.get(name))
        number = 1
        while key in out:
            number += 1
            key = f"{plain} ({number})"
        out[key] = row
    return out


def _moved(before: dict, after: dict) -> Iterator[tuple[str, dict, str, str, str]]:
    for key in [*after, *(key for key in before if key not in after)]:
        was, now = before.get(key), after.get(key)
        if was is None or now is None:
            there = ("", "present") if was is None else ("present", "")
            yield (key, was or now, "row", *there)
            continue
        for column in [*now, *(c for c in was if c not in now)]:
            old, new = was.get(column) or "", now.get(column) or ""
            if old != new and not _same_number(old, new):
                yield key, now, column, old, new


def _same_number(one: str, other: str) -> bool:
    try:
        return math.isclose(float(one), float(other), rel_tol=SAME)
    except ValueError:
        return False


class _Reach:
    """Which drops and assays stand behind a row."""

    def __init__(self, snapshots: Iterable[Snapshot]):
        self._sources: dict[str, set[tuple[str, str]]] = {}
        for snapshot in snapshots:
            for row in rows_of(snapshot.tables.get("curves", b""), KEYS["curves"]).values():
                source = (row["drop"], row["assay"])
                self._sources.setdefault(row["compound"], set()).add(source)

    def of(self, row: dict) -> tuple[set[str], set[str]]:
        """Drops and assays behind a row; both empty where they are not known."""
        if row.get("drop"):
            return {row["drop"]}, {row["assay"]} if row.get("assay") else set()
        sources = self._sources.get(row.get("compound", ""), set())
        return {drop for drop, _ in sources}, {assay for _, assay in sources}


def _reason(causes: list[Cause], reach: _Reach, table: str, row: dict) -> str:
    """The causes that reach a row; else all, since one of them must have done it."""
    drops, assays = reach.of(row)
    mine = [
        cause.text
        for cause in causes
        if (not cause.tables or table in cause.tables)
        and (not cause.drop or cause.drop in drops)
        and (not cause.assay or not assays or cause.assay in assays)
    ]
    if mine:
        return "; ".join(dict.fromkeys(mine))
    return "one of: " + "; ".join(cause.text for cause in causes) if causes else NOT_KNOWN


def causes_between(before: dict, after: dict) -> list[Cause]:
    """What differs between two records and can move a number: drops, exclusions, keys, software."""
    return [
        *_drops(before["drops"], after["drops"]),
        *_exclusions(before["config"]["exclusions"], after["config"]["exclusions"]),
        *_keys(before["config"], after["config"]),
        *_software(before, after),
    ]


def _drops(before: dict, after: dict) -> Iterator[Cause]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None:
            yield Cause(f"drop {name} is new ({now['status']})", drop=name)
        elif now is None:
            yield Cause(f"drop {name} is gone", drop=name)
        elif was["status"] != now["status"]:
            yield Cause(f"drop {name} was {was['status']} and is {now['status']}", drop=name)
        elif was.get("files") != now.get("files"):
            old, new = was.get("files", {}), now.get("files", {})
            names = sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))
            yield Cause(f"drop {name} was sealed again with changed {join_words(names)}", drop=name)


def _exclusions(before: list, after: list) -> Iterator[Cause]:
    def told(entries):
        return {
            (e["drop"], e["run"], e["plate"], e["well"]): (e["reason"], e["by"]) for e in entries
        }

    old, new = told(before), told(after)
    for place in sorted(old.keys() | new.keys()):
        drop, run, plate, well = place
        where = f"{drop}, {run}, {plate}, {well}"
        if place not in old:
            reason, by = new[place]
            yield Cause(f"well {where} is now excluded ({reason}, {by})", drop=drop)
        elif place not in new:
            yield Cause(f"well {where} is no longer excluded", drop=drop)


def _keys(before: dict, after: dict) -> Iterator[Cause]:
    was = flat({k: v for k, v in before.items() if k != "exclusions"})
    now = flat({k: v for k, v in after.items() if k != "exclusions"})
    for key in sorted(was.keys() | now.keys()):
        if was.get(key) != now.get(key) and key not in _SILENT:
            old, new = (entry.get(key, "not set") for entry in (was, now))
            assay = key.split(".")[1] if key.startswith("assays.") else ""
            yield Cause(f"config {key} was {old} and is {new}", assay=assay)


def _software(before: dict, after: dict) -> Iterator[Cause]:
    old, new = before["software"], after["software"]
    for key in ("reuptake", "python"):
        if old[key] != new[key]:
            yield Cause(f"software {key} was {old[key]} and is {new[key]}")
    libraries = sorted(old["libraries"].keys() | new["libraries"].keys())
    for name in libraries:
        was, now = (entry["libraries"].get(name, "none") for entry in (old, new))
        if was != now:
            yield Cause(f"software {name} was {was} and is {now}")
    for stage in sorted(old["stages"].keys() & new["stages"].keys()):
        if old["stages"][stage] != new["stages"][stage]:
            behind = {
                name
                for name in COMPARED
                if stage
                in {
                    rule.removesuffix("_drop")
                    for rule in after["tables"].get(f"{name}.csv", {}).get("rules", [])
                }
            }
            # a stage behind no table that is compared can have moved none
            yield Cause(
                f"the code of stage {stage} has changed", tables=frozenset(behind or {"none"})
            )


def against_interval(before: str, after: str, lower: str, upper: str) -> str:
    """A moved number in words: the fold, and where it lies to the earlier interval.

    Parameters
    ----------
    before, after, lower, upper : str
        Cells of a table: the two values and the 95 % limits of the earlier one.

    Returns
    -------
    str
        ``x 1.2, inside the earlier interval`` or ``outside``; empty where either is missing.
    """
    try:
        was, now = float(before), float(after)
    except ValueError:
        return ""
    if not (was > 0 and now > 0):
        return ""
    fold = f"× {significant(now / was)}"
    try:
        inside = float(lower) <= now <= float(upper)
    except ValueError:
        return f"{fold}, no earlier interval"
    return f"{fold}, {INSIDE if inside else OUTSIDE}"


def write(changes: Iterable[Change], path: Path) -> None:
    """Write changes.csv."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        for change in changes:
            # cells of tables are guarded already
            cells = [change.table, change.key, change.column, change.before, change.after]
            out.writerow([*cells, guard_cell(change.reason), change.against_interval])
