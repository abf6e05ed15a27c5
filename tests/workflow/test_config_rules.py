"""Each key of the configuration reruns the rules that config_rules.csv says, and no others.

The table's columns: the key (of an assay by its model, nested keys with dots, * for any metric),
its file, the value that it is changed to (YAML), all rules that a dry run then lists, and why
there are none. The record of the run holds every key but one, so that any change writes it again:
its rule stands in no row.
"""

from __future__ import annotations

import copy
import csv
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from workingfolder import BINDING, PARTNER, UPTAKE

from reuptake.settings.model import (
    Assay,
    Compound,
    Config,
    Exclusion,
    Limits,
    Settings,
    Target,
)
from reuptake.settings.sections import digest, section

_METRICS = list(Limits.model_fields)

# a dry run for these; all others are looked at through the digests that are their rules' params
DRY_RUN = {
    "title",
    "guide_compound",
    "strict",
    "notify",
    "reference",
    "results",
    "drops",
    "limits.cv_total_pct.warn",
    "BindingAssay.kd.value",
    "BindingAssay.limits.z_prime.fail",
    "BindingAssay.reference_compound",
    "UptakeAssay.volume",
    "UptakeAssay.species",
    "ResponseAssay.target",
    "Target.role",
    "Target.gene",
    "Compound.synonyms",
    "Exclusion.reason",
}
# the rule that every key reruns, but those that no record holds
RECORDED = {"provenance"}
UNRECORDED = {"notify"}
# keys that say where things are, not what is done with them: digests do not know them
PLACES = {"drops", "results", "strict"}
STAGE_OF_RULE = {
    f"{stage}_drop": stage for stage in ("ingest", "qc", "constants", "fit", "animals")
} | {
    stage: stage
    for stage in (
        "accept",
        "listing",
        "collect",
        "in_vivo",
        "potency",
        "selectivity",
        "guides",
        "figures",
        "report",
    )
}
DROP_OF_MODEL = {"BindingAssay": BINDING, "UptakeAssay": UPTAKE, "ResponseAssay": PARTNER}
ASSAY_OF_MODEL = {
    "BindingAssay": "sert_binding",
    "UptakeAssay": "sert_uptake",
    "ResponseAssay": "sert_uptake_partner",
}
IN_VIVO_MODELS = {"ForcedSwimAssay", "PcaAssay"}
EXCLUSION = {
    "drop": BINDING,
    "run": "2026-03-02-A",
    "plate": "SERT-1",
    "well": "A2",
    "reason": "bubble",
    "by": "AB",
    "date": "2026-03-03",
}

# Every field of every kind of assay filled, so that each can be changed.
_WELLS = {
    "target": "SERT",
    "species": "human",
    "preparation": "membranes",
    "limits": {metric: {"warn": 1.0, "fail": 2.0} for metric in _METRICS},
    "count_time": "5 min",
    "efficiency": {"value": 0.42, "source": "measured"},
    "total_added_fraction": 1.0,
    "nonspecific_definer": "clomipramine 10 uM",
    "reference_compound": "citalopram",
    "volume": "250 uL",
    "protein": "15 ug",
    "temperature": "22 degC",
    "solvent_pct": 1.0,
    "weights": "constant",
    "ligand_concentration": "5 nM",
    "ligand_relative_error": 0.1,
    "transporter_relative_error": 0.1,
    "kon": {"value": "1e6 M^-1 s^-1", "source": "measured"},
    "depletion": {"assume": "negligible", "reason": "excess", "by": "AB"},
}
_LIGAND = {"name": "[3H]L", "isotope": "3H", "tritiums": 3, "decay": "specific_activity"}
_MOLAR = {"value": "5 nM", "relative_error": 0.1, "source": "measured"}
FULL = {
    "BindingAssay": _WELLS
    | {
        "kind": "competition_binding",
        "format": "filtration",
        "ligand_relative_error": 0.1,
        "radioligand": _LIGAND,
        "kd": _MOLAR,
        "bmax": {"value": "1 pmol/mg", "relative_error": 0.1, "source": "measured"},
        "incubation": "75 min",
    },
    "UptakeAssay": _WELLS
    | {
        "kind": "uptake_inhibition",
        "format": "adherent",
        "substrate": _LIGAND,
        "km": _MOLAR,
        "cells": 12500.0,
        "copies_per_cell": 1e6,
        "pre_incubation": "15 min",
        "uptake_time": "10 min",
    },
    "ResponseAssay": {
        "kind": "response",
        "target": "SERT",
        "species": "human",
        "preparation": "cells",
        "limits": _WELLS["limits"],
        "format": "normalised",
        "response": "uptake",
        "nonspecific_definer": "clomipramine",
        "reference_compound": "citalopram",
    },
    "ForcedSwimAssay": {
        "kind": "forced_swim",
        "species": "rat",
        "preparation": "none",
        "limits": _WELLS["limits"],
        "control_group": "Vehicle",
        "test_length": "300 s",
        "trend": False,
    },
    "PcaAssay": {
        "kind": "pca_depletion",
        "species": "rat",
        "preparation": "none",
        "limits": _WELLS["limits"],
        "control_group": "Vehicle",
        "challenge_group": "PCA",
    },
}
ONE_ROW = {
    "Target": {"name": "transporter", "gene": "G", "uniprot": "P", "role": "off-target"},
    "Compound": {"compound": "A", "name": "a", "synonyms": ["b"]},
    "Exclusion": EXCLUSION,
}


def table() -> list[dict]:
    """The rows of config_rules.csv, a * written out."""
    path = Path(__file__).parent / "config_rules.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        row | {"key": row["key"].replace("*", metric)}
        for row in rows
        for metric in (_METRICS if "*" in row["key"] else [""])
    ]


TABLE = table()


def keys_of(annotation, prefix: str) -> set[str]:
    """Dotted names of all values below an annotation that can be more than one thing."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {
            key
            for name, info in annotation.model_fields.items()
            for key in keys_of(info.annotation, f"{prefix}.{name}" if prefix else name)
        }
    if get_origin(annotation) is Literal:
        return {prefix} if len(get_args(annotation)) > 1 else set()
    if get_origin(annotation) is Annotated:
        return keys_of(get_args(annotation)[0], prefix)
    members = [a for a in get_args(annotation) if a is not NoneType]
    if not members or get_origin(annotation) is tuple:
        return {prefix}
    keys = set().union(*(keys_of(member, prefix) for member in members))
    # the choice between two forms of a value is a key too
    return keys | {prefix} if len(members) > 1 else keys


def known_keys() -> dict[str, set[str]]:
    """Every key that the configuration's models know, by file."""
    assays = get_args(get_args(Assay)[0])
    return {
        "config.yaml": keys_of(Config, ""),
        "assays.yaml": set().union(*(keys_of(model, model.__name__) for model in assays)),
        "targets.yaml": keys_of(Target, "Target"),
        "compounds.csv": keys_of(Compound, "Compound"),
        # the line is where a row stands, not what it says
        "exclusions.csv": keys_of(Exclusion, "Exclusion") - {"Exclusion.line"},
    }


def changed(data: dict, path: list[str], value, valid) -> dict:
    """`data` with one value changed; where that makes no sense, its mapping made of it alone."""
    for alone in (False, True):
        new = copy.deepcopy(data)
        inner = new
        for i, part in enumerate(path[:-1]):
            if not isinstance(inner.get(part), dict) or (alone and i == len(path) - 2):
                inner[part] = {}
            inner = inner[part]
        inner[path[-1]] = value
        try:
            valid(new)
        except ValidationError:
            if alone:
                raise
        else:
            return new
    raise AssertionError


def settings_of(config: dict, entries: dict[str, dict]) -> Settings:
    """Settings in which each model of `entries` has one entry."""
    other = ONE_ROW["Target"] | {"role": "off-target"}
    return Settings.model_validate(
        {
            "config": config,
            "assays": {name: entries[name] for name in FULL},
            "targets": {"SERT": entries["Target"], "DAT": other},
            "compounds": [entries["Compound"]],
            "exclusions": [entries["Exclusion"]],
        }
    )


def digests(settings: Settings) -> dict[str, str]:
    """Digest of each stage's section, for a drop that names every assay."""
    every = frozenset(settings.assays)
    stages = {*STAGE_OF_RULE.values(), *RECORDED}
    return {s: digest(section(s, settings, BINDING, every)) for s in stages}


@cache
def _before() -> dict[str, str]:
    return digests(settings_of({}, FULL | ONE_ROW))


def row_id(row: dict) -> str:
    return row["key"]


@pytest.mark.parametrize("file", known_keys())
def test_every_key_has_its_row(file):
    rows = [row["key"] for row in TABLE if row["file"] == file]
    assert len(rows) == len(set(rows))
    assert set(rows) == known_keys()[file]


def test_a_new_key_would_be_missed():
    """The walk sees nested models, unions and choices."""

    class Inner(BaseModel):
        a: float | None = None

    class Outer(BaseModel):
        b: Inner | Literal["word"] = "word"
        c: Literal["only"] = "only"
        d: tuple[str, ...] = ()

    assert keys_of(Outer, "") == {"b", "b.a", "d"}


@pytest.mark.workflow
@pytest.mark.parametrize("row", [r for r in TABLE if r["key"] not in PLACES], ids=row_id)
def test_digests_of_every_key(row, followers):
    model, *path = row["key"].split(".")
    value = yaml.safe_load(row["value"])
    entries, config = FULL | ONE_ROW, {}
    if row["file"] == "config.yaml":
        config = changed({}, [model, *path], value, Config.model_validate)
    else:

        def valid(entry):
            settings_of({}, entries | {model: entry})

        new = changed(entries[model], path, value, valid)
        assert new != entries[model]
        entries = entries | {model: new}
    after = digests(settings_of(config, entries))
    rules = {r for r, s in STAGE_OF_RULE.items() if after[s] != _before()[s]}
    planned = set().union(*(followers[rule] for rule in rules)) - RECORDED
    assert (after["provenance"] != _before()["provenance"]) == (row["key"] not in UNRECORDED)
    if model not in IN_VIVO_MODELS:  # their drops have no animals
        planned -= {"animals_drop"}
    assert planned == set(row["rules"].split())
    assert bool(row["why none"]) == (not planned)


@pytest.mark.workflow
@pytest.mark.parametrize("row", [r for r in TABLE if r["key"] in DRY_RUN], ids=row_id)
def test_dry_run(row, finished):
    model, *path = row["key"].split(".")
    value = yaml.safe_load(row["value"])
    only = None
    if row["file"] == "config.yaml":
        if model == "reference":
            (finished.folder / "data" / "reference").rename(finished.folder / value)
        if model == "drops":
            finished.drops.rename(finished.folder / value)
        finished.configure(
            "config.yaml",
            lambda c: c.update(changed(c, [model, *path], value, Config.model_validate)),
        )
    elif row["file"] == "assays.yaml":
        only = {DROP_OF_MODEL[model]}
        assay = ASSAY_OF_MODEL[model]
        valid = TypeAdapter(Assay).validate_python
        finished.configure(
            "assays.yaml",
            lambda a: a.update({assay: changed(a[assay], path, value, valid)}),
        )
    elif row["file"] == "targets.yaml":
        finished.configure("targets.yaml", lambda t: t["NET"].update({path[0]: value}))
        if path[0] == "role":
            finished.configure("targets.yaml", lambda t: t["SERT"].update(role="off-target"))
    elif row["file"] == "compounds.csv":
        path = finished.folder / "config" / "compounds.csv"
        text = path.read_text(encoding="utf-8")
        assert "citalopram,Citalopram,\n" in text
        text = text.replace("citalopram,Citalopram,\n", f"citalopram,,{value[0]}\n")
        path.write_text(text, encoding="utf-8")
    else:
        only = {BINDING}
        with (finished.folder / "config" / "exclusions.csv").open("a") as file:
            print(*(EXCLUSION | {path[0]: value}).values(), sep=",", file=file)
    plan = finished.plan()
    expected = set(row["rules"].split())
    # a drop that measures no constants has no such job
    expected -= {"constants_drop"} if only else set()
    recorded = set() if row["key"] in UNRECORDED else RECORDED
    assert plan.rules == expected | recorded
    if only and plan.drops:
        assert plan.drops == only
