"""The report's pages, and the result tables as a workbook."""

from __future__ import annotations

from pathlib import Path

from reuptake.report.build import ReportSettings, Store, build_report


def run(tables: Path, figures: Path, section: dict, report: Path, store: Store) -> None:
    """Write the report; pages that have not changed come from the store."""
    settings = ReportSettings(section["title"], section["guide_compound"], section["limits"])
    build_report(tables, figures, Path(section["reference"]), report, settings, store)
