"""Potency of every compound at every target: the panel in one table of colours and numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reuptake import formatting
from reuptake.figures import palette, style
from reuptake.figures.forest import p_of
from reuptake.figures.inputs import series_of
from reuptake.settings.model import MODALITY

COMPOUNDS_PER_FIGURE = 50
COLUMNS_PER_FIGURE = 20
LOWEST, HIGHEST = 4.0, 10.0  # the colours' ends: 100 µM and 0.1 nM, the same in every figure
_TWO_DECIMALS_MM = 9.5  # a cell so wide has room for a second decimal
_NAMES_MM, _ROW_MM, _WIDEST_MM = 36.0, 3.9, 13.0
_HEAD_MM, _FOOT_MM = 12.0, 17.0
_HATCH, _HATCH_ON_DARK = "#7f92a2", "#c9d6e0"
_NOT_TESTED, _NO_VALUE = "#e3e7ea", "#f6f7f8"
# one hue from light to dark: its order is seen with every colour vision, and in grey
_COLOURS = LinearSegmentedColormap.from_list(
    "potency", ["#f7fbff", "#c6dbef", "#6baed6", "#2171b5", "#08306b"]
)


@dataclass(frozen=True)
class HeatmapData:
    """What one figure shows.

    Attributes
    ----------
    quantity : str
        Ki or IC50.
    compounds, columns : list of str
        Rows and columns in their order, the primary target first.
    cells : DataFrame
        compound, column, qualifier, p_potency: what was tested; no qualifier, no value. The
        qualifier is that of p: ``<`` where the concentration has ``>``.
    """

    title: str
    quantity: str
    compounds: list[str]
    columns: list[str]
    cells: pd.DataFrame
    simulated: bool

    @property
    def n_wanting(self) -> int:
        """Cells without a test."""
        return len(self.compounds) * len(self.columns) - len(self.cells)


def draw(data: HeatmapData) -> Figure:
    """The figure: a cell for each compound and target, with its number; bounds hatched."""
    n_rows, n_columns = len(data.compounds), len(data.columns)
    wide = min(_WIDEST_MM, (style.PAGE_MM - _NAMES_MM - 5) / n_columns)
    names_mm = 3 + 1.5 * max(len(palette.label(c, 20)) for c in data.columns)
    turned = names_mm > 1.5 * wide
    head_mm = _HEAD_MM + (names_mm if turned else 5)
    height_mm = head_mm + _ROW_MM * n_rows + _FOOT_MM
    figure = style.new_figure(style.PAGE_MM, height_mm)
    box = (_NAMES_MM, _FOOT_MM, wide * n_columns, _ROW_MM * n_rows)
    page = (style.PAGE_MM, height_mm) * 2
    axes = figure.add_axes([a / b for a, b in zip(box, page, strict=True)])
    axes.set_facecolor(_NOT_TESTED)
    place = _places(data)
    shown = np.full((n_rows, n_columns), np.nan)
    told = data.cells["qualifier"].to_numpy() != ""
    shown[place[told, 0], place[told, 1]] = data.cells["p_potency"].to_numpy(float)[told]
    colours = ScalarMappable(Normalize(LOWEST, HIGHEST), _COLOURS)
    axes.imshow(
        colours.to_rgba(np.ma.masked_invalid(shown)) if told.any() else np.zeros((*shown.shape, 4)),
        interpolation="none",
        aspect="auto",
        extent=(0, n_columns, n_rows, 0),
    )
    _draw_cells(axes, data, place, 2 if wide >= _TWO_DECIMALS_MM else 1)
    axes.hlines(np.arange(1, n_rows), 0, n_columns, color="white", lw=0.7)
    axes.vlines(np.arange(1, n_columns), 0, n_rows, color="white", lw=0.7)
    axes.set_yticks(np.arange(n_rows) + 0.5, [palette.label(c, 24) for c in data.compounds])
    labels = [palette.label(c, 20) for c in data.columns]
    axes.set_xticks(np.arange(n_columns) + 0.5, labels, rotation=90 if turned else 0)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=2)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _key(figure, data, colours, height_mm)
    style.title(figure, data.title, data.simulated)
    return figure


def _places(data: HeatmapData) -> np.ndarray:
    """Row and column of each cell; shape (n, 2)."""
    rows = pd.Index(data.compounds).get_indexer(data.cells["compound"])
    return np.stack([rows, pd.Index(data.columns).get_indexer(data.cells["column"])], axis=1)


def _draw_cells(axes, data: HeatmapData, place: np.ndarray, decimals: int) -> None:
    """Numbers, hatching of bounds, and the cells that were tested without an answer."""
    empty, hatched = [], {_HATCH: [], _HATCH_ON_DARK: []}
    for (row, column), cell in zip(place, data.cells.itertuples(), strict=True):
        patch = Rectangle((column, row), 1, 1)
        dark = bool(cell.qualifier) and cell.p_potency > 0.55 * (LOWEST + HIGHEST)
        if not cell.qualifier:
            empty.append(patch)
        elif cell.qualifier != "=":
            hatched[_HATCH_ON_DARK if dark else _HATCH].append(patch)
        axes.text(
            column + 0.5,
            row + 0.52,
            cell_text(cell.qualifier, cell.p_potency, decimals),
            ha="center",
            va="center",
            size=6,
            color="white" if dark else palette.INK,
        )
    axes.add_collection(PatchCollection(empty, facecolor=_NO_VALUE, lw=0))
    for colour, patches in hatched.items():
        how = {"facecolor": "none", "edgecolor": colour, "lw": 0, "hatch": "////"}
        axes.add_collection(PatchCollection(patches, **how))


def cell_text(qualifier: str, p: float, decimals: int) -> str:
    """``9.2``, ``< 5.0`` or ``–``; a bound is rounded outward."""
    if not qualifier:
        return formatting.MISSING
    number = formatting.decimals(p, decimals, {"=": "nearest", "<": "up", ">": "down"}[qualifier])
    return number if qualifier == "=" else f"{qualifier} {number}"


def _key(figure: Figure, data: HeatmapData, colours: ScalarMappable, height_mm: float) -> None:
    def at(x_mm, y_mm, wide_mm, tall_mm):
        page = (style.PAGE_MM, height_mm) * 2
        return [a / b for a, b in zip((x_mm, y_mm, wide_mm, tall_mm), page, strict=True)]

    bar = figure.add_axes(at(_NAMES_MM, 6, 44, 2.4))
    bar.imshow(
        colours.to_rgba(np.linspace(LOWEST, HIGHEST, 60)[None]),
        aspect="auto",
        extent=(LOWEST, HIGHEST, 0, 1),
    )
    bar.set_yticks([])
    bar.tick_params(length=2, labelsize=6, pad=1.5)
    bar.set_title(f"p{data.quantity}", size=6.5, weight="normal", pad=2.5)
    for spine in bar.spines.values():
        spine.set_visible(False)
    x = _NAMES_MM + 52
    for words, how in (
        ("bound", {"fc": "white", "ec": _HATCH, "hatch": "////", "lw": 0}),
        ("tested, no value", {"fc": _NO_VALUE, "ec": palette.RULE, "lw": 0.4}),
        ("not tested", {"fc": _NOT_TESTED, "lw": 0}),
    ):
        left, bottom, wide, tall = at(x, 6, 5, 2.8)
        patch = Rectangle((left, bottom), wide, tall, transform=figure.transFigure, **how)
        figure.add_artist(patch)
        figure.text(left + wide * 1.3, bottom + tall / 2, words, va="center", size=6.5)
        x += 10 + 1.35 * len(words)


def caption(data: HeatmapData) -> str:
    """What is drawn and what is wanting."""
    counts = data.cells["qualifier"].map({"=": "=", "": ""}).fillna("bound").value_counts()
    valued, bounds, silent = (int(counts.get(key, 0)) for key in ("=", "bound", ""))
    text = (
        f"{data.title}. p{data.quantity} over independent experiments, {len(data.compounds)} "
        f"compounds at {len(data.columns)} targets, the primary target first: n = {valued} values, "
        f"{bounds} bounds (hatched), {silent} tested without a value (–), {data.n_wanting} not "
        "tested (grey and empty). Intervals stand in the forest plots and in potency.csv."
    )
    return f"{text} Simulated data." if data.simulated else text


def prepare(tables: dict[str, pd.DataFrame]):
    """Every heat map of the tables: yields (modality, quantity, page, simulated, HeatmapData).

    Parameters
    ----------
    tables : dict
        Frames `potency`, `curves` and `selectivity`, which names the primary target. Ki of binding
        and of uptake, IC50 where no Ki is given; pages of 50 compounds and 20 targets.
    """
    potency = tables["potency"]
    potency = potency.assign(
        simulated=potency["simulated"].fillna(False).astype(bool), series=series_of(potency)
    )
    primary = set(tables["selectivity"]["primary"])
    tested = _tested(tables["curves"])
    for (modality, simulated), mine in potency.groupby(["modality", "simulated"], sort=True):
        told = set(mine.loc[mine["qualifier"] != "", "quantity"])
        # of binding the IC50 hangs on the radioligand: only where no Ki is known
        for quantity in ("Ki",) if modality == "binding" and "Ki" in told else ("Ki", "IC50"):
            if quantity not in told:
                continue
            rows = mine[mine["quantity"] == quantity]
            here = tested[(tested["modality"] == modality) & (tested["simulated"] == simulated)]
            # a Ki is pooled over assays, which its row does not name
            here = here if quantity == "IC50" else here.assign(assay="")
            rows = pd.concat([rows, here]).drop_duplicates(["compound", "series", "assay"])
            yield from _pages(rows, modality, quantity, bool(simulated), primary)


def _tested(curves: pd.DataFrame) -> pd.DataFrame:
    """What has curves, whether or not it has a potency: rows as of potency without a value."""
    curves = curves[curves["kind"].isin(list(MODALITY))]
    return curves[["compound", "target", "assay"]].assign(
        modality=curves["kind"].map(MODALITY),
        simulated=curves["simulated"].fillna(False).astype(bool),
        series=series_of(curves),
        qualifier="",
        value_nM=np.nan,
    )


def _pages(rows: pd.DataFrame, modality: str, quantity: str, simulated: bool, primary: set):
    several = rows.groupby("series")["assay"].transform("nunique") > 1
    rows = rows.assign(
        column=rows["series"].where(~several, rows["series"] + ", " + rows["assay"]),
        qualifier=rows["qualifier"].map({"=": "=", ">": "<", "<": ">"}).fillna(""),
        p_potency=p_of(rows["value_nM"].to_numpy(float)),
    )
    order = palette.target_order(rows["target"])
    rank = {t: (t not in primary, order.index(t)) for t in order}
    of = rows.drop_duplicates("column").set_index("column")["target"]
    columns = sorted(of.index, key=lambda column: (rank[of[column]], column))
    compounds = sorted(set(rows["compound"]), key=lambda name: (name.casefold(), name))
    starts = [
        (i, j)
        for i in range(0, len(compounds), COMPOUNDS_PER_FIGURE)
        for j in range(0, len(columns), COLUMNS_PER_FIGURE)
    ]
    for page, (i, j) in enumerate(starts, start=1):
        down, across = compounds[i : i + COMPOUNDS_PER_FIGURE], columns[j : j + COLUMNS_PER_FIGURE]
        cells = rows[rows["compound"].isin(down) & rows["column"].isin(across)]
        where = f", page {page} of {len(starts)}" if len(starts) > 1 else ""
        data = HeatmapData(
            title=f"p{quantity} of all compounds, {modality}{where}",
            quantity=quantity,
            compounds=down,
            columns=across,
            cells=cells[["compound", "column", "qualifier", "p_potency"]].reset_index(drop=True),
            simulated=simulated,
        )
        yield modality, quantity, page, simulated, data
