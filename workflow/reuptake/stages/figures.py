"""Every figure of the result tables."""

from __future__ import annotations

from pathlib import Path

from reuptake.figures.build import build_figures
from reuptake.guides import read_affinities


def run(
    tables: Path, wells: Path, figures: Path, cache: Path, section: dict, processes: int
) -> None:
    """Draw what has changed and take the rest from the store."""
    published = read_affinities(Path(section["reference"]))
    drawn = build_figures(tables, wells, published, figures, cache, processes)
    print(f"{drawn} figures drawn, the others taken from the store")
