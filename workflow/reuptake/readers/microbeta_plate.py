"""MicroBeta plate export: a grid per plate, a run in one file or several."""

from __future__ import annotations

from collections.abc import Sequence

from reuptake.problems import Problem, ProblemsError
from reuptake.readers import microbeta
from reuptake.readers.base import CounterPlate, Document


def recognises(document: Document) -> bool:
    """A run's header, or the plates of a continued run; but not the list of tubes."""
    return not microbeta.has_line(document, microbeta.COLUMNS) and (
        microbeta.has_line(document, microbeta.RUN_INFORMATION)
        or (
            microbeta.has_plate(document)
            and microbeta.has_line(document, "Cassette information", "End of plate")
        )
    )


def read(documents: Sequence[Document]) -> list[CounterPlate]:
    """The plates of a run, from its files in order.

    Raises
    ------
    ProblemsError
        If a plate is truncated, a well holds no number or the footer's total disagrees.
    """
    run = microbeta.parse_run(documents)
    run.problems += [
        Problem(
            "the file also lists its tubes, and both have to be compared",
            "State `format: microbeta_list`, or leave `format` out",
            file,
        )
        for file, _ in run.columns
    ]
    if run.problems:
        raise ProblemsError(run.problems)
    return run.plates
