"""A changed module runs the stages again that import it, and those behind them; no others."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

pytestmark = pytest.mark.workflow

REPORT = {"report", "provenance"}
SELECTIVITY = {"selectivity", "guides", "figures"} | REPORT
POOLED = {"collect", "potency"} | SELECTIVITY
FIT = {"fit_drop"} | POOLED
QC = {"qc_drop"} | FIT
ALL = {"ingest_drop", "accept", "listing"} | QC


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("reuptake/readers/grid.py", ALL),
        ("reuptake/qc/metrics.py", QC),
        ("reuptake/curves/engine.py", FIT),
        ("reuptake/binding/ki.py", FIT),
        ("reuptake/selectivity.py", SELECTIVITY),
        ("reuptake/report/build.py", REPORT),
        ("report/index.html.j2", REPORT),
        ("reuptake/provenance/crate.py", {"provenance"}),
        ("rules/fit.smk", {"provenance"}),
        ("reuptake/running.py", set()),
        ("reuptake/simulation/plates.py", set()),
    ],
)
def test_planned_rules(module, rules, tmp_path, finished):
    checkout = shutil.copytree(finished.checkout, tmp_path / "checkout")
    with (checkout / "workflow" / module).open("a", encoding="utf-8") as file:
        file.write("{# changed #}\n" if module.endswith(".j2") else "CHANGED = True\n")
    assert replace(finished, checkout=checkout).plan().rules == rules


def test_the_same_code_elsewhere_runs_nothing(tmp_path, finished):
    checkout = shutil.copytree(finished.checkout, tmp_path / "checkout")
    assert replace(finished, checkout=checkout).plan().jobs == []
