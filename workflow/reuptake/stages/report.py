"""The report's pages, and the result tables as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reuptake.report.build import build_report
from reuptake.report.pages import ReportSettings
from reuptake.report.store import Store


def run(
    tables: Path,
    wells: Path,
    figures: Path,
    section: dict,
    seals: Mapping[str, Mapping[str, str]],
    report: Path,
    store: Store,
    processes: int = 1,
) -> None:
    """Write the report; pages that have not changed come from the store."""
    settings = ReportSettings(
        section["title"],
        section["guide_compound"],
        section["limits"],
        section["assays"],
        section["targets"],
        section["digest"],
    )
    reference = Path(section["reference"])
    build_report(tables, wells, figures, reference, report, settings, store, seals, processes)
