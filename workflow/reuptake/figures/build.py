"""All figures of an archive, and the index that says what each file shows."""

from __future__ import annotations

import gc
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from reuptake.diagrams import drawing as diagrams
from reuptake.figures import (
    agreement,
    animals,
    cache,
    curves,
    depletion,
    forest,
    heatmap,
    isotherms,
    plates,
    profiles,
    runcharts,
    selectivity,
    style,
)
from reuptake.figures.inputs import INDEX, read_tables
from reuptake.formatting import slug
from reuptake.tables import typed, write_csv

_IN_VIVO = ("forced_swim", "pca_depletion", "pca_dose_response")
_MODULES = {
    "agreement": agreement,
    "curves": curves,
    "depletion": depletion,
    "diagram": diagrams,
    "forest": forest,
    "heatmap": heatmap,
    "isotherms": isotherms,
    "plates": plates,
    "profiles": profiles,
    "runcharts": runcharts,
    "selectivity": selectivity,
} | dict.fromkeys(_IN_VIVO, animals)


@dataclass(frozen=True)
class Drawing:
    """One figure to be made: its row of the index and the data it shows."""

    row: dict
    data: object

    @property
    def kind(self) -> str:
        """The module that draws it."""
        return self.row["kind"]


def build_figures(
    tables: Path, published: pd.DataFrame, figures: Path, cache_folder: Path, processes: int = 1
) -> int:
    """Draw every figure of the result tables.

    Parameters
    ----------
    tables : Path
        Folder of the result tables.
    published : DataFrame
        Published affinities (:func:`reuptake.guides.read_affinities`).
    figures : Path
        Folder for ``<name>.svg``, ``<name>.png`` and ``index.csv``; what else it holds of
        these kinds is removed.
    cache_folder : Path
        Store of drawn figures; entries that this run does not use are removed.
    processes : int
        Processes that draw; the files do not depend on it.

    Returns
    -------
    int
        How many figures had to be drawn, the others came from the store.
    """
    figures, cache_folder = Path(figures), Path(cache_folder)
    for folder in (figures, cache_folder):
        folder.mkdir(parents=True, exist_ok=True)
    drawings = list_drawings(read_tables(Path(tables)), published)
    stems = [cache_folder / cache.key(d.kind, d.data) for d in drawings]
    missing = {s: d for s, d in zip(stems, drawings, strict=True) if not cache.stored(s)}
    draw_all(missing, processes)
    files = [drawing.row["file"] for drawing in drawings]
    cache.copy_out(dict(zip(files, stems, strict=True)), figures, cache_folder.with_suffix(".json"))
    write_csv(typed(pd.DataFrame([d.row for d in drawings]), INDEX), figures / "index.csv")
    cache.keep_only(cache_folder, set(stems))
    return len(missing)


def list_drawings(tables: dict[str, pd.DataFrame], published: pd.DataFrame) -> list[Drawing]:
    """Every figure that the tables call for, in the order of the index.

    Parameters
    ----------
    tables : dict
        The result tables.
    published : DataFrame
        Published affinities, for the forest plots.
    """
    drawings = []

    def add(kind, name, data, **about):
        marked = f"{name}-simulated" if data.simulated else name
        row = {
            "file": f"{kind}-{slug(marked)}",
            "kind": kind,
            "simulated": data.simulated,
            "caption": _MODULES[kind].caption(data),
            **about,
        }
        drawings.append(Drawing(row, data))

    for species, modality, quantity, page, _, data in selectivity.prepare(tables):
        name = f"{data.primary}-{species}-{modality}-{quantity}" + _page(page)
        add("selectivity", name, data, modality=modality)
    for modality, quantity, page, _, data in heatmap.prepare(tables):
        add("heatmap", f"{modality}-{quantity}" + _page(page), data, modality=modality)
    for compound, modality, _, data in curves.prepare(tables):
        add("curves", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for compound, modality, _, data in forest.prepare(tables, published):
        add("forest", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for compound, modality, _, data in profiles.prepare(tables):
        add("profiles", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for compound, modality, _, data in depletion.prepare(tables):
        add("depletion", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for drop, run, assay, data in isotherms.prepare(tables):
        add("isotherms", f"{drop}-{run}-{assay}", data, drop=drop)
    for drop, assay, page, _, data in plates.prepare(tables):
        add("plates", f"{drop}-{assay}" + _page(page), data, drop=drop)
    for assay, compound, quantity, _, data in runcharts.prepare(tables):
        add("runcharts", f"{assay}-{compound}-{quantity}", data, compound=compound)
    for kind, (drop, run, assay), compound, data in animals.prepare(tables):
        name = "-".join(part for part in (drop, run, assay, compound) if part)
        add(kind, name, data, drop=drop, run=run, assay=assay, compound=compound)
    for (drop, run, assay), data in agreement.prepare(tables):
        name = f"{drop}-{run}-{assay}-{data.readout}"
        add("agreement", name, data, drop=drop, run=run, assay=assay)
    for name, data in diagrams.prepare(tables):
        add("diagram", name, data)
    return drawings


def _page(page: int) -> str:
    return f"-{page}" if page > 1 else ""


def draw_all(missing: dict[Path, Drawing], processes: int) -> None:
    """Draw into the store, in this process or, where it pays, in several."""
    jobs = [(stem, d.kind, d.data) for stem, d in missing.items()]
    # A fresh process spends as long on its imports as on a handful of figures.
    workers = min(processes, len(jobs) // 4)
    if workers < 2:
        for job in jobs:
            draw_one(job)
        return
    # Each figure leaves circles behind; what the imports made need not be searched for them.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=gc.freeze) as pool:
        for _ in pool.map(draw_one, jobs, chunksize=2):
            pass


def draw_one(job: tuple[Path, str, object]) -> None:
    """Draw one figure into the store."""
    stem, kind, data = job
    with style.context():
        figure = _MODULES[kind].draw(data)

        def save(path: Path) -> None:
            vector, _ = style.save(figure, path)
            if kind == "diagram":
                diagrams.describe(vector, data)

        cache.store(stem, save)
