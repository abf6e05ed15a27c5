"""All figures of an archive, and the index that says what each file shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reuptake.crew import Crew
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
from reuptake.figures.inputs import INDEX, read_tables, wells_in
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
    tables: Path,
    wells: Path,
    published: pd.DataFrame,
    figures: Path,
    cache_folder: Path,
    processes: int = 1,
) -> int:
    """Draw every figure of the result tables.

    Parameters
    ----------
    tables : Path
        Folder of the result tables.
    wells : Path
        The wells in parts (:func:`reuptake.parts.join`).
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
    rows, stems, missing = [], {}, set()
    # drawn while the list goes on
    with Crew(processes) as crew:
        for drawing in list_drawings(read_tables(tables), wells_in(wells), published):
            stem = cache_folder / cache.key(drawing.kind, drawing.data)
            rows.append(drawing.row)
            stems[drawing.row["file"]] = stem
            if stem not in missing and not cache.stored(stem):
                missing.add(stem)
                crew.do(draw_one, stem, drawing.kind, drawing.data)
    cache.copy_out(stems, figures, cache_folder.with_suffix(".json"))
    write_csv(typed(pd.DataFrame(rows), INDEX), figures / "index.csv")
    cache.keep_only(cache_folder, set(stems.values()))
    return len(missing)


def list_drawings(
    tables: dict[str, pd.DataFrame], wells: Iterable[pd.DataFrame], published: pd.DataFrame
) -> Iterator[Drawing]:
    """Every figure that the tables call for, in the order of the index.

    Parameters
    ----------
    tables : dict
        The result tables.
    wells : iterable of DataFrame
        The table of wells in parts, each of whole drops.
    published : DataFrame
        Published affinities, for the forest plots.
    """

    def one(kind, name, data, **about):
        marked = f"{name}-simulated" if data.simulated else name
        row = {
            "file": f"{kind}-{slug(marked)}",
            "kind": kind,
            "simulated": data.simulated,
            "caption": _MODULES[kind].caption(data),
            **about,
        }
        return Drawing(row, data)

    for species, modality, quantity, page, _, data in selectivity.prepare(tables):
        name = f"{data.primary}-{species}-{modality}-{quantity}" + _page(page)
        yield one("selectivity", name, data, modality=modality)
    for modality, quantity, page, _, data in heatmap.prepare(tables):
        yield one("heatmap", f"{modality}-{quantity}" + _page(page), data, modality=modality)
    for compound, modality, _, data in curves.prepare(tables, wells):
        yield one("curves", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for compound, modality, _, data in forest.prepare(tables, published):
        yield one("forest", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for compound, modality, _, data in profiles.prepare(tables, wells):
        yield one("profiles", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for compound, modality, _, data in depletion.prepare(tables):
        yield one("depletion", f"{compound}-{modality}", data, compound=compound, modality=modality)
    for drop, run, assay, data in isotherms.prepare(tables):
        yield one("isotherms", f"{drop}-{run}-{assay}", data, drop=drop)
    for drop, assay, page, _, data in plates.prepare(tables, wells):
        yield one("plates", f"{drop}-{assay}" + _page(page), data, drop=drop)
    for assay, compound, quantity, _, data in runcharts.prepare(tables):
        yield one("runcharts", f"{assay}-{compound}-{quantity}", data, compound=compound)
    for kind, (drop, run, assay), compound, data in animals.prepare(tables):
        name = "-".join(part for part in (drop, run, assay, compound) if part)
        yield one(kind, name, data, drop=drop, run=run, assay=assay, compound=compound)
    for (drop, run, assay), data in agreement.prepare(tables):
        name = f"{drop}-{run}-{assay}-{data.readout}"
        yield one("agreement", name, data, drop=drop, run=run, assay=assay)
    for name, data in diagrams.prepare(tables):
        yield one("diagram", name, data)


def _page(page: int) -> str:
    return f"-{page}" if page > 1 else ""


def draw_one(stem: Path, kind: str, data: object) -> None:
    """Draw one figure into the store."""
    with style.context():
        figure = _MODULES[kind].draw(data)

        def save(path: Path) -> None:
            vector, _ = style.save(figure, path)
            if kind == "diagram":
                diagrams.describe(vector, data)

        cache.store(stem, save)
