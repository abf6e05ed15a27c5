"""One drop: metrics and verdicts of its plates, flags of its wells."""

from __future__ import annotations

from pathlib import Path


def run(ingested: Path, section: dict, plates: Path, wells: Path) -> None:
    """Judge the plates of a drop."""
    import pandas as pd

    from reuptake.qc.plates import judge_plates
    from reuptake.tables import write_parquet

    judged, flagged = judge_plates(pd.read_parquet(ingested), section["assays"], section["limits"])
    write_parquet(judged, plates)
    write_parquet(flagged, wells)
