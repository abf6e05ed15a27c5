"""What each stage may know of the configuration, and the fingerprint of its code.

A stage gets exactly its section and nothing else, and a digest of the same section is a
parameter of its rule: so a changed key reruns the stages that use it, all of them and no
others, and no stage can use a key that would not rerun it.
"""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path

from reuptake.settings.model import WELL_KINDS, Settings

PACKAGE = Path(__file__).parents[1]
_LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "matplotlib")

# what the stages know of an assay; what stands nowhere here is kept for the reader alone
_IN_WELLS = ("kind", "target", "species")
_IN_PLATES = ("limits", "total_added_fraction", "solvent_pct", "reference_compound")
_IN_CURVES = {
    "competition_binding": (
        "species",
        "preparation",
        "radioligand",
        "ligand_concentration",
        "ligand_relative_error",
        "total_added_fraction",
        "kd",
        "bmax",
        "volume",
        "protein",
        "efficiency",
        "count_time",
        "nonspecific_definer",
        "incubation",
        "temperature",
        "solvent_pct",
        "depletion",
        "weights",
    ),
    "uptake_inhibition": (
        "volume",
        "cells",
        "copies_per_cell",
        "efficiency",
        "count_time",
        "nonspecific_definer",
        "weights",
    ),
    "response": ("nonspecific_definer", "weights"),
}


def section(stage: str, settings: Settings, drop: str = "", assays: frozenset = frozenset()):
    """The part of the configuration that `stage` uses, as plain data.

    Parameters
    ----------
    stage : str
        ingest, qc, fit, accept, listing, collect, potency, selectivity, guides, figures,
        report or provenance.
    settings : Settings
    drop : str
        For the stages that work on one drop.
    assays : frozenset of str
        Keys of the assays that the drop names.

    Returns
    -------
    dict
        JSON-ready.
    """
    config = settings.config
    mine = {key: settings.assays[key] for key in sorted(assays) if key in settings.assays}
    if stage == "ingest":
        return {
            "assays": {k: _fields(a, _IN_WELLS) for k, a in mine.items()},
            "exclusions": [_dump(e) for e in settings.exclusions if e.drop == drop],
        }
    if stage == "qc":
        return {
            "assays": {k: _fields(a, _IN_PLATES) for k, a in mine.items() if a.kind in WELL_KINDS},
            "limits": _dump(config.limits),
        }
    if stage == "fit":
        fitted = {k: a for k, a in mine.items() if a.kind in _IN_CURVES}
        return {"assays": {k: _fields(a, _IN_CURVES[a.kind]) for k, a in fitted.items()}}
    roles = {key: target.role for key, target in settings.targets.items()}
    return {
        "accept": {},
        "listing": {
            "assays": {k: _fields(a, ("kind",)) for k, a in settings.assays.items()},
            "exclusions": [_dump(e) for e in settings.exclusions],
        },
        "collect": {"compounds": [_dump(c) for c in settings.compounds]},
        "potency": {},
        "selectivity": {"roles": roles, "selectivity_classes": config.selectivity_classes},
        "guides": {"reference": config.reference, "guide_compound": config.guide_compound},
        "figures": {},
        "report": {
            "title": config.title,
            "guide_compound": config.guide_compound,
            "reference": config.reference,
            "limits": _dump(config.limits),
        },
        # which records all of it, also what no other stage uses
        "provenance": _dump(settings),
    }[stage]


def _dump(model) -> dict:
    return model.model_dump(mode="json")


def _fields(model, names) -> dict:
    dumped = _dump(model)
    return {name: dumped[name] for name in names if name in dumped}


def digest(data) -> str:
    """SHA-256 of plain data, in a form that does not depend on key order."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache
def fingerprint(stage: str) -> str:
    """Digest of a stage's software: its source, every module of this package that it imports,
    and the versions of the libraries that make numbers and pictures.

    Snakemake does not see a change in an imported module; this, as a parameter of the
    stage's rule, makes it visible.
    """
    todo, seen = [f"stages.{stage}"], set()
    sources = {name: version(name) for name in _LIBRARIES}
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        file = _file_of(module)
        if file is None:
            continue
        source = file.read_bytes()
        sources[module] = hashlib.sha256(source).hexdigest()
        if "." in module:
            todo.append(module.rpartition(".")[0])
        todo += _imports(source)
        if b"pkgutil" in source:  # a registry: every module beside it counts
            todo += [f"{module}.{path.stem}" for path in file.parent.glob("*.py")]
    if stage == "report":
        for file in sorted((PACKAGE.parent / "report").rglob("*")):
            if file.is_file():
                sources[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return digest(sources)


def _file_of(module: str) -> Path | None:
    path = PACKAGE.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


@cache  # most modules belong to several stages
def _imports(source: bytes) -> tuple[str, ...]:
    """Modules of this package that a source imports, wherever in it the import stands."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found += [name.removeprefix("reuptake.") for name in names if name.startswith("reuptake.")]
        found += ["__init__" for name in names if name == "reuptake"]
    return tuple(found)
