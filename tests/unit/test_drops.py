"""Bad drops: each case changes one thing in a valid drop and must be refused in words.

Every case goes both ways that a drop can take: ``reuptake register``, which must not seal it,
and the ingestion of the same drop sealed by hand, which must reject it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import dropmaker
from dropmaker import edit
from reuptake.curves.plates import fit_plates
from reuptake.drops.check import check_drop
from reuptake.drops.scan import scan
from reuptake.qc.plates import judge_plates
from reuptake.settings.load import load_settings
from reuptake.settings.sections import section

LAYOUT, COUNTS, YAML = "layout.csv", "raw/p1.csv", "drop.yaml"
A2 = "P1,A2,reference,ref-1,0.1,nM"  # the second line of wells, line 3 of the layout


@pytest.fixture
def archive(tmp_path):
    return dropmaker.write_archive(tmp_path)


@dataclass(frozen=True)
class Case:
    """One fault: how to make it, and what a message about it must say in one line."""

    id: str
    make: Callable[[Path], None]
    place: str
    words: tuple[str, ...]


def replaced(file: str, old: str, new: str):
    return lambda drop: edit(drop / file, old, new)


def written(file: str, content: str | bytes):
    data = content.encode() if isinstance(content, str) else content
    return lambda drop: (drop / file).write_bytes(data)


def removed(file: str):
    return lambda drop: (drop / file).unlink()


def layout(old: str, new: str):
    return replaced(LAYOUT, old, new)


def counts_path(name: str):
    return replaced(YAML, "raw/p1.csv", name)


def appended(file: str, text: str):
    def make(drop):
        with (drop / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return make


def without_role(role: str):
    def make(drop):
        lines = (drop / LAYOUT).read_text().splitlines()
        kept = [line for line in lines if f",{role}," not in line]
        (drop / LAYOUT).write_text("\n".join(kept) + "\n")

    return make


def each(*steps):
    def make(drop):
        for step in steps:
            step(drop)

    return make


def linked(target: str, name: str = "raw/p1.csv"):
    def make(drop):
        (drop / name).unlink(missing_ok=True)
        (drop / name).symlink_to(target)

    return make


def outside_file(drop):
    """A file that would do, were it not outside the drop."""
    (drop.parent / "p1.csv").write_text(dropmaker.counts_csv())


def fewer_rows(drop):
    rows = (drop / COUNTS).read_text().splitlines()
    (drop / COUNTS).write_text("\n".join(rows[:7]) + "\n")


def microbeta(end: str = "End of plate 1", rows: int = 8, columns: int = 12) -> str:
    """A MicroBeta export of the valid counts, whole unless told otherwise."""
    grid = [line.split(",") for line in dropmaker.counts_csv().splitlines()]
    body = "".join(
        f"{letter}\t" + "".join(f"{cell}\t" for cell in cells[:columns]) + "\r\n"
        for letter, cells in list(zip("ABCDEFGH", grid, strict=True))[:rows]
    )
    header = " \t" + "".join(f"{i}\t" for i in range(1, 13))
    return (
        "c:\\counts\\p1.txt\r\nRUN INFORMATION:\r\n================\r\nPLATES:\r\n=======\r\n"
        "Plate 1\r\nCassette information:\r\nShelf:  1/8*12\r\n\r\nCCPM1\r\n\r\n"
        f"{header}\r\n{body}\r\n{end}\r\n"
    )


def many_wells(n: int) -> str:
    wells = [f"{letter}{column}" for letter in "ABCDEFGH" for column in range(1, 13)]
    rows = [f"Q{i // 96},{wells[i % 96]},sample,cmpd-1,{1 + i % 7},nM" for i in range(n)]
    return "\n".join(["plate,well,role,compound,concentration,unit", *rows]) + "\n"


def responses(drop):
    """Turn the drop into one of normalised responses."""
    (drop / YAML).write_text(dropmaker.RESPONSES_DESCRIPTION)
    (drop / "responses.csv").write_text(dropmaker.responses_csv())
    for name in (LAYOUT, COUNTS):
        (drop / name).unlink()


def response(old: str, new: str):
    return each(responses, replaced("responses.csv", old, new))


RUN = "runs:\n  - run: A\n"
GARBAGE = bytes(range(256)) * 40
TEXT_GARBAGE = bytes(range(1, 256)) * 40
LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

LAYOUT_CASES = [
    Case(
        "a column is missing",
        lambda drop: (drop / LAYOUT).write_text(
            "".join(line.rpartition(",")[0] + "\n" for line in dropmaker.layout_csv().splitlines())
        ),
        "layout.csv, line 1, unit",
        ("the column is missing", "plate,well,role,compound,concentration,unit"),
    ),
    Case(
        "an unknown column",
        layout("concentration,unit\n", "concentration,unit,remark\n"),
        "layout.csv, line 1, remark",
        ("unknown column", "x_"),
    ),
    Case(
        "a column twice",
        layout("concentration,unit\n", "concentration,unit,unit\n"),
        "layout.csv, line 1, unit",
        ("twice",),
    ),
    Case(
        "a row with a cell too many",
        layout(A2, A2 + ",5"),
        "layout.csv, line 3",
        ("7 cells where the header has 6", "commas"),
    ),
    Case(
        "an unknown role",
        layout(A2, A2.replace("reference", "standard")),
        "layout.csv, line 3, role",
        ("unknown role", "'standard'", "total, nonspecific, blank, total_added, reference"),
    ),
    Case(
        "a role in other case",
        layout(A2, A2.replace("reference", "Reference")),
        "layout.csv, line 3, role",
        ("unknown role", "'Reference'"),
    ),
    Case(
        "an unknown unit",
        layout(A2, A2.replace("nM", "nMolar")),
        "layout.csv, line 3, unit",
        ("unknown unit", "'nMolar'", "M, mM, uM, nM"),
    ),
    Case(
        "a unit that is no concentration",
        layout(A2, A2.replace("nM", "mg")),
        "layout.csv, line 3, unit",
        ("cannot be turned into nM", "'mg'"),
    ),
    Case(
        "a unit that is a sum",
        layout(A2, A2.replace("nM", "9**9**9**9 nM")),
        "layout.csv, line 3, unit",
        ("unknown unit",),
    ),
    Case(
        "a concentration without unit",
        layout(A2, A2.replace("nM", "")),
        "layout.csv, line 3, unit",
        ("a concentration without a unit", "such as nM"),
    ),
    Case(
        "a negative concentration",
        layout(A2, A2.replace("0.1", "-0.1")),
        "layout.csv, line 3, concentration",
        ("negative", "'-0.1'"),
    ),
    Case(
        "zero for a sample",
        layout(A2, A2.replace("0.1", "0")),
        "layout.csv, line 3, concentration",
        ("zero", "'0'", "role total"),
    ),
    Case(
        "no concentration for a sample",
        layout(A2, A2.replace("0.1", "")),
        "layout.csv, line 3, concentration",
        ("without a concentration",),
    ),
    Case(
        "no compound for a sample",
        layout(A2, A2.replace("ref-1", "")),
        "layout.csv, line 3, compound",
        ("without a compound",),
    ),
    Case(
        "text for a concentration",
        layout(A2, A2.replace("0.1", "low")),
        "layout.csv, line 3, concentration",
        ("not a number", "'low'"),
    ),
    Case(
        "a decimal comma in quotes",
        layout(A2, A2.replace("0.1", '"0,1"')),
        "layout.csv, line 3, concentration",
        ("not a number", "'0,1'", "decimal comma: 0.1"),
    ),
    Case(
        "decimal commas with semicolons",
        lambda drop: (drop / LAYOUT).write_text(
            dropmaker.layout_csv().replace(",", ";").replace("0.1;", "0,1;")
        ),
        "layout.csv, line 3, concentration",
        ("not a number", "'0,1'", "decimal comma: 0.1"),
    ),
    Case(
        "a bare decimal comma",
        layout(A2, A2.replace("0.1", "0,1")),
        "layout.csv, line 3",
        ("7 cells where the header has 6", "decimals need a point"),
    ),
    *(
        Case(
            f"the number {number}",
            layout(A2, A2.replace("0.1", number)),
            "layout.csv, line 3, concentration",
            words,
        )
        for number, words in {
            "nan": ("not a number", "'nan'"),
            "inf": ("not a number", "'inf'"),
            "1e400": ("not a number", "'1e400'"),
            "1e300": ("out of any range", "'1e300'"),
            "1e-300": ("out of any range", "'1e-300'"),
            "1e12": ("no concentration", "'1e12'"),
            "1e-16": ("no concentration", "'1e-16'"),
            "1_000": ("not a number", "'1_000'"),
            "0x10": ("not a number",),
            "١٢": ("not a number", "'١٢'"),
            "１２": ("not a number", "'１２'"),
            "12 nM": ("not a number", "'12 nM'"),
        }.items()
    ),
    Case(
        "a negative radioligand",
        lambda drop: (drop / LAYOUT).write_text(
            "".join(
                line + (",ligand_concentration,ligand_unit\n" if i == 0 else ",-5,nM\n")
                for i, line in enumerate(dropmaker.layout_csv().splitlines())
            )
        ),
        "layout.csv, line 2, ligand_concentration",
        ("negative", "'-5'"),
    ),
    Case(
        "a concentration for a total well",
        layout("P1,A1,total,,,", "P1,A1,total,,5,nM"),
        "layout.csv, line 2, concentration",
        ("a total well with a concentration", "'5'"),
    ),
    Case(
        "the same well twice",
        appended(LAYOUT, A2 + "\n"),
        "layout.csv, line 98, well",
        ("line 3 already", "'A2'"),
    ),
    Case(
        "the same well twice, as A2 and A02",
        appended(LAYOUT, A2.replace("A2", "A02") + "\n"),
        "layout.csv, line 98, well",
        ("line 3 already", "'A02'"),
    ),
    Case(
        "the same well twice, as A2 and a002",
        appended(LAYOUT, A2.replace("A2", "a002") + "\n"),
        "layout.csv, line 98, well",
        ("line 3 already", "'a002'"),
    ),
    Case(
        "not a well",
        layout(A2, A2.replace("A2", "2A")),
        "layout.csv, line 3, well",
        ("not a well", "'2A'"),
    ),
    Case(
        "a well name in unicode digits",
        layout(A2, A2.replace("A2", "A٢")),
        "layout.csv, line 3, well",
        ("not a well",),
    ),
    Case(
        "wells beyond the plate",
        layout("P1,H12,nonspecific,,,", "P1,H13,nonspecific,,,"),
        "layout.csv",
        ("96-well plate does not have", "H13"),
    ),
    Case(
        "a well that the counter file lacks",
        lambda drop: (drop / COUNTS).write_text(dropmaker.counts_csv().replace("1980,", "-,", 1)),
        "layout.csv",
        ("plate P1", "counter file lacks", "A1", "empty"),
    ),
    Case(
        "counts that the layout does not name",
        layout(A2 + "\n", ""),
        "layout.csv",
        ("plate P1", "does not name", "A2"),
    ),
    Case("no total wells", without_role("total"), "layout.csv", ("plate P1", "no total wells")),
    Case(
        "no non-specific wells",
        without_role("nonspecific"),
        "layout.csv",
        ("plate P1", "no nonspecific wells"),
    ),
    Case(
        "a layout of another plate",
        lambda drop: (drop / LAYOUT).write_text(dropmaker.layout_csv().replace("P1,", "P2,")),
        "layout.csv",
        ("no wells of plate P1",),
    ),
    Case(
        "wells of a plate that is not named",
        appended(LAYOUT, "P9,A1,total,,,\n"),
        "layout.csv, line 98, plate",
        ("drop.yaml does not name", "'P9'"),
    ),
    *(
        Case(
            f"a compound that begins with {sign}",
            layout(A2, A2.replace("ref-1", f"{sign}cmd")),
            "layout.csv, line 3, compound",
            ("may not begin with", f"'{sign}cmd'"),
        )
        for sign in "=+-@"
    ),
    Case(
        "a compound in right-to-left override",
        layout(A2, A2.replace("ref-1", "ref\u202e1")),
        "layout.csv, line 3, compound",
        ("control characters", "\\u202e"),
    ),
    Case(
        "a lone quote",
        layout(A2, A2.replace("ref-1", '"ref-1')),
        "layout.csv, line",
        ("not valid CSV", "quotes"),
    ),
    Case(
        "a cell of a million characters",
        layout(A2, A2.replace("ref-1", "r" * 1_000_000)),
        "layout.csv, line 3",
        ("not valid CSV", "131072"),
    ),
    Case(
        "a cell of a hundred thousand characters",
        layout(A2, A2.replace("ref-1", "r" * 100_000)),
        "layout.csv, line 3, compound",
        ("longer than 120 characters",),
    ),
    Case("an empty layout", written(LAYOUT, ""), "layout.csv", ("empty",)),
    Case("a layout of blanks", written(LAYOUT, "\n \n\n"), "layout.csv", ("empty",)),
    Case(
        "a layout without rows",
        written(LAYOUT, "plate,well,role,compound,concentration,unit\n"),
        "layout.csv",
        ("no wells",),
    ),
    Case("a binary layout", written(LAYOUT, GARBAGE), "layout.csv", ("binary",)),
    Case("a layout of garbage", written(LAYOUT, TEXT_GARBAGE), "layout.csv, line 1", ()),
    Case("NUL in a layout", layout(A2, A2.replace("ref-1", "ref\0")), "layout.csv", ("NUL",)),
    Case(
        "a layout of 100,000 rows",
        lambda drop: (drop / LAYOUT).write_text(dropmaker.layout_csv() + f"{A2}\n" * 100_000),
        "layout.csv, line 98, well",
        ("line 3 already",),
    ),
    Case(
        "neither excluded nor not",
        lambda drop: (drop / LAYOUT).write_text(
            "".join(
                line + (",exclude,reason\n" if i == 0 else ",perhaps,\n" if i == 1 else ",,\n")
                for i, line in enumerate(dropmaker.layout_csv().splitlines())
            )
        ),
        "layout.csv, line 2, exclude",
        ("neither true nor false", "'perhaps'"),
    ),
]

COUNTS_CASES = [
    Case("a row too few", fewer_rows, "raw/p1.csv", ("7 x 12", "8 x 12")),
    Case(
        "a plate without its end",
        written(COUNTS, microbeta(end="")),
        "raw/p1.csv",
        ("truncated", "End of plate 1", "Export"),
    ),
    Case(
        "a plate with fewer rows than its shelf line says",
        written(COUNTS, microbeta(rows=6)),
        "raw/p1.csv",
        ("truncated", "6 of 8 rows"),
    ),
    Case(
        "a plate with fewer columns than its shelf line says",
        written(COUNTS, microbeta(columns=11)),
        "raw/p1.csv",
        ("11 of 12 wells",),
    ),
    Case(
        "a footer that does not agree",
        written(COUNTS, microbeta(end="End of plate 1\r\n\r\nTotal count rate: 5.0 CCPM\r\nEND")),
        "raw/p1.csv, line",
        ("footer", "edited"),
    ),
    Case(
        "counts that are not numbers",
        lambda drop: (drop / COUNTS).write_text(dropmaker.counts_csv().replace("1980", "many", 1)),
        "raw/p1.csv, line 1, A1",
        ("not a number", "'many'"),
    ),
    Case(
        "counts of 1e400",
        lambda drop: (drop / COUNTS).write_text(dropmaker.counts_csv().replace("1980", "1e400", 1)),
        "raw/p1.csv, line 1, A1",
        ("too large", "'1e400'"),
    ),
    Case("an empty counter file", written(COUNTS, ""), "raw/p1.csv", ("empty",)),
    Case("a binary counter file", written(COUNTS, GARBAGE), "raw/p1.csv", ("binary",)),
    Case("a counter file of garbage", written(COUNTS, TEXT_GARBAGE), "raw/p1.csv", ()),
    Case(
        "a workbook of garbage",
        written(COUNTS, b"PK\x03\x04" + GARBAGE),
        "raw/p1.csv",
        ("workbook cannot be opened",),
    ),
    Case("prose for counts", written(COUNTS, "no counts today\n"), "raw/p1.csv", ("format",)),
    Case(
        "a missing counter file",
        removed(COUNTS),
        "drop.yaml, line 11, counts",
        ("missing", "'raw/p1.csv'"),
    ),
    Case(
        "a missing layout",
        removed(LAYOUT),
        "drop.yaml, line 11, layout",
        ("missing", "'layout.csv'"),
    ),
    Case(
        "a plate that the file does not have",
        replaced(YAML, "counts: raw/p1.csv", "counts: raw/p1.csv, counts_plate: 7"),
        "raw/p1.csv, counts_plate",
        ("no plate 7", "one of 1"),
    ),
    Case(
        "an unknown format",
        replaced(YAML, "counts: raw/p1.csv", "counts: raw/p1.csv, format: telepathy"),
        "format",
        ("unknown format", "'telepathy'", "grid"),
    ),
    Case(
        "a path above the drop",
        each(outside_file, counts_path("../p1.csv")),
        "drop.yaml, line 11, counts",
        ("leaves the drop", "'../p1.csv'"),
    ),
    Case(
        "a path above the drop, in the middle",
        each(outside_file, counts_path("raw/../../p1.csv")),
        "drop.yaml, line 11, counts",
        ("leaves the drop", "'raw/../../p1.csv'"),
    ),
    Case(
        "an absolute path",
        counts_path("/etc/hostname"),
        "drop.yaml, line 11, counts",
        ("leaves the drop", "'/etc/hostname'"),
    ),
    Case(
        "a Windows path",
        counts_path("C:/p1.csv"),
        "drop.yaml, line 11, counts",
        ("leaves the drop", "'C:/p1.csv'"),
    ),
    Case(
        "a backslash",
        counts_path("raw\\p1.csv"),
        "drop.yaml, line 11, counts",
        ("leaves", "forward slashes"),
    ),
    Case(
        "a link out of the drop",
        each(outside_file, linked("../../p1.csv")),
        "raw/p1.csv",
        ("leaves the drop folder through a link",),
    ),
    Case(
        "a link out of the drop that nothing names",
        each(outside_file, linked("../../p1.csv", "raw/spare.csv")),
        "raw/spare.csv",
        ("leaves the drop folder through a link",),
    ),
    Case(
        "a linked folder",
        linked("/", "raw/all"),
        "raw/all",
        ("leaves the drop folder through a link",),
    ),
    Case("a link in a circle", linked("p1.csv"), "raw/p1.csv", ("cannot be followed",)),
    Case("a link to nothing", linked("gone.csv"), "raw/p1.csv", ("missing",)),
    Case(
        "a folder for a file",
        counts_path("raw"),
        "drop.yaml, line 11, counts",
        ("not a regular file",),
    ),
    Case(
        "a path of 5000 characters",
        counts_path("r" * 5000),
        "drop.yaml, line 11, counts",
        ("too long", "'rrr"),
    ),
    Case(
        "a control character in a path",
        counts_path('"raw/\\e[31m.csv"'),
        "drop.yaml, line 11, counts",
        ("not a file name", "'raw/\\x1b[31m.csv'"),
    ),
    Case(
        "a control character in the name of a file",
        written("raw/a\x1b[31m.csv", "1"),
        "raw/a\\x1b[31m.csv",
        ("not a file name", "Rename"),
    ),
    Case(
        "a file name that is no text",
        lambda drop: Path(os.fsdecode(os.fsencode(drop) + b"/raw/\xff.csv")).touch(),
        "raw/\\udcff.csv",
        ("not a file name", "Rename"),
    ),
    Case(
        "a pipe in the drop",
        lambda drop: os.mkfifo(drop / "raw/pipe"),
        "raw/pipe",
        ("not a regular file",),
    ),
]

YAML_CASES = [
    Case("a missing drop.yaml", removed(YAML), "drop.yaml", ("missing",)),
    Case(
        "a drop.yaml behind a link",
        lambda drop: (
            (drop / YAML).rename(drop.parent / "elsewhere.yaml"),
            (drop / YAML).symlink_to("../elsewhere.yaml"),
        ),
        "drop.yaml",
        ("leaves the drop folder through a link", "copy what a link points to"),
    ),
    Case(
        "a pipe for drop.yaml",
        each(removed(YAML), lambda drop: os.mkfifo(drop / YAML)),
        "drop.yaml",
        ("not a regular file",),
    ),
    Case("an empty drop.yaml", written(YAML, ""), "drop.yaml", ("empty",)),
    Case("a list for a mapping", written(YAML, "- a\n- b\n"), "drop.yaml, line 1", ("mapping",)),
    Case("a binary drop.yaml", written(YAML, GARBAGE), "drop.yaml", ("UTF-8",)),
    Case("NUL in drop.yaml", replaced(YAML, "tests", "te\0sts"), "drop.yaml", ("not valid YAML",)),
    Case(
        "drop.yaml in ISO-8859-1",
        lambda drop: (drop / YAML).write_bytes(
            (drop / YAML).read_text().replace("tests", "Prüfung").encode("latin-1")
        ),
        "drop.yaml",
        ("not UTF-8", "Save the file as UTF-8"),
    ),
    Case(
        "drop.yaml in UTF-16",
        lambda drop: (drop / YAML).write_bytes((drop / YAML).read_text().encode("utf-16")),
        "drop.yaml",
        ("not UTF-8",),
    ),
    Case(
        "YAML that does not parse",
        replaced(YAML, "source: tests", "source: [tests"),
        "drop.yaml, line 4",
        ("not valid YAML", "Mend the syntax"),
    ),
    Case(
        "a tab in the indentation",
        replaced(YAML, "    assay:", "\tassay:"),
        "drop.yaml, line 7",
        ("not valid YAML",),
    ),
    Case(
        "two YAML documents",
        appended(YAML, "---\na: b\n"),
        "drop.yaml, line 12",
        ("not valid YAML",),
    ),
    Case(
        "a tag that would run a command",
        replaced(YAML, "source: tests", "source: !!python/object/apply:os.system [touch pwned]"),
        "drop.yaml, line 3",
        ("tags are not allowed", "python/object/apply:os.system"),
    ),
    Case(
        "a tag of one's own", replaced(YAML, "tests", "!mine tests"), "drop.yaml, line 3", ("tags",)
    ),
    Case(
        "a duplicate key",
        replaced(YAML, "source: tests", "source: tests\nsource: others"),
        "drop.yaml, line 4, source",
        ("second time",),
    ),
    Case(
        "a duplicate key in a run",
        replaced(YAML, "    date:", "    assay: partner\n    date:"),
        "drop.yaml, line 8, assay",
        ("second time",),
    ),
    Case(
        "a billion laughs", appended(YAML, LAUGHS), "drop.yaml, line 12", ("anchors and aliases",)
    ),
    Case("a merge key", appended(YAML, "<<: {a: b}\n"), "drop.yaml, line 12", ("merge",)),
    Case(
        "deep nesting",
        appended(YAML, f"note: {'[' * 50_000}{']' * 50_000}\n"),
        "drop.yaml, line 12",
        ("nested too deeply",),
    ),
    Case(
        "deep nesting of mappings",
        appended(YAML, "note:\n" + "".join(" " * i + "a:\n" for i in range(1, 500))),
        "drop.yaml, line",
        ("nested too deeply",),
    ),
    Case("a list for a key", appended(YAML, "? [a, b]\n: c\n"), "drop.yaml, line 12", ("key",)),
    Case("a drop.yaml of 3 MB", appended(YAML, "#" * 3_000_000), "drop.yaml", ("too large",)),
    Case(
        "an unknown key",
        replaced(YAML, "source: tests", "sources: tests"),
        "drop.yaml, line 3, sources",
        ("unknown key", "Did you mean `source`"),
    ),
    Case("no schema", replaced(YAML, "schema: 1\n", ""), "drop.yaml, line 1, schema", ("missing",)),
    Case(
        "a schema to come",
        replaced(YAML, "schema: 1", "schema: 2"),
        "drop.yaml, line 1, schema",
        ("schema 1", "'2'"),
    ),
    Case(
        "the name of another folder",
        replaced(YAML, f"drop: {dropmaker.NAME}", "drop: 2026-01-05-other"),
        "drop.yaml, line 2, drop",
        ("not that of its folder", "'2026-01-05-other'", f"drop: {dropmaker.NAME}"),
    ),
    Case(
        "neither simulated nor not",
        replaced(YAML, "simulated: true", "simulated: perhaps"),
        "drop.yaml, line 4, simulated",
        ("true or false", "'perhaps'"),
    ),
    *(
        Case(
            f"runs: {runs}",
            lambda drop, runs=runs: (drop / YAML).write_text(
                f"schema: 1\ndrop: {dropmaker.NAME}\nruns: {runs}\n"
            ),
            "drop.yaml, line 3, runs",
            words,
        )
        for runs, words in {
            "[]": ("at least 1",),
            "{}": ("list",),
            "": ("list",),
            "text": ("list", "'text'"),
            "[[]]": (),
            "[null]": (),
            "[text]": ("'text'",),
        }.items()
    ),
    *(
        Case(
            f"counts: {counts}",
            replaced(YAML, "counts: raw/p1.csv", f"counts: {counts}"),
            "drop.yaml, line 11, runs.0.plates.0.counts",
            words,
        )
        for counts, words in {
            "[]": ("at least 1",),
            "{}": ("string",),
            "null": ("string",),
            "[raw/p1.csv, {}]": ("string",),
        }.items()
    ),
    Case(
        "an unknown assay",
        replaced(YAML, "assay: binding", "assay: bindning"),
        "drop.yaml, line 7, assay",
        ("unknown assay", "'bindning'"),
    ),
    Case(
        "an assay in escapes",
        replaced(YAML, "assay: binding", 'assay: "bindin\\x67"'),
        "drop.yaml, line 6",
        ("unusual spelling", "assay: name"),
    ),
    Case(
        "no plates",
        lambda drop: (drop / YAML).write_text(dropmaker.DESCRIPTION.partition("    plates")[0]),
        "drop.yaml, line 6, plates",
        ("run A has no plates",),
    ),
    Case(
        "responses for a binding assay",
        appended(YAML, "    responses: layout.csv\n"),
        "drop.yaml, line 12, responses",
        ("do not belong to an assay of kind competition_binding",),
    ),
    Case(
        "no basis of concentrations",
        replaced(YAML, "    concentrations: {basis: final}\n", ""),
        "drop.yaml, line 6, concentrations",
        ("does not say what its concentrations are", "basis: final"),
    ),
    Case(
        "an unknown basis",
        replaced(YAML, "{basis: final}", "{basis: whatever}"),
        "drop.yaml, line 9, runs.0.concentrations.basis",
        ("'final' or 'stock'", "'whatever'"),
    ),
    Case(
        "a stock without dilution",
        replaced(YAML, "{basis: final}", "{basis: stock}"),
        "drop.yaml, line 9, concentrations",
        ("without their dilution", "dilution: 5"),
    ),
    Case(
        "final concentrations with a dilution",
        replaced(YAML, "{basis: final}", "{basis: final, dilution: 5}"),
        "drop.yaml, line 9, concentrations",
        ("not diluted further",),
    ),
    *(
        Case(
            f"a dilution of {dilution}",
            replaced(YAML, "{basis: final}", f"{{basis: stock, dilution: {dilution}}}"),
            "drop.yaml, line 9, runs.0.concentrations.dilution",
            (f"'{dilution}'",),
        )
        for dilution in ("0", "-5", "nan", "inf", "1e400", "five", "0.2")
    ),
    *(
        Case(
            f"a radioligand of {quantity}",
            replaced(
                YAML,
                "    plates:",
                f"    measured: {{ligand_concentration: {quantity}}}\n    plates:",
            ),
            "drop.yaml, line 10, runs.0.measured.ligand_concentration",
            words,
        )
        for quantity, words in {
            "5.1": ("without a unit", "'5.1'", "5.1 nM"),
            '"5,1 nM"': ("with a point", "'5,1 nM'"),
            "5.1 furlong": ("'5.1 furlong'", "such as '5 nM'"),
            "5.1 ug": ("cannot be turned into nM", "'5.1 ug'"),
            "-5.1 nM": ("negative", "'-5.1 nM'"),
            "0 nM": ("zero", "'0 nM'"),
            "1e400 nM": ("too large", "'1e400 nM'"),
            "nan nM": ("not a number", "'nan nM'"),
            "٥ nM": ("not a number", "'٥ nM'"),
            "5 9**9**9**9 nM": ("unknown unit",),
            "[5, nM]": (),
        }.items()
    ),
    *(
        Case(
            f"the date {day}",
            replaced(YAML, "date: 2026-01-05", f"date: {day}"),
            "drop.yaml, line 8, runs.0.date",
            ("YYYY-MM-DD", f"'{day}'"),
        )
        for day in ("05.01.2026", "2026-02-30", "20260105", "2026-W02-1", "today")
    ),
    *(
        Case(
            f"a run that begins with {sign}",
            replaced(YAML, "run: A", f'run: "{sign}A"'),
            "drop.yaml, line 6, runs.0.run",
            ("may not begin with", f"'{sign}A'"),
        )
        for sign in "=+-@"
    ),
    Case(
        "a plate that begins with =",
        replaced(YAML, "plate: P1", 'plate: "=P1"'),
        "drop.yaml, line 11, runs.0.plates.0.plate",
        ("may not begin with",),
    ),
    Case(
        "a plate twice in a run",
        appended(YAML, "      - {plate: P1, counts: raw/p1.csv, layout: layout.csv}\n"),
        "drop.yaml, line 12, plate",
        ("run A", "plate P1 twice"),
    ),
    Case(
        "a run twice in an assay",
        lambda drop: (drop / YAML).write_text(
            dropmaker.DESCRIPTION
            + dropmaker.DESCRIPTION.partition("runs:\n")[2].replace("P1", "P2")
        ),
        "drop.yaml, line 13, assay",
        ("run A", "assay binding twice"),
    ),
    Case(
        "a run with two dates",
        lambda drop: (drop / YAML).write_text(
            dropmaker.DESCRIPTION
            + dropmaker.DESCRIPTION.partition("runs:\n")[2]
            .replace("P1", "P2")
            .replace("date: 2026-01-05", "date: 2026-01-08")
        ),
        "drop.yaml, line 14, date",
        ("run A", "two dates", "2026-01-05", "2026-01-08"),
    ),
]

RESPONSE_CASES = [
    Case(
        "a missing responses file",
        each(responses, removed("responses.csv")),
        "drop.yaml, line 9, responses",
        ("missing", "'responses.csv'"),
    ),
    Case(
        "an empty responses file",
        each(responses, written("responses.csv", "")),
        "responses.csv",
        ("empty",),
    ),
    Case(
        "responses without rows",
        each(responses, written("responses.csv", "compound,concentration,unit,response\n")),
        "responses.csv",
        ("no data rows",),
    ),
    Case(
        "an unknown column of responses",
        response("unit,response", "unit,response,sd"),
        "responses.csv, line 1, sd",
        ("unknown column",),
    ),
    Case(
        "an unknown role of responses",
        each(
            responses,
            lambda drop: (drop / "responses.csv").write_text(
                "compound,concentration,unit,response,role\nc,1,nM,50,control\n"
            ),
        ),
        "responses.csv, line 2, role",
        ("unknown role", "'control'", "vehicle"),
    ),
    Case(
        "a response without unit",
        response("cmpd-1,0.1,nM", "cmpd-1,0.1,"),
        "responses.csv, line 4, unit",
        ("without a unit",),
    ),
    Case(
        "a negative dose",
        response("cmpd-1,0.1,nM", "cmpd-1,-0.1,nM"),
        "responses.csv, line 4, concentration",
        ("negative", "'-0.1'"),
    ),
    Case(
        "a dose too small to be told from vehicle",
        response("cmpd-1,0.1,nM", "cmpd-1,1e-20,fM"),
        "responses.csv, line 4, concentration",
        ("no concentration", "'1e-20'"),
    ),
    Case(
        "no response",
        response("cmpd-1,0.1,nM,98.5", "cmpd-1,0.1,nM,"),
        "responses.csv, line 4, response",
        ("no response",),
    ),
    Case(
        "a response in words",
        response("cmpd-1,0.1,nM,98.5", "cmpd-1,0.1,nM,98.5 %"),
        "responses.csv, line 4, response",
        ("not a number", "'98.5 %'"),
    ),
    Case(
        "a vehicle row with a concentration",
        each(
            responses,
            lambda drop: (drop / "responses.csv").write_text(
                "compound,concentration,unit,response,role\n,5,nM,50,vehicle\nc,1,nM,50,\n"
            ),
        ),
        "responses.csv, line 2, concentration",
        ("vehicle", "'5'"),
    ),
    Case(
        "a compound of responses that begins with =",
        response("cmpd-1,0.1,nM", "=cmpd-1,0.1,nM"),
        "responses.csv, line 4, compound",
        ("may not begin with", "'=cmpd-1'"),
    ),
]

CASES = [*LAYOUT_CASES, *COUNTS_CASES, *YAML_CASES, *RESPONSE_CASES]


def line_with(text: str, place: str, words: tuple[str, ...]) -> bool:
    """Whether one line of `text` names the place and says all the words."""
    return any(
        f"{place}" in line and all(word in line for word in words) for line in text.split("\n")
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_bad_drop_is_refused_with_place_value_and_remedy(case, archive, capsys):
    drop = archive.drop()
    case.make(drop)
    before = dropmaker.snapshot(archive.folder)

    outcome = archive.register(capsys)

    assert outcome.code == 1, outcome.text
    assert "Traceback" not in outcome.text
    assert line_with(outcome.text, case.place, case.words), outcome.text
    assert outcome.text.replace("\n", "").isprintable()
    assert dropmaker.snapshot(archive.folder) == before, "register wrote something"

    dropmaker.seal_by_hand(drop)
    verdict = archive.ingest()

    assert verdict["status"] == "rejected"
    assert line_with("\n".join(verdict["reasons"]), case.place, case.words), verdict["reasons"]
    wells = pd.read_parquet(archive.folder / "results" / drop.name / "wells.parquet")
    assert wells.empty


def test_cases_have_names_of_their_own():
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))


def test_the_unchanged_drop_is_sealed_and_accepted(archive, capsys):
    outcome = archive.register(capsys)
    assert outcome.code == 0, outcome.text
    assert "sealed (1 runs, 1 plates, 96 wells)" in outcome.text
    verdict = archive.ingest()
    assert (verdict["status"], verdict["reasons"]) == ("accepted", [])
    wells = pd.read_parquet(archive.folder / "results" / dropmaker.NAME / "wells.parquet")
    assert len(wells) == 96
    assert wells.simulated.all()
    well = wells[wells.well == "A2"].iloc[0]
    assert (well.compound, well.concentration_nM) == ("ref-1", 0.1)


def test_all_problems_are_told_at_once(archive, capsys):
    drop = archive.drop()
    edit(drop / LAYOUT, A2, A2.replace("reference", "standard").replace("0.1", "-1"))
    edit(drop / LAYOUT, "P1,B2,reference,ref-1,0.1,nM", "P1,B2,reference,,0.1,")
    edit(drop / YAML, "{basis: final}", "{basis: stock}")
    (drop / COUNTS).unlink()
    text = archive.register(capsys).text
    for place in (
        "layout.csv, line 3, role",
        "layout.csv, line 3, concentration",
        "layout.csv, line 15, compound",
        "layout.csv, line 15, unit",
        "drop.yaml, line 9, concentrations",
        "drop.yaml, line 11, counts",
    ):
        assert f"{dropmaker.NAME}: {place}: " in text, text
    assert "6 problems, not sealed" in text


def test_planning_never_waits_for_a_pipe(archive):
    """The scan of all drops reads their descriptions before any of them is checked."""
    drop = archive.drop()
    (folder,) = scan(drop.parent)
    assert folder.description == dropmaker.DESCRIPTION
    (drop / YAML).unlink()
    os.mkfifo(drop / YAML)
    (folder,) = scan(drop.parent)
    assert folder.description == ""
    assert folder.state


def test_an_empty_drop_is_refused(archive, capsys):
    empty = archive.drop("2026-01-06-empty")
    empty.mkdir()
    outcome = archive.register(capsys, empty.name)
    assert outcome.code == 1
    assert "the drop is empty" in outcome.text
    assert list(empty.iterdir()) == []
    (empty / "SHA256SUMS").touch()
    verdict = archive.ingest(empty.name)
    assert verdict["status"] == "rejected"
    assert "the drop is empty" in verdict["reasons"][0]


@pytest.mark.parametrize("name", ["with blank", "ünïcode", "-dash", "=cmd", ".hidden", "a" * 101])
def test_a_folder_name_that_cannot_be_a_drops(name, archive, capsys):
    drop = dropmaker.write_drop(archive.drop(name))
    outcome = archive.register(capsys, name)
    assert outcome.code == 1
    assert "the folder's name may hold only letters" in outcome.text
    assert not (drop / "SHA256SUMS").exists()


def test_only_registration_looks_at_the_clock(archive, capsys):
    tomorrow = (date.today() + timedelta(days=1)).isoformat()
    edit(archive.drop() / YAML, "date: 2026-01-05", f"date: {tomorrow}")
    outcome = archive.register(capsys)
    assert outcome.code == 1
    assert line_with(
        outcome.text, "drop.yaml, line 8, date", ("a date in the future", f"'{tomorrow}'")
    )
    dropmaker.seal_by_hand(archive.drop())
    assert archive.ingest()["status"] == "accepted"


def test_a_run_of_today_is_no_run_of_the_future(archive, capsys):
    edit(archive.drop() / YAML, "date: 2026-01-05", f"date: {date.today().isoformat()}")
    assert archive.register(capsys).code == 0


def test_hundreds_of_plates_are_checked_in_time(archive, capsys):
    """Time must not grow with plates times wells."""
    drop = archive.drop()
    plates = "".join(
        f"      - {{plate: Q{i}, counts: raw/p1.csv, layout: layout.csv}}\n" for i in range(300)
    )
    (drop / YAML).write_text(dropmaker.DESCRIPTION.partition("      - {plate")[0] + plates)
    (drop / LAYOUT).write_text(many_wells(300 * 96))
    started = time.perf_counter()
    outcome = archive.register(capsys)
    assert time.perf_counter() - started < 10
    assert outcome.code == 1  # every plate lacks its controls
    assert outcome.text.count("has no total wells") == 300


def test_a_stock_is_divided_by_its_dilution(archive, capsys):
    edit(archive.drop() / YAML, "{basis: final}", "{basis: stock, dilution: 5}")
    assert archive.register(capsys).code == 0
    archive.ingest()
    wells = pd.read_parquet(archive.folder / "results" / dropmaker.NAME / "wells.parquet")
    assert wells[wells.well == "A6"].concentration_nM.item() == pytest.approx(2.0, rel=1e-12)


def test_responses_are_read(archive, capsys):
    responses(archive.drop())
    outcome = archive.register(capsys)
    assert outcome.code == 0, outcome.text
    assert "12 responses" in outcome.text
    assert archive.ingest()["status"] == "accepted"


ANIMAL_FILES = ("swim.csv", "pca.csv", "calibration.csv")
HOSTILE = st.one_of(
    st.sampled_from(["", "\0", '"', ",", ";", "\r", "\n", ":", "- ", "{", "]", "#", "../", "A01"]),
    st.sampled_from(["&a ", "*a ", "!!x ", "null", "1e400", "nan", "-1", "9" * 30, "x" * 5000]),
    st.sampled_from(["\ufeff", "\u202e", "\u0665", "\x85", "\u2028"]),
).map(str.encode) | st.binary(max_size=6)


@hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from([YAML, LAYOUT, COUNTS, "responses.csv", *ANIMAL_FILES]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), HOSTILE), min_size=1, max_size=4),
)
def test_whatever_the_bytes_the_answer_is_words(tmp_path_factory, name, changes):
    drop = dropmaker.write_drop(tmp_path_factory.mktemp("hostile") / dropmaker.NAME)
    if name == "responses.csv":
        responses(drop)
    if name in ANIMAL_FILES:
        dropmaker.write_animals(drop)
    content = (drop / name).read_bytes()
    for place, length, inserted in changes:
        at = int(place * len(content))
        content = content[:at] + inserted + content[at + length :]
    (drop / name).write_bytes(content)
    assays = {
        "binding": {"kind": "competition_binding"},
        "partner": {"kind": "response"},
        "swim": {"kind": "forced_swim", "control_group": "Vehicle", "test_length": "300 s"},
        "pca": {"kind": "pca_depletion", "control_group": "Vehicle", "challenge_group": "PCA"},
    }
    for problem in check_drop(drop, assays, []).problems:
        assert str(problem).isprintable()
        assert problem.remedy


# exclusions.csv


@pytest.mark.parametrize(("activity", "code"), [("88.7", 0), ("88.8", 1)])
def test_no_lot_has_more_activity_than_its_label_can(archive, capsys, activity, code):
    """Three tritiums: 3 x 29.0 Ci/mmol, and 2 % for what lot sheets round."""
    label = "  radioligand: {name: L, isotope: 3H, tritiums: 3}\n"
    kind = "  kind: competition_binding\n"
    dropmaker.edit(archive.folder / "assays.yaml", kind, kind + label)
    lot = f"    radioligand: {{specific_activity: {activity} Ci/mmol}}\n"
    dropmaker.edit(archive.drop() / YAML, "    date: 2026-01-05\n", f"    date: 2026-01-05\n{lot}")
    outcome = archive.register(capsys)
    assert outcome.code == code, outcome.text
    words = ("above the carrier-free limit of 87.0 Ci/mmol", "88.8 Ci/mmol", "tritiums")
    place = "drop.yaml, line 9, specific_activity"
    assert line_with(outcome.text, place, words) == bool(code), outcome.text


def exclude(archive, *rows: str) -> None:
    text = dropmaker.EXCLUSIONS_HEADER + "".join(f"{row}\n" for row in rows)
    archive.exclusions.write_text(text, encoding="utf-8")


def test_an_excluded_well_keeps_its_row_and_leaves_the_calculation(archive, capsys):
    archive.register(capsys)
    exclude(archive, f"{dropmaker.NAME},A,P1,A01,pipetting error,AB,2026-01-07")
    assert archive.ingest()["status"] == "accepted"
    wells = pd.read_parquet(archive.folder / "results" / dropmaker.NAME / "wells.parquet")
    assert wells[wells.excluded].well.tolist() == ["A1"]
    assert wells[wells.excluded].reason.item() == "pipetting error (AB, 2026-01-07)"
    assert len(wells) == 96
    # the other totals are 2000, 2020, 1980, 2000, 2020, 1980 and 2000 counts
    share = section("qc", load_settings([archive.config]), dropmaker.NAME, frozenset({"binding"}))
    judged, _ = judge_plates(wells, share["assays"], share["limits"])
    assert (judged.n_total.item(), judged.mean_total.item()) == (7, 2000.0)
    curves = fit_plates(wells, {})
    assert curves.n_points.tolist() == [20, 20, 20, 20]
    assert curves.df.tolist() == [20 + 7 + 8 - 3] * 4


def test_an_exclusion_without_its_well_rejects_the_drop_with_every_such_row(archive, capsys):
    exclude(
        archive,
        f"{dropmaker.NAME},A,P1,H13,r,AB,2026-01-07",
        f"{dropmaker.NAME},A,P9,A1,r,AB,2026-01-07",
        f"{dropmaker.NAME},B,P1,A1,r,AB,2026-01-07",
        f"{dropmaker.NAME},A,P1,nowhere,r,AB,2026-01-07",
    )
    outcome = archive.register(capsys)
    assert outcome.code == 1
    for line, plate, well in ((2, "P1", "H13"), (3, "P9", "A1"), (4, "P1", "A1"), (5, "P1", "now")):
        place = f"exclusions file, line {line}, well"
        assert line_with(outcome.text, place, ("no such well", plate, well)), outcome.text
    dropmaker.seal_by_hand(archive.drop())
    assert len(archive.ingest()["reasons"]) == 4


def test_a_plate_may_not_lose_all_its_controls_to_exclusions(archive, capsys):
    rows = (f"{dropmaker.NAME},A,P1,{letter}1,r,AB,2026-01-07" for letter in "ABCDEFGH")
    exclude(archive, *rows)
    outcome = archive.register(capsys)
    assert outcome.code == 1
    assert "plate P1 has no total wells" in outcome.text
