"""All accepted drops with animals: their tables pooled, treatments named as compounds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reuptake.animals.columns import TABLES
from reuptake.pooling import compound_names, join_flags
from reuptake.stages import accept
from reuptake.tables import typed, write_csv


def run(accepted: Path, per_drop: Path, section: dict, tables: Path) -> None:
    """Pool the drops' tables in the order of their names."""
    assays = set(section["assays"])
    drops = [
        verdict["drop"]
        for verdict in accept.read(accepted)
        if verdict["status"] == "accepted" and assays & {r["assay"] for r in verdict["runs"]}
    ]
    pooled = {
        name: _pool([per_drop / drop / f"{name}.parquet" for drop in drops], columns)
        for name, columns in TABLES.items()
    }
    for name, frame in named(pooled, section["compounds"]).items():
        write_csv(frame, tables / f"{name}.csv")


def _pool(paths: list[Path], columns) -> pd.DataFrame:
    frames = [frame for path in paths if len(frame := pd.read_parquet(path))]
    return typed(pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(), columns)


def named(pooled: dict[str, pd.DataFrame], compounds: list[dict]) -> dict[str, pd.DataFrame]:
    """The tables with every treatment as config/compounds.csv names it, and a flag where changed.

    A treatment written with its challenge (``X + PCA``) is X.
    """
    groups = pooled["pca_antagonism"]
    alone = groups[groups["role"] == "challenge"]
    challenges = {treatment.casefold() for treatment in alone["treatment"]}
    of = {
        name: frame["treatment"].map(lambda text: without_challenge(text, challenges))
        for name, frame in pooled.items()
        if "treatment" in frame
    }
    written = pd.unique(pd.concat(list(of.values())))
    names = compound_names([name for name in written if name], compounds)
    out = dict(pooled)
    for name, treatments in of.items():
        pairs = [names.get(text, (text, "")) for text in treatments]
        compounds_of, notes = [p[0] for p in pairs], [p[1] for p in pairs]
        flags = [join_flags(*f) for f in zip(pooled[name]["flags"], notes, strict=True)]
        out[name] = typed(pooled[name].assign(treatment=compounds_of, flags=flags), TABLES[name])
    return out


def without_challenge(treatment: str, challenges: set[str]) -> str:
    """``X`` of ``X + PCA``; any other text as it is."""
    first, plus, second = treatment.rpartition(" + ")
    return first.strip() if plus and second.strip().casefold() in challenges else treatment
