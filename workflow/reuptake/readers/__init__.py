"""Instrument files to counts per plate. A new reader is one file in this folder.

A reader is a module whose name is its format's name (what ``format:`` in drop.yaml may say),
with two functions:

``recognises(document)``
    True if a decoded file looks like its format, from the content alone;
``read(documents)``
    the plates of one run, from its files in order.

Both get :class:`~reuptake.readers.base.Document`; ``read`` raises
:class:`~reuptake.problems.ProblemsError` with every fault it finds.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import text, workbook
from reuptake.readers.base import CounterPlate, Document, SourceFile, Table

__all__ = ["FORMATS", "CounterPlate", "SourceFile", "read_counts"]

MAX_FILE_MIB = 64

_modules = {
    info.name: importlib.import_module(f"{__name__}.{info.name}")
    for info in pkgutil.iter_modules(__path__)
}
FORMATS = {name: module for name, module in _modules.items() if hasattr(module, "recognises")}


def read_counts(files: Sequence[SourceFile], format: str | None = None) -> list[CounterPlate]:
    """The plates in the files of one run.

    Parameters
    ----------
    files : sequence of SourceFile
        The files of one run, in its order; usually one.
    format : str, optional
        A name of :data:`FORMATS`; recognised from the content if not given.

    Returns
    -------
    list of CounterPlate
        In the order of the files.

    Raises
    ------
    ProblemsError
        With every fault: files that cannot be opened, a format that is not known, not
        recognised or ambiguous, and whatever the reader finds.
    """
    problems: list[Problem] = []
    documents: list[Document] = []
    if not files:
        problems.append(Problem("no file of counts", "Name at least one under `counts`"))
    if format is not None and format not in FORMATS:
        problems.append(
            Problem(
                f"unknown format of counts; known are {', '.join(FORMATS)}",
                "State one of these in drop.yaml, or leave `format` out",
                column="format",
                value=format,
            )
        )
    for file in files:
        try:
            documents.append(_open(file))
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ProblemsError(problems)
    return FORMATS[format or _recognise(documents)].read(documents)


def _open(file: SourceFile) -> Document:
    if len(file.content) > MAX_FILE_MIB << 20:
        raise _refused(
            file,
            f"larger than {MAX_FILE_MIB} MiB, which no file of counts is",
            "Name the instrument's export under `counts`",
        )
    if file.content.startswith(workbook.SIGNATURE):
        return Document(file.name, text="", tables=workbook.read_sheets(file))
    try:
        content = text.decode(file.content)
    except ValueError as error:
        raise _refused(file, str(error), "Export the counts as text, csv or xlsx") from None
    if not content.strip():
        raise _refused(file, "the file is empty", "Export or copy it again")
    delimiter = text.delimiter_of(content)
    try:
        rows = text.read_rows(content, delimiter)
    except ValueError as error:
        fault = Problem(f"no readable table: {error}", "Export the file again", file.name)
        return Document(file.name, content, tables=[], fault=fault)
    filled = any(any(row.cells) for row in rows)
    return Document(file.name, content, [Table(file.name, rows, delimiter)] if filled else [])


def _refused(file: SourceFile, message: str, remedy: str) -> ProblemsError:
    return ProblemsError([Problem(message, remedy, file.name)])


def _recognise(documents: Sequence[Document]) -> str:
    """The one format that all documents have."""
    found = {
        document.name: {name for name, module in FORMATS.items() if module.recognises(document)}
        for document in documents
    }
    problems = []
    for document in documents:
        names = sorted(found[document.name])
        if not names:
            problems.append(
                Problem(
                    f"the format is not recognised; tried {', '.join(FORMATS)}",
                    "Check that this is the instrument's unchanged export, or state `format` "
                    "for the plate in drop.yaml to learn what is wrong with it",
                    document.name,
                )
            )
            problems += [document.fault] if document.fault else []
    common = set.intersection(*found.values())
    if not problems and len(common) != 1:
        each = "; ".join(f"{name}: {' or '.join(sorted(names))}" for name, names in found.items())
        problems.append(
            Problem(
                f"the files do not have exactly one format in common ({each})",
                "State `format` for the plate in drop.yaml",
                documents[0].name,
            )
        )
    if problems:
        raise ProblemsError(problems)
    return common.pop()
