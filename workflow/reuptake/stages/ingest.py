"""One drop: check it completely, give its verdict, and write its wells."""

from __future__ import annotations

import json
from pathlib import Path

from reuptake.drops import seal
from reuptake.drops.check import CheckedDrop, check_drop
from reuptake.problems import Problem
from reuptake.settings.model import Exclusion
from reuptake.tables import TABLES, WELLS, replacing, typed, write_parquet

MAX_REASONS = 25


def run(folder: Path, section: dict, verdict: Path, wells: Path, animals: Path) -> None:
    """Ingest the drop in `folder`; a bad drop is a result, not an error."""
    import pandas as pd

    from reuptake.animals.frame import animals_of
    from reuptake.wells import wells_of

    assays = section["assays"]
    exclusions = [Exclusion.model_validate(e) for e in section["exclusions"]]
    checked = check_drop(folder, assays, exclusions)
    # after the check: what it has read is what is compared with the seal
    checked.problems[:0] = seal.faults(folder)
    accepted = not checked.problems
    frame = wells_of(checked, assays) if accepted else typed(pd.DataFrame(), WELLS)
    write_parquet(frame, wells)
    readings = animals_of(checked, assays) if accepted else typed(pd.DataFrame(), TABLES["animals"])
    write_parquet(readings, animals)
    write_verdict(verdict, summary(checked, "accepted" if accepted else "rejected", len(frame)))


def summary(checked: CheckedDrop, status: str, n_wells: int = 0) -> dict:
    """The verdict on a drop as plain data."""
    drop = checked.drop
    plates = [(data.run.run, data.plate.plate) for data in checked.plates]
    return {
        "drop": checked.name,
        "status": status,
        "simulated": bool(drop and drop.simulated),
        "n_runs": len(drop.runs) if drop else 0,
        "n_plates": len(plates),
        "n_wells": n_wells,
        "n_animals": checked.n_animals,
        "plates": plates,
        "runs": [r.model_dump(mode="json", exclude={"plates"}) for r in drop.runs] if drop else [],
        "reasons": reasons(checked.problems) if status != "accepted" else checked.notes,
    }


def reasons(problems: list[Problem]) -> list[str]:
    """Problems as text, so many that a person may still read them."""
    texts = [str(problem) for problem in problems[:MAX_REASONS]]
    more = len(problems) - MAX_REASONS
    return [*texts, f"and {more} more: `reuptake register` lists them all"] if more > 0 else texts


def write_verdict(path: Path, verdict: dict) -> None:
    """Write a verdict as JSON."""
    with replacing(path) as temporary:
        text = json.dumps(verdict, ensure_ascii=False, indent=1)
        temporary.write_text(f"{text}\n", encoding="utf-8")
