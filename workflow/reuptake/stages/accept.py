"""All drops: the final verdict on each, after looking at them together."""

from __future__ import annotations

import json
from pathlib import Path

from reuptake.pooling import reject_double_plates
from reuptake.stages.ingest import write_verdict


def run(verdicts: list[Path], accepted: Path) -> None:
    """Write the verdicts of all processed drops."""
    loaded = [json.loads(path.read_text(encoding="utf-8")) for path in verdicts]
    write_verdict(accepted, {"drops": reject_double_plates(loaded)})


def read(path: Path) -> list[dict]:
    """Read the final verdicts."""
    return json.loads(path.read_text(encoding="utf-8"))["drops"]


def names(path: Path) -> list[str]:
    """Names of the accepted drops."""
    return [verdict["drop"] for verdict in read(path) if verdict["status"] == "accepted"]
