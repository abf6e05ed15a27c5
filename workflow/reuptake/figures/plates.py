"""Plate heat maps: every plate of an assay in a drop, its signals and its residuals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

from reuptake import formatting
from reuptake.figures import palette, style
from reuptake.figures.contents import Rows, rows_of
from reuptake.figures.points import residual_of_wells, rows_by_drop
from reuptake.tables import records

ROLE_LETTERS = {"total": "T", "nonspecific": "N", "blank": "B", "total_added": "A"}
PLATES_PER_FIGURE = 12
WITH_RESIDUALS = 9  # so many fill a page when each is drawn twice
_RESIDUAL_SD = 4  # where the colours of residuals end
_ACROSS = 3
_PLATE_MM, _GAP_X_MM, _GAP_Y_MM, _HEAD_MM, _FOOT_MM = 50.0, 7, 10, 14, 15
_GAP_RESIDUALS_MM = 1.5
_OF_WELL = ["run", "plate", "row", "col", "role", "signal", "excluded", "flagged", "residual"]
_FIGURE = ["drop", "assay"]
_PLATE = [*_FIGURE, "run", "plate"]
_VERDICT_COLOURS = {"pass": palette.GREEN, "warn": "#9a6700", "fail": palette.ALERT}
_NO_SIGNAL = "#eceff1"


class Panel(NamedTuple):
    """A plate of a figure with its verdict and its robust Z'."""

    run: str
    plate: str
    verdict: str
    z_prime_robust: float


@dataclass(frozen=True)
class PlateData:
    """What one figure shows.

    Attributes
    ----------
    wells : Rows
        run, plate, row, col, role, signal, excluded, flagged, residual (SD; NaN without a fit).
    panels : tuple of Panel
        The plates in this order.
    low, high : float
        Ends of the colour scale: the signals of the assay in the whole drop, without blank
        and total-added wells, which may lie far outside.
    unit : str
        Unit of the signal.
    n_excluded, n_flagged : int
        Wells that are crossed, and ringed.
    has_residuals : bool
        Whether any well belongs to a fitted curve.
    """

    title: str
    wells: Rows
    panels: tuple[Panel, ...]
    low: float
    high: float
    unit: str
    n_excluded: int
    n_flagged: int
    has_residuals: bool
    simulated: bool


def colour_scale(low: float, high: float) -> Normalize:
    """A logarithmic scale where signals are positive and span more than a factor of 20."""
    if low > 0 and high > 20 * low:
        return LogNorm(low, high)
    return Normalize(low, high if high > low else low + 1)


def draw(data: PlateData) -> Figure:
    """The figure: small multiples of plates, marks for roles, exclusions, flags; a colour bar."""
    shown = data.wells.cut()
    across = min(_ACROSS, len(data.panels))
    down = -(-len(data.panels) // across)
    shape = (int(shown["row"].max()) + 1, int(shown["col"].max()) + 1)
    shape = next(
        (s for s in ((8, 12), (16, 24), (32, 48)) if s[0] >= shape[0] and s[1] >= shape[1]), shape
    )
    height_mm = _PLATE_MM * shape[0] / shape[1]
    below_mm = height_mm + _GAP_RESIDUALS_MM
    step_mm = height_mm + _GAP_Y_MM + data.has_residuals * below_mm
    total_mm = _HEAD_MM + down * step_mm + _FOOT_MM
    figure = style.new_figure(style.PAGE_MM, total_mm)
    # One pair of axes in millimetres for all plates: a pair for each would take most of the time.
    page = figure.add_axes((0, 0, 1, 1))
    page.set_axis_off()
    scale = colour_scale(data.low, data.high)
    groups = dict(list(shown.groupby(["run", "plate"], sort=False)))
    placed, images = [], {}
    for i, panel in enumerate(data.panels):
        left = 7 + (i % across) * (_PLATE_MM + _GAP_X_MM)
        top = total_mm - _HEAD_MM - _GAP_Y_MM + 5 - (i // across) * step_mm
        box = _Box(left, top, _PLATE_MM / shape[1], shape)
        wells = groups[(panel.run, panel.plate)]
        images["signal"] = _draw_wells(page, wells, "signal", box, scale, "viridis")
        if data.has_residuals:
            under = replace(box, top=top - below_mm)
            images["residual"] = _draw_wells(
                page, wells, "residual", under, Normalize(-_RESIDUAL_SD, _RESIDUAL_SD), "PuOr"
            )
        outer = i < across, i % across == 0
        _write_heading(page, panel, box, outer[0])
        _number_wells(page, box, outer)
        placed.append(wells.assign(x=box.x(wells["col"] + 0.5), y=box.y(wells["row"] + 0.5)))
    _draw_marks(page, pd.concat(placed), shape, scale)
    # an image sets the limits to its own
    page.set(xlim=(0, style.PAGE_MM), ylim=(0, total_mm), aspect="auto")
    _key(figure, data, images, total_mm)
    style.title(figure, data.title, data.simulated)
    return figure


@dataclass(frozen=True)
class _Box:
    """Where a plate stands on the page, in millimetres from its lower left corner."""

    left: float
    top: float
    pitch: float
    shape: tuple[int, int]

    def x(self, column):
        """Distance of a column's left edge."""
        return self.left + column * self.pitch

    def y(self, row):
        """Height of a row's upper edge."""
        return self.top - row * self.pitch

    @property
    def ends(self) -> tuple[float, float, float, float]:
        """Left, right, lower and upper edge."""
        return self.left, self.x(self.shape[1]), self.y(self.shape[0]), self.top


def _draw_wells(page, wells: pd.DataFrame, name: str, box: _Box, scale, colours: str):
    """The colours of one plate: an image and a grid, a tenth of the size of a path a well."""
    values = np.full(box.shape, np.nan)
    values[wells["row"].to_numpy(int), wells["col"].to_numpy(int)] = wells[name].to_numpy(float)
    if isinstance(scale, LogNorm):
        values[values <= 0] = scale.vmin
    left, right, low, high = box.ends
    empty = _NO_SIGNAL if name == "signal" else palette.RULE  # the middle of PuOr is near white
    page.add_patch(Rectangle((left, low), right - left, high - low, fc=empty, lw=0))
    image = page.imshow(
        np.ma.masked_invalid(values),
        norm=scale,
        cmap=colours,
        interpolation="none",
        extent=box.ends,
        aspect="auto",
        zorder=1.5,
    )
    lines = {"color": "white", "lw": 0.5, "zorder": 1.6}
    page.hlines(box.y(np.arange(1, box.shape[0])), left, right, **lines)
    page.vlines(box.x(np.arange(1, box.shape[1])), low, high, **lines)
    return image


def _write_heading(page, panel, box: _Box, above_numbers: bool) -> None:
    """Run, plate and verdict above a plate."""
    height = box.top + (11.5 if above_numbers else 4.0) * style.POINT_MM
    name = palette.label(f"{panel.run}  {panel.plate}", 30)
    page.text(box.left, height, name, size=7)
    verdict = panel.verdict or "no verdict"
    if np.isfinite(panel.z_prime_robust):
        verdict += f", Z′ {formatting.significant(panel.z_prime_robust)}"
    colour = _VERDICT_COLOURS.get(panel.verdict, palette.MUTED)
    page.text(box.ends[1], height, verdict, size=7, weight="bold", ha="right", color=colour)


def _number_wells(page, box: _Box, outer: tuple[bool, bool]) -> None:
    """Column numbers over the first row of plates, row letters beside the first column."""
    every = 1 if box.shape[1] <= 12 else box.shape[1] // 12 * 2
    how = {"size": 5.5, "color": palette.MUTED}
    gap = 1.5 * style.POINT_MM
    if outer[0]:
        for column in range(0, box.shape[1], every):
            at = box.x(column + 0.5), box.top + gap
            page.text(*at, str(column + 1), ha="center", va="bottom", **how)
    if outer[1]:
        for row in range(0, box.shape[0], every):
            at = box.left - gap, box.y(row + 0.5)
            page.text(*at, _row_name(row), ha="right", va="center_baseline", **how)


def _draw_marks(page, wells: pd.DataFrame, shape: tuple[int, int], scale) -> None:
    """Letters of the roles, crosses and rings, on all plates; they shrink with the wells."""
    small = 12 / shape[1]
    x, y, signal = (wells[name].to_numpy(float) for name in ("x", "y", "signal"))
    dark = np.asarray(scale(signal) < 0.6) & np.isfinite(signal)
    for role, letter in ROLE_LETTERS.items():
        for mine, ink in ((dark, "white"), (~dark, palette.INK)):
            mine = mine & (wells["role"] == role).to_numpy()
            if mine.any():
                mark = {"marker": _letter(letter), "ms": np.sqrt(26) * small, "mew": 0}
                page.plot(x[mine], y[mine], ls="none", color=ink, zorder=2, **mark)
    for name, mark in (
        ("excluded", {"marker": "x", "ms": 5.8 * small, "mew": 1.1 * small}),
        ("flagged", {"marker": "o", "ms": 7.9 * small, "mew": 0.9 * small, "mfc": "none"}),
    ):
        mine = wells[name].to_numpy(bool)
        if mine.any():
            page.plot(x[mine], y[mine], ls="none", color=palette.VERMILION, zorder=4, **mark)


def _row_name(index: int) -> str:
    return chr(65 + index) if index < 26 else f"A{chr(65 + index - 26)}"


@cache
def _letter(letter: str) -> Outline:
    """A letter as a marker: its outline, centred, one unit high."""
    path = TextPath(
        (0, 0), letter, size=1, prop=FontProperties(family="DejaVu Sans", weight="bold")
    )
    box = path.get_extents()
    return Outline(
        (path.vertices - [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]) / box.height, path.codes
    )


def _key(figure: Figure, data: PlateData, images: dict, total: float) -> None:
    """Colour bars, letters and marks, at the foot."""
    width_mm = 36 if data.has_residuals else 50
    bar = _colour_bar(figure, images["signal"], 7, width_mm, total, f"signal ({data.unit})")
    if isinstance(images["signal"].norm, LogNorm):
        decades = np.arange(np.ceil(np.log10(data.low)), np.floor(np.log10(data.high)) + 0.5)
        # The ends are labelled unless a decade stands too close.
        free = [
            t for t in (data.low, data.high) if all(abs(np.log10(t) - d) > 0.3 for d in decades)
        ]
        ticks = [*free, *10.0**decades]
        bar.set_xticks(ticks, [f"{formatting.significant(t)}" for t in ticks])
    if data.has_residuals:
        words = "residual (SD), below"
        bar = _colour_bar(figure, images["residual"], 50, 28, total, words)
        bar.set_xticks([-_RESIDUAL_SD, 0, _RESIDUAL_SD])
    x, y = (85 if data.has_residuals else 66) / style.PAGE_MM, 9.2 / total
    roles = "T total   N non-specific   B blank   A total added   (Z′: robust)"
    figure.text(x, y, roles, va="center", size=6.5)
    for position, marker, words in (
        (0, "x", "excluded"),
        (18, "o", "flagged"),
        (34, "s", "no signal"),
    ):
        at = x + (position + 1.2) / style.PAGE_MM
        edge = palette.VERMILION if marker != "s" else palette.RULE
        figure.add_artist(
            Line2D(
                [at],
                [5.4 / total],
                marker=marker,
                ls="none",
                ms=4,
                mew=0.9,
                mfc=_NO_SIGNAL if marker == "s" else "none",
                mec=edge,
            )
        )
        figure.text(at + 2.4 / style.PAGE_MM, 5.4 / total, words, va="center", size=6.5)


def _colour_bar(figure: Figure, image, left_mm: float, width_mm: float, total: float, words: str):
    place = (left_mm / style.PAGE_MM, 8 / total, width_mm / style.PAGE_MM, 2.4 / total)
    bar = figure.add_axes(place)
    figure.colorbar(image, cax=bar, orientation="horizontal")
    bar.tick_params(length=2, labelsize=6)
    bar.set_title(palette.label(words, 29), size=6.5, weight="normal", pad=2.5)
    bar.minorticks_off()
    return bar


def caption(data: PlateData) -> str:
    """What is drawn, and the verdict of each plate, in words."""
    kind = "logarithmic" if isinstance(colour_scale(data.low, data.high), LogNorm) else "linear"
    verdicts = ", ".join(
        f"{run} {plate} {verdict or 'without a verdict'}" for run, plate, verdict, _ in data.panels
    )
    text = (
        f"{data.title}. Signal of every well ({data.unit}), one {kind} colour scale for the assay. "
        f"T total, N non-specific, B blank, A total added (B and A may lie beyond the scale); "
        f"{data.n_excluded} excluded wells crossed, "
        f"{data.n_flagged} flagged wells ringed. Verdicts: {verdicts}."
    )
    if data.has_residuals:
        text += (
            " Below each plate its residuals: the distance of a well from its fitted curve in "
            f"standard deviations of the fit, colours to {_RESIDUAL_SD}; grey where there is none."
        )
    return f"{text} Simulated data." if data.simulated else text


def prepare(tables: dict[str, pd.DataFrame], wells: Iterable[pd.DataFrame]):
    """Every heat map of the tables: yields (drop, assay, page, simulated, PlateData).

    Parameters
    ----------
    tables : dict
        Frames `plates` and `curves`.
    wells : iterable of DataFrame
        The result table in parts, each of whole drops.
    """
    verdicts, curves = tables["plates"], tables["curves"]
    verdicts_of, curves_of = rows_by_drop(verdicts), rows_by_drop(curves)
    for part in wells:
        on_plates = part[part["row"].notna() & part["col"].notna() & (part["plate"] != "")]
        if len(on_plates):
            drops = part["drop"]
            theirs = verdicts.iloc[verdicts_of(drops)], curves.iloc[curves_of(drops)]
            yield from _prepare_some(on_plates, *theirs)


def _prepare_some(wells: pd.DataFrame, verdicts: pd.DataFrame, curves: pd.DataFrame):
    """The heat maps of some drops."""
    wells = wells.assign(
        flagged=wells["flags"] != "",
        excluded=wells["excluded"].fillna(False).astype(bool),
        residual=residual_of_wells(curves, wells),
        simulated=wells["simulated"].fillna(False).astype(bool),
        row=wells["row"].astype("int64"),
        col=wells["col"].astype("int64"),
    )
    # Counted and hashed once for all figures: most of a large archive's are not drawn again.
    # DAT-2 stands before DAT-10
    codes, names = pd.factorize(wells["plate"])
    padded = [re.sub(r"\d+", lambda found: found[0].zfill(9), name) for name in names]
    place = np.array(padded, dtype=object)[codes]
    number = wells.groupby([*_PLATE[:-1], place, "plate"]).ngroup().to_numpy()
    wells = wells.iloc[np.argsort(number, kind="stable")]
    starts = np.flatnonzero(np.diff(np.sort(number), prepend=-1))
    seen = _panels(wells, starts, verdicts)
    figures = [list(rows) for _, rows in groupby(records(seen), key=itemgetter(*_FIGURE, "page"))]
    places = [(rows[0]["start"], rows[-1]["stop"]) for rows in figures]
    shown = rows_of(wells[_OF_WELL], places)
    assayed = ~wells["excluded"] & ~wells["role"].isin(["blank", "total_added", "empty"])
    ends = wells[assayed].groupby(_FIGURE)["signal"].agg(["min", "max"]).dropna()
    ends = dict(zip(ends.index, ends.itertuples(index=False, name=None), strict=True))
    units = wells[wells["unit"] != ""].drop_duplicates(_FIGURE).set_index(_FIGURE)["unit"].to_dict()
    for rows, of_figure in zip(figures, shown, strict=True):
        drop, assay, page = (rows[0][name] for name in (*_FIGURE, "page"))
        low, high = map(float, ends.get((drop, assay), (0.0, 1.0)))
        simulated = any(row["simulated"] for row in rows)
        yield (
            drop,
            assay,
            page,
            simulated,
            PlateData(
                title=f"{drop}, {assay}" + (f", page {page}" if rows[0]["paged"] else ""),
                wells=of_figure,
                panels=tuple(Panel(*(row[name] for name in Panel._fields)) for row in rows),
                low=low,
                high=high,
                unit=units.get((drop, assay), "no unit"),
                n_excluded=sum(row["n_excluded"] for row in rows),
                n_flagged=sum(row["n_flagged"] for row in rows),
                has_residuals=any(row["fitted"] for row in rows),
                simulated=simulated,
            ),
        )


def _panels(wells: pd.DataFrame, starts: np.ndarray, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Each plate with its verdict, the counts of its wells, their place, and its page.

    Parameters
    ----------
    wells : DataFrame
        In the order of drop, assay, run and plate.
    starts : ndarray of int
        The first row of each plate.
    verdicts : DataFrame
        The result table `plates`.
    """
    named = [*_PLATE, "verdict", "z_prime_robust"]
    seen = wells[_PLATE].iloc[starts].reset_index(drop=True)
    seen = seen.merge(verdicts.drop_duplicates(_PLATE)[named], how="left", on=_PLATE)
    seen["verdict"] = seen["verdict"].fillna("")
    seen = seen.assign(
        start=starts,
        stop=[*starts[1:], len(wells)],
        n_excluded=np.add.reduceat(wells["excluded"].to_numpy(int), starts),
        n_flagged=np.add.reduceat(wells["flagged"].to_numpy(int), starts),
        fitted=np.logical_or.reduceat(wells["residual"].notna().to_numpy(), starts),
        simulated=np.logical_or.reduceat(wells["simulated"].to_numpy(), starts),
    )
    of_figure = seen.groupby(_FIGURE, sort=False)
    most = np.where(of_figure["fitted"].transform("any"), WITH_RESIDUALS, PLATES_PER_FIGURE)
    return seen.assign(
        simulated=of_figure["simulated"].transform("any"),
        page=of_figure.cumcount() // most + 1,
        paged=of_figure["run"].transform("size") > most,
    )
