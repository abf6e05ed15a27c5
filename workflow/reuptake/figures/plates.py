"""Plate heat maps: every plate of an assay in a drop, on one colour scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

from reuptake import formatting
from reuptake.figures import palette, style

ROLE_LETTERS = {"total": "T", "nonspecific": "N", "blank": "B", "total_added": "A"}
PLATES_PER_FIGURE = 12
_ACROSS = 3
_VERDICT_COLOURS = {"pass": palette.GREEN, "warn": "#9a6700", "fail": palette.ALERT}
_NO_SIGNAL = "#eceff1"


@dataclass(frozen=True)
class PlateData:
    """What one figure shows.

    Attributes
    ----------
    wells : DataFrame
        run, plate, row, col, role, signal, excluded, flagged.
    plates : DataFrame
        run, plate, verdict, z_prime_robust; one panel each, in this order.
    low, high : float
        Ends of the colour scale: the signals of the assay in the whole drop, without blank
        and total-added wells, which may lie far outside.
    unit : str
        Unit of the signal.
    """

    title: str
    wells: pd.DataFrame
    plates: pd.DataFrame
    low: float
    high: float
    unit: str
    simulated: bool


def colour_scale(low: float, high: float) -> Normalize:
    """A logarithmic scale where signals are positive and span more than a factor of 20."""
    if low > 0 and high > 20 * low:
        return LogNorm(low, high)
    return Normalize(low, high if high > low else low + 1)


def draw(data: PlateData) -> Figure:
    """The figure: small multiples of plates, marks for roles, exclusions, flags; a colour bar."""
    panels = list(data.plates.itertuples())
    across = min(_ACROSS, len(panels))
    down = -(-len(panels) // across)
    shape = (int(data.wells["row"].max()) + 1, int(data.wells["col"].max()) + 1)
    shape = next(
        (s for s in ((8, 12), (16, 24), (32, 48)) if s[0] >= shape[0] and s[1] >= shape[1]), shape
    )
    width = 50.0
    height = width * shape[0] / shape[1]
    head, foot, gap_x, gap_y = 14, 15, 7, 10
    total = head + down * (height + gap_y) + foot
    figure = style.new_figure(style.PAGE_MM, total)
    scale = colour_scale(data.low, data.high)
    groups = dict(list(data.wells.groupby(["run", "plate"], sort=False)))
    image = None
    for i, panel in enumerate(panels):
        x = 7 + (i % across) * (width + gap_x)
        y = total - head - gap_y + 5 - (i // across) * (height + gap_y) - height
        axes = figure.add_axes(
            (x / style.PAGE_MM, y / total, width / style.PAGE_MM, height / total)
        )
        outer = i < across, i % across == 0
        pad = 11.5 if outer[0] else 4.0
        image = _draw_plate(axes, groups[(panel.run, panel.plate)], shape, scale, outer)
        axes.set_title(
            palette.label(f"{panel.run}  {panel.plate}", 30), size=7, weight="normal", pad=pad
        )
        verdict = panel.verdict or "no verdict"
        if np.isfinite(panel.z_prime_robust):
            verdict += f", Z′ {formatting.significant(panel.z_prime_robust)}"
        axes.set_title(
            verdict,
            size=7,
            loc="right",
            pad=pad,
            color=_VERDICT_COLOURS.get(panel.verdict, palette.MUTED),
        )
    _key(figure, data, image, total)
    style.title(figure, data.title, data.simulated)
    return figure


def _draw_plate(axes, wells: pd.DataFrame, shape, scale, outer: tuple[bool, bool]):
    """One plate; in the first row of plates with column numbers, in the first column letters."""
    signal = np.full(shape, np.nan)
    row, col = wells["row"].to_numpy(int), wells["col"].to_numpy(int)
    signal[row, col] = wells["signal"].to_numpy(float)
    if isinstance(scale, LogNorm):
        signal[signal <= 0] = scale.vmin
    axes.set_facecolor(_NO_SIGNAL)
    # One small image and a grid of lines: a tenth of the size of a path for every well.
    image = axes.imshow(
        np.ma.masked_invalid(signal),
        norm=scale,
        cmap="viridis",
        interpolation="none",
        extent=(0, shape[1], shape[0], 0),
        aspect="auto",
    )
    axes.hlines(np.arange(1, shape[0]), 0, shape[1], color="white", lw=0.5)
    axes.vlines(np.arange(1, shape[1]), 0, shape[0], color="white", lw=0.5)
    small = 12 / shape[1]  # marks shrink with the wells
    dark = scale(wells["signal"].to_numpy(float)) < 0.6
    ink = np.where(np.asarray(dark) & wells["signal"].notna().to_numpy(), "white", palette.INK)
    for role, letter in ROLE_LETTERS.items():
        mine = (wells["role"] == role).to_numpy()
        if not mine.any():
            continue
        axes.scatter(
            col[mine] + 0.5,
            row[mine] + 0.5,
            marker=_letter(letter),
            s=26 * small**2,
            c=ink[mine],
            lw=0,
        )
    for name, mark in (
        ("excluded", {"marker": "x", "ms": 5.8 * small, "mew": 1.1 * small}),
        ("flagged", {"marker": "o", "ms": 7.9 * small, "mew": 0.9 * small, "mfc": "none"}),
    ):
        mine = wells[name].to_numpy(bool)
        if mine.any():
            where = col[mine] + 0.5, row[mine] + 0.5
            axes.plot(*where, ls="none", color=palette.VERMILION, zorder=4, **mark)
    every = 1 if shape[1] <= 12 else shape[1] // 12 * 2
    columns, rows = np.arange(0, shape[1], every), np.arange(0, shape[0], every)
    axes.set_xticks(*(columns + 0.5, columns + 1) if outer[0] else ([],))
    axes.set_yticks(*(rows + 0.5, [_row_name(i) for i in rows]) if outer[1] else ([],))
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=5.5, pad=1.5, colors=palette.MUTED)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


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


def _key(figure: Figure, data: PlateData, image, total: float) -> None:
    bar = figure.add_axes((7 / style.PAGE_MM, 8 / total, 50 / style.PAGE_MM, 2.4 / total))
    figure.colorbar(image, cax=bar, orientation="horizontal")
    bar.tick_params(length=2, labelsize=6)
    bar.set_title(f"signal ({palette.label(data.unit, 20)})", size=6.5, weight="normal", pad=2.5)
    bar.minorticks_off()
    if isinstance(image.norm, LogNorm):
        decades = np.arange(np.ceil(np.log10(data.low)), np.floor(np.log10(data.high)) + 0.5)
        # The ends are labelled unless a decade stands too close.
        free = [
            t for t in (data.low, data.high) if all(abs(np.log10(t) - d) > 0.3 for d in decades)
        ]
        ticks = [*free, *10.0**decades]
        bar.set_xticks(ticks, [f"{formatting.significant(t)}" for t in ticks])
    x, y = 66 / style.PAGE_MM, 9.2 / total
    roles = "T total   N non-specific   B blank   A total added   (Z′ above: the robust form)"
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


def caption(data: PlateData) -> str:
    """What is drawn, and the verdict of each plate, in words."""
    kind = "logarithmic" if isinstance(colour_scale(data.low, data.high), LogNorm) else "linear"
    verdicts = ", ".join(
        f"{p.run} {p.plate} {p.verdict or 'without a verdict'}" for p in data.plates.itertuples()
    )
    crossed = int(data.wells["excluded"].sum())
    ringed = int(data.wells["flagged"].sum())
    text = (
        f"{data.title}. Signal of every well ({data.unit}), one {kind} colour scale for the assay. "
        f"T total, N non-specific, B blank, A total added (B and A may lie beyond the scale); "
        f"{crossed} excluded wells crossed, "
        f"{ringed} flagged wells ringed. Verdicts: {verdicts}."
    )
    return f"{text} Simulated data." if data.simulated else text


def prepare(tables: dict[str, pd.DataFrame]):
    """Every heat map of the tables: yields (drop, assay, page, simulated, PlateData).

    Parameters
    ----------
    tables : dict
        Frames `wells` and `plates`.
    """
    wells = tables["wells"]
    wells = wells[wells["row"].notna() & wells["col"].notna() & (wells["plate"] != "")]
    if wells.empty:
        return
    wells = wells.assign(
        flagged=wells["flags"] != "",
        excluded=wells["excluded"].fillna(False).astype(bool),
        simulated=wells["simulated"].fillna(False).astype(bool),
        row=wells["row"].astype("int64"),
        col=wells["col"].astype("int64"),
    )
    # Joined and counted once for all groups: a figure's own share must stay small, for most
    # figures of a large archive are not drawn again.
    group = ["drop", "assay"]
    verdicts = tables["plates"].drop_duplicates([*group, "run", "plate"])
    seen = wells[[*group, "run", "plate"]].drop_duplicates()
    seen = seen.sort_values([*group, "run", "plate"]).merge(
        verdicts[[*group, "run", "plate", "verdict", "z_prime_robust"]],
        how="left",
        on=[*group, "run", "plate"],
    )
    seen["verdict"] = seen["verdict"].fillna("")
    panels_of = dict(list(seen.drop(columns=group).groupby([seen["drop"], seen["assay"]])))
    assayed = ~wells["excluded"] & ~wells["role"].isin(["blank", "total_added", "empty"])
    scales = wells[assayed].groupby(group)["signal"].agg(["min", "max"]).dropna()
    ends = dict(zip(scales.index, scales.itertuples(index=False, name=None), strict=True))
    for (drop, assay), mine in wells.groupby(group, sort=True):
        panels = panels_of[drop, assay]
        low, high = map(float, ends.get((drop, assay), (0.0, 1.0)))
        simulated = bool(mine["simulated"].any())
        for page, start in enumerate(range(0, len(panels), PLATES_PER_FIGURE), start=1):
            some = panels.iloc[start : start + PLATES_PER_FIGURE].reset_index(drop=True)
            shown = mine
            if len(some) < len(panels):
                shown = mine.merge(some[["run", "plate"]], on=["run", "plate"])
            yield (
                drop,
                assay,
                page,
                simulated,
                PlateData(
                    title=f"{drop}, {assay}"
                    + (f", page {page}" if len(panels) > PLATES_PER_FIGURE else ""),
                    wells=shown[
                        ["run", "plate", "row", "col", "role", "signal", "excluded", "flagged"]
                    ],
                    plates=some,
                    low=low,
                    high=high,
                    unit=next((u for u in mine["unit"] if u), "no unit"),
                    simulated=simulated,
                ),
            )
