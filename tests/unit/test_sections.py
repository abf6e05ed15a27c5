"""A stage is given what it reads of the configuration, and its fingerprint covers its code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from reuptake.binding.references import resolve
from reuptake.drops.check import check_drop
from reuptake.qc.plates import judge_plates
from reuptake.settings import sections
from reuptake.settings.load import load_settings
from reuptake.settings.model import Config, Exclusion
from reuptake.settings.sections import digest, fingerprint, section
from reuptake.stages.fit import curves_of
from reuptake.stages.ingest import summary
from reuptake.wells import wells_of

ROOT = Path(__file__).parents[2]
DROPS = ROOT / "data" / "drops"
STAGES = {
    "ingest",
    "qc",
    "constants",
    "fit",
    "animals",
    "accept",
    "listing",
    "collect",
    "in_vivo",
    "potency",
    "selectivity",
    "guides",
    "figures",
    "report",
    "provenance",
}


@pytest.fixture(scope="module")
def settings():
    return load_settings(overrides={"assays": str(ROOT / "config" / "assays.yaml")})


class Reads(dict):
    """A mapping that notes the keys that are asked for, also after others are laid over it."""

    def __init__(self, data, noted):
        super().__init__(data)
        self.noted = noted

    def __getitem__(self, key):
        self.noted.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.noted.add(key)
        return super().get(key, default)

    def __or__(self, other):
        return Reads({**self, **other}, self.noted)


def read_by_stages(settings, name: str, assay: str) -> dict[str, set[str]]:
    """Keys of an assay that each stage reads on the way of a drop, from all that there are."""
    assays = {key: entry.model_dump(mode="json") for key, entry in settings.assays.items()}
    checked = check_drop(DROPS / name, assays, [])
    assert not checked.problems
    noted = {"ingest": set(), "qc": set(), "fit": set()}

    def given(stage, **changes):
        dumped = {key: entry.model_dump(mode="json") for key, entry in settings.assays.items()}
        return dumped | {assay: Reads(dumped[assay] | changes, noted[stage])}

    wells = wells_of(checked, given("ingest"))
    plates, wells = judge_plates(wells, given("qc"), settings.config.limits.model_dump())
    wells = wells[wells.assay == assay]
    runs = {(r["run"], r["assay"]): r for r in summary(checked, "accepted")["runs"]}
    # once as it is, once with counting weights and without knowing what was added
    curves_of(wells, plates, given("fit"), runs)
    fewer = wells[wells.role != "total_added"]
    curves_of(fewer, plates, given("fit", weights="counting"), runs)
    # and with constants that a run should tell
    fields = type(settings.assays[assay]).model_fields
    named = {key: {"run": "drop/run"} for key in ("kd", "km", "bmax") if key in fields}
    resolve(given("fit", **named)[assay], pd.DataFrame())
    return noted


@pytest.mark.parametrize(
    ("drop", "assay"),
    [
        ("2026-03-02-binding", "sert_binding"),
        ("2026-03-04-uptake", "sert_uptake"),
        ("2026-03-20-partner", "sert_uptake_partner"),
    ],
)
def test_a_stage_is_given_what_it_reads(settings, drop, assay):
    fields = set(type(settings.assays[assay]).model_fields)
    noted = read_by_stages(settings, drop, assay)
    noted["ingest"].add("kind")  # of every assay, before there is a drop
    for stage, keys in noted.items():
        given = section(stage, settings, drop, frozenset({assay}))["assays"].get(assay, {})
        # made of the radioligand, which the stage does not see
        assert keys & fields == set(given) - {"highest_activity"}, stage


def test_only_the_assays_and_exclusions_of_the_drop(settings):
    row = {"run": "A", "plate": "P", "well": "A1", "reason": "x", "by": "AB", "date": "2026-01-01"}
    mine, other = (Exclusion.model_validate(row | {"drop": name}) for name in ("mine", "other"))
    changed = settings.model_copy(update={"exclusions": (mine, other)})
    given = section("ingest", changed, "mine", frozenset({"sert_binding", "of another config"}))
    assert set(given["assays"]) == {"sert_binding"}
    assert [entry["drop"] for entry in given["exclusions"]] == ["mine"]


def test_every_key_of_config_yaml_is_a_place_or_in_a_section(settings):
    """Keys that say what is done belong to a stage; the others say where something is."""
    places = {"drops", "results", "assays", "targets", "compounds", "exclusions", "strict"}
    places |= {"notify"}
    given = set().union(
        *(section(stage, settings) for stage in ("qc", "selectivity", "guides", "report"))
    )
    assert set(Config.model_fields) - places <= given


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_has_a_section_and_a_fingerprint(settings, stage):
    assert isinstance(section(stage, settings), dict)
    assert fingerprint(stage) != digest({})


def test_the_rules_use_exactly_these_stages():
    text = "".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    named = {part.split('"')[0] for part in text.split('uses=uses("')[1:]}
    assert named == STAGES


def test_digests_do_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1, "b": [1, 2]}) != digest({"a": 1, "b": [2, 1]})


SOURCES = {
    "__init__.py": "",
    "stages/__init__.py": "",
    "stages/fit.py": "def run():\n    from reuptake.curves.engine import solve\n",
    "curves/__init__.py": "",
    "curves/engine.py": "import numpy\nfrom reuptake import models\n",
    "models.py": "from reuptake.readers import read\n",
    "readers/__init__.py": "import pkgutil\n",
    "readers/grid.py": "from reuptake.cells import split\n",
    "cells.py": "",
    "report.py": "",
    "curves/unused.py": "",
}


@pytest.mark.parametrize("file", SOURCES)
def test_a_fingerprint_covers_what_a_stage_imports(tmp_path, monkeypatch, file):
    """In functions, through packages, of whole registries; and nothing else."""

    def taken():
        sections.fingerprint.cache_clear()
        return sections.fingerprint("fit")

    for name, source in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    monkeypatch.setattr(sections, "PACKAGE", tmp_path)
    try:
        before = taken()
        (tmp_path / file).write_text(f"{SOURCES[file]}# changed\n")
        assert (taken() == before) == (file in {"report.py", "curves/unused.py"})
    finally:
        sections.fingerprint.cache_clear()
