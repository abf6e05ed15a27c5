"""Every figure of the result tables."""

from __future__ import annotations

from pathlib import Path

from reuptake.figures.build import build_figures


def run(tables: Path, figures: Path, cache: Path, processes: int) -> None:
    """Draw what has changed and take the rest from the store."""
    drawn = build_figures(tables, figures, cache, processes)
    print(f"{drawn} figures drawn, the others taken from the store")
