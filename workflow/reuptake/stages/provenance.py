"""The record of the run, and the results folder as a research object."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from reuptake.provenance import crate, record
from reuptake.provenance.software import workflow_files
from reuptake.runfile import RunFile
from reuptake.settings.load import ROOT
from reuptake.tables import replacing


def run(frozen: RunFile) -> None:
    """Write provenance/run.json, a copy of the workflow's rules, and the crate's metadata."""
    results = Path(frozen.settings.config.results)
    made = record.build(frozen)
    record.write(made, results)
    shutil.rmtree(results / crate.SOURCE, ignore_errors=True)
    for path in workflow_files():
        target = results / crate.SOURCE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    with replacing(results / crate.METADATA) as temporary:
        text = json.dumps(crate.crate_of(made, results), indent=1, ensure_ascii=False)
        temporary.write_text(f"{text}\n", encoding="utf-8")
