"""What each stage may know of the configuration, and the fingerprint of its code.

A stage gets exactly its section and nothing else, and a digest of the same section is a
parameter of its rule: so a changed key reruns the stages that use it, all of them and no
others, and no stage can use a key that would not rerun it.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path

from reuptake.binding.radiochemistry import highest_activity_ci_mmol
from reuptake.settings.model import (
    ANIMAL_KINDS,
    CONSTANT_KINDS,
    WELL_KINDS,
    Run,
    Settings,
)

PACKAGE = Path(__file__).parents[1]
# folders beside the package that a stage reads
_BESIDE = {"report": "report", "figures": "diagrams"}
_LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "matplotlib")

# what the stages know of an assay; what stands nowhere here is kept for the reader alone
_IN_WELLS = ("kind", "target", "species")
_IN_ANIMALS = ("control_group", "challenge_group", "test_length")
_IN_PLATES = ("limits", "total_added_fraction", "solvent_pct", "reference_compound")
_COUNTED = (
    "kind",
    "ligand_concentration",
    "total_added_fraction",
    "volume",
    "efficiency",
    "count_time",
    "weights",
)
_OF_KI = (
    *_COUNTED,
    "target",
    "species",
    "preparation",
    "nonspecific_definer",
    "temperature",
    "solvent_pct",
    "ligand_relative_error",
    "transporter_relative_error",
    "kon",
    "depletion",
)
_IN_CURVES = {
    "competition_binding": (*_OF_KI, "radioligand", "kd", "bmax", "protein", "incubation"),
    "uptake_inhibition": (
        *_OF_KI,
        "substrate",
        "km",
        "cells",
        "copies_per_cell",
        "pre_incubation",
        "uptake_time",
    ),
    "response": ("kind", "nonspecific_definer", "weights"),
}
_IN_CONSTANTS = {
    "saturation_binding": (*_COUNTED, "radioligand", "protein"),
    "homologous_binding": (*_COUNTED, "radioligand", "protein"),
    "uptake_kinetics": (*_COUNTED, "substrate", "protein", "cells", "uptake_time"),
}


_PER_KIND = {"fit": _IN_CURVES, "constants": _IN_CONSTANTS}


def section(stage: str, settings: Settings, drop: str = "", assays: frozenset = frozenset()):
    """The part of the configuration that `stage` uses, as plain data.

    Parameters
    ----------
    stage : str
        ingest, qc, constants, fit, animals, accept, listing, collect, in_vivo, potency,
        selectivity, guides, figures, report or provenance.
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
            "assays": {
                k: _fields(a, _IN_WELLS + _IN_ANIMALS) | _activity(a) for k, a in mine.items()
            },
            "exclusions": [_dump(e) for e in settings.exclusions if e.drop == drop],
        }
    if stage == "qc":
        return {
            "assays": {k: _fields(a, _IN_PLATES) for k, a in mine.items() if a.kind in WELL_KINDS},
            "limits": _dump(config.limits),
        }
    if stage in _PER_KIND:
        known = _PER_KIND[stage]
        return {
            "assays": {k: _fields(a, known[a.kind]) for k, a in mine.items() if a.kind in known}
        }
    in_vivo = {k: a for k, a in settings.assays.items() if a.kind in ANIMAL_KINDS}
    if stage == "animals":
        names = ("kind", "species", *_IN_ANIMALS, "trend")
        return {"assays": {k: _fields(a, names) for k, a in in_vivo.items() if k in mine}}
    roles = {key: target.role for key, target in settings.targets.items()}
    return {
        "accept": {},
        "listing": {
            "assays": {
                k: _fields(a, ("kind", *_IN_ANIMALS)) | _activity(a)
                for k, a in settings.assays.items()
            },
            "exclusions": [_dump(e) for e in settings.exclusions],
        },
        "collect": {"compounds": [_dump(c) for c in settings.compounds]},
        "in_vivo": {
            "assays": sorted(in_vivo),
            "compounds": [_dump(c) for c in settings.compounds],
        },
        "potency": {"reference": config.reference},
        "selectivity": {"roles": roles, "selectivity_classes": config.selectivity_classes},
        "guides": {"reference": config.reference, "guide_compound": config.guide_compound},
        "figures": {"reference": config.reference},
        "report": {
            "title": config.title,
            "guide_compound": config.guide_compound,
            "reference": config.reference,
            "limits": _dump(config.limits),
            "assays": {key: _dump(assay) for key, assay in settings.assays.items()},
            "targets": {key: _dump(target) for key, target in settings.targets.items()},
            # of all that numbers hang on: not of where things stand, nor of what a run does then
            "digest": digest(
                _dump(settings) | {"config": [_dump(config.limits), config.selectivity_classes]}
            ),
        },
        # which records all of it, also what no other stage uses
        "provenance": _dump(settings),
    }[stage]


def measures_constants(settings: Settings, assays: frozenset) -> bool:
    """Whether a drop with these assays has runs that measure constants."""
    return any(settings.assays[k].kind in CONSTANT_KINDS for k in assays if k in settings.assays)


def drops_referred(settings: Settings, assays: frozenset) -> list[str]:
    """The drops whose runs these assays take their constants from."""
    mine = [settings.assays[k] for k in assays if k in settings.assays]
    constants = [getattr(assay, key, None) for assay in mine for key in ("kd", "km", "bmax")]
    return sorted({c.run.partition("/")[0] for c in constants if isinstance(c, Run)})


def highest_activity(assay) -> float | None:
    """The specific activity that an assay's label cannot exceed, Ci/mmol."""
    label = getattr(assay, "radioligand", None) or getattr(assay, "substrate", None)
    return highest_activity_ci_mmol(label.isotope, label.tritiums) if label else None


def _activity(assay) -> dict:
    return {"highest_activity": highest_activity(assay)}


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
    if stage in _BESIDE:
        for file in sorted((PACKAGE.parent / _BESIDE[stage]).rglob("*")):
            if file.is_file() and file.suffix != ".rst":  # captions of Snakemake's own report
                sources[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return digest(sources)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement, however deep; of expressions, which hold no import, none."""
    todo = [tree]
    for node in todo:
        yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            todo += getattr(node, block, ())


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
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found += [name.removeprefix("reuptake.") for name in names if name.startswith("reuptake.")]
        found += ["__init__" for name in names if name == "reuptake"]
    return tuple(found)
