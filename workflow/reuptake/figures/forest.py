"""Potency of every independent experiment and over them, target by target, on one axis."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from reuptake import formatting
from reuptake.figures import palette, style
from reuptake.figures.curves import draw_estimates
from reuptake.figures.inputs import series_of
from reuptake.published import far_from_published

NEWEST = 12  # experiments of one target; older ones are left to the table
_ROW_MM, _HEAD_MM, _FOOT_MM = 3.6, 11.0, 18.0
_LEFT_MM, _WIDTH_MM = 44.0, 76.0
_BAND = "#f3e6c8"
_TURNED = {"=": "=", ">": "<", "<": ">"}
_BLOCK = ["series", "assay"]


@dataclass(frozen=True)
class ForestData:
    """What one figure shows.

    Attributes
    ----------
    quantity : str
        Ki or IC50.
    experiments : DataFrame
        series, target, assay, experiment, qualifier, value_nM, lower_nM, upper_nM.
    potency : DataFrame
        The same over experiments, with n_experiments and n_censored; one block each.
    published : dict
        Published values in nM, ascending, by series; none for simulated data.
    not_drawn : dict
        By series and assay, how many older experiments are left to the table.
    """

    title: str
    quantity: str
    experiments: pd.DataFrame
    potency: pd.DataFrame
    simulated: bool
    published: dict[str, list[float]] = field(default_factory=dict)
    not_drawn: dict[tuple[str, str], int] = field(default_factory=dict)


def draw(data: ForestData) -> Figure:
    """The figure: a block for each target, experiments light, the combined value dark below."""
    blocks = _blocks(data)
    n_rows = sum(len(rows) + 2 for _, rows in blocks)
    height_mm = _HEAD_MM + _ROW_MM * n_rows + _FOOT_MM
    figure = style.new_figure(style.PAGE_MM, height_mm)
    box = (_LEFT_MM, _FOOT_MM, _WIDTH_MM, _ROW_MM * n_rows)
    page = (style.PAGE_MM, height_mm) * 2
    axes = figure.add_axes([a / b for a, b in zip(box, page, strict=True)])
    low, high = _limits(data)
    colours = palette.target_colours(list(data.potency["target"]))
    labels, y = [], 0.0
    for whole, rows in blocks:
        colour = colours[whole.target]
        _draw_band(axes, data.published.get(whole.series, ()), y + 0.4, y - len(rows) - 1.4)
        labels.append((y, _block_label(data, whole), {"color": colour, "weight": "bold"}))
        places = y - 1 - np.arange(len(rows))
        for place, name in zip(places, _names(rows), strict=True):
            labels.append((place, name, {"color": palette.MUTED}))
        if rows:
            _draw_rows(axes, places, rows, (low, high), colour, size=3, alpha=0.55)
        y -= len(rows) + 1
        labels.append((y, f"combined, n = {whole.n_experiments}", {}))
        _draw_rows(axes, [y], [whole], (low, high), colour, size=5.2, alpha=1.0)
        y -= 1
    left, right = -2 / _WIDTH_MM, 1 + 4 / _WIDTH_MM
    across = axes.get_yaxis_transform()
    for at, text, how in labels:
        axes.text(left, at, text, ha="right", va="center", transform=across, **how)
    for at, text, how in _numbers(data, blocks):
        axes.text(right, at, text, ha="left", va="center", transform=across, **how)
    axes.set_ylim(-n_rows + 0.5, 0.6)
    axes.set_xlim(low, high)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axes.grid(axis="x", color=palette.RULE, lw=0.4)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"p{data.quantity} (more potent to the right)", labelpad=2)
    _key(figure, data, height_mm)
    style.title(figure, data.title, data.simulated)
    return figure


def _blocks(data: ForestData) -> list[tuple]:
    """Each row of potency with its experiments."""
    of = {key: list(rows.itertuples()) for key, rows in data.experiments.groupby(_BLOCK)}
    return [(row, of.get((row.series, row.assay), [])) for row in data.potency.itertuples()]


def _limits(data: ForestData) -> tuple[float, float]:
    """Ends of the axis of p: room for every number, and two units at least."""
    columns = ["value_nM", "lower_nM", "upper_nM"]
    numbers = [f[columns].to_numpy(float).ravel() for f in (data.experiments, data.potency)]
    numbers.append(np.array([v for some in data.published.values() for v in some]))
    found, points = (p_of(v) for v in (np.concatenate(numbers), data.potency["value_nM"]))
    found, points = (np.asarray(v)[np.isfinite(v)] for v in (found, points))
    if not len(found):
        return 4.0, 10.0
    if len(points):
        # what is told very badly must not flatten the rest
        found = found[(found > points.min() - 3) & (found < points.max() + 3)]
    low, high = found.min() - 0.35, found.max() + 0.35
    short = max(0.0, 2.0 - (high - low)) / 2
    return float(low - short), float(high + short)


def _draw_band(axes, published, top: float, bottom: float) -> None:
    """The range of the published values; a single one is a line."""
    if not published:
        return
    low, high = p_of(max(published)), p_of(min(published))
    least = 0.03  # a single value shows too
    low, high = min(low, (low + high - least) / 2), max(high, (low + high + least) / 2)
    axes.add_patch(
        Rectangle((low, bottom), high - low, top - bottom, fc=_BAND, lw=0, zorder=0, gid="band")
    )


def _draw_rows(axes, y, rows: list, edges, colour: str, size: float, alpha: float) -> None:
    """Estimates on the axis of p, where a bound points the other way."""
    values = np.array([[row.value_nM, row.upper_nM, row.lower_nM] for row in rows], dtype=float)
    signs = [_TURNED.get(row.qualifier, "") for row in rows]
    draw_estimates(axes, y, signs, *p_of(values).T, edges, colour, size=size, alpha=alpha)


def p_of(nM):
    """pKi or pIC50: -log10 of the molar concentration."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return 9.0 - np.log10(nM)


def _block_label(data: ForestData, whole) -> str:
    several = (data.potency["series"] == whole.series).sum() > 1
    name = f"{whole.series}, {whole.assay}" if several and whole.assay else whole.series
    return palette.label(name, 26)


def _names(rows: list) -> list[str]:
    """The runs of a block; with their drops where two have one name."""
    runs = [row.experiment.rpartition("/")[2] for row in rows]
    names = [row.experiment for row in rows] if len(set(runs)) < len(runs) else runs
    texts = [palette.label(name, 200) for name in names]
    # of a long name the end, where the run is named
    return [text if len(text) <= 27 else f"…{text[-26:]}" for text in texts]


def _numbers(data: ForestData, blocks: list[tuple]) -> list[tuple[float, str, dict]]:
    """What stands to the right: the value of each row with its interval."""
    out, y = [], 0.0
    for whole, rows in blocks:
        if older := data.not_drawn.get((whole.series, whole.assay)):
            out.append((y, f"{older} older experiments not drawn", {"color": palette.MUTED}))
        for row in [*rows, whole]:
            y -= 1
            how = {"weight": "bold"} if row is whole else {"color": palette.MUTED}
            out.append((y, value_words(row), how))
        y -= 1
        if note := far_note(data, whole):
            out.append((y + 0.15, note, {"color": palette.ALERT, "size": 6}))
    return out


def value_words(row) -> str:
    """``0.640 nM (0.267 to 1.55)``."""
    if not row.qualifier:
        return "no value"
    value = formatting.bounded(row.qualifier, row.value_nM, "nM")
    span = formatting.interval(row.lower_nM, row.upper_nM)
    return f"{value} ({span})" if row.qualifier == "=" and span != formatting.MISSING else value


def far_note(data: ForestData, whole) -> str:
    """What is said where all published values lie over ten-fold from the value or its bound.

    A note and no verdict: laboratories differ, and it may be the published value that is off.
    """
    return far_from_published(
        whole.qualifier, whole.value_nM, data.published.get(whole.series) or ()
    )


def _key(figure: Figure, data: ForestData, height_mm: float) -> None:
    dark, light = {"color": palette.INK}, {"color": palette.MUTED, "alpha": 0.6}
    bar = {"marker": "o", "lw": 1.4}
    marks = [
        Line2D([], [], label="experiment (95 %)", ms=3, **bar, **light),
        Line2D([], [], label="combined (95 %)", ms=5.2, **bar, **dark),
        Line2D([], [], label="bound or open side", marker=">", ms=4, **dark),
    ]
    if data.published:
        marks.append(Rectangle((0, 0), 1, 1, fc=_BAND, lw=0, label="range of published values"))
    figure.legend(
        handles=marks,
        loc="lower left",
        bbox_to_anchor=(7 / style.PAGE_MM, 2 / height_mm),
        ncols=4,
        borderaxespad=0,
        handlelength=1.8,
        columnspacing=1.6,
    )


def caption(data: ForestData) -> str:
    """What is drawn, and for each target the combined value, its interval and n."""
    text = (
        f"{data.title}. Each independent experiment with the 95 % interval of its fit and, below, "
        "the value over experiments with its 95 % interval; arrows are bounds or open sides."
    )
    if data.published:
        text += " Shaded: the range of the published values of the same species and modality."
    for row in data.potency.itertuples():
        name = f"{row.series}, {row.assay}" if row.assay else row.series
        bounds = f" ({row.n_censored} bounds)" if row.n_censored > 0 else ""
        words = [f"{data.quantity} {value_words(row)}", f"n = {row.n_experiments}{bounds}"]
        if older := data.not_drawn.get((row.series, row.assay)):
            words.append(f"{older} older experiments not drawn")
        if published := data.published.get(row.series):
            ends = [formatting.significant(v) for v in dict.fromkeys((published[0], published[-1]))]
            words.append(f"published {' to '.join(ends)} nM")
        if note := far_note(data, row):
            words.append(note)
        text += f" {name}: {'; '.join(words)}."
    return f"{text} Simulated data." if data.simulated else text


_READ = ["compound", "modality", "simulated", "quantity", "target", "species", "assay"]
_READ += ["qualifier", "value_nM", "lower_nM", "upper_nM"]


def prepare(tables: dict[str, pd.DataFrame], published: pd.DataFrame):
    """Every forest plot of the tables: yields (compound, modality, simulated, ForestData).

    Parameters
    ----------
    tables : dict
        Frames `experiments` and `potency`. The Ki is drawn, or the IC50 where the compound has
        no Ki at all.
    published : DataFrame
        Published affinities; never drawn beside simulated data.
    """
    frames = {}
    for name in ("experiments", "potency"):
        frame = tables[name]
        more = ["date", "experiment"] if name == "experiments" else ["n_experiments", "n_censored"]
        frames[name] = frame[[*_READ, *more]].assign(
            simulated=frame["simulated"].fillna(False).astype(bool), series=series_of(frame)
        )
    group = ["compound", "modality", "simulated"]
    experiments = dict(list(frames["experiments"].groupby([*group, "quantity"])))
    literature = published_values(published)
    for (compound, modality, simulated), whole in frames["potency"].groupby(group, sort=True):
        has_ki = ((whole["quantity"] == "Ki") & (whole["qualifier"] != "")).any()
        quantity = "Ki" if has_ki else "IC50"
        whole = _with_refused(whole, quantity)
        rank = {name: i for i, name in enumerate(palette.target_order(whole["target"]))}
        order = np.argsort(whole["target"].map(rank).to_numpy(), kind="stable")
        whole = whole.iloc[order].reset_index(drop=True)
        single = experiments.get((compound, modality, simulated, quantity))
        single = frames["experiments"].iloc[:0] if single is None else single
        # a Ki is pooled over assays, which its row does not name
        single = single.assign(assay=single["assay"] if (whole["assay"] != "").any() else "")
        single = single.sort_values(["date", "experiment"], kind="stable")
        shown = single.groupby(_BLOCK, sort=False).tail(NEWEST)
        older = single.groupby(_BLOCK).size() - shown.groupby(_BLOCK).size()
        known = {} if simulated else {
            series: literature[key]
            for series, target, species in zip(
                whole["series"], whole["target"], whole["species"], strict=True
            )
            if (key := (compound, target, species, modality, quantity)) in literature
        }  # fmt: skip
        columns = [*_BLOCK, "target", "qualifier", "value_nM", "lower_nM", "upper_nM"]
        data = ForestData(
            title=f"{compound}, {modality}: {quantity} by experiment",
            quantity=quantity,
            experiments=shown[[*columns, "experiment"]].reset_index(drop=True),
            potency=whole[[*columns, "n_experiments", "n_censored"]],
            simulated=bool(simulated),
            published=known,
            not_drawn={key: int(n) for key, n in older.items() if n},
        )
        yield compound, modality, bool(simulated), data


def _with_refused(whole: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Rows of one quantity; a target that has none of it has a row without a value."""
    mine = whole[whole["quantity"] == quantity]
    others = whole[~whole["series"].isin(mine["series"])].drop_duplicates("series")
    nothing = {"qualifier": "", "n_experiments": 0, "n_censored": 0, "assay": ""}
    nothing |= dict.fromkeys(("value_nM", "lower_nM", "upper_nM"), np.nan)
    return pd.concat([mine, others.assign(**nothing)]) if len(others) else mine


def published_values(published: pd.DataFrame) -> dict[tuple, list[float]]:
    """Published values in nM, ascending, by compound, target, species, modality, quantity."""
    given = published[published["value_nM"] != ""]
    keys = ["compound", "target", "species", "modality", "quantity"]
    return {
        key: sorted(float(value) for value in part["value_nM"])
        for key, part in given.groupby(keys, sort=False)
    }
