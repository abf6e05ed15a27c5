"""Concentration-response figures: one for a compound and a modality, all its targets in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reuptake import formatting
from reuptake.curves.models import logistic
from reuptake.figures import palette, style
from reuptake.figures.inputs import series_of
from reuptake.figures.points import fits_of, named, placed_points, points_by_compound
from reuptake.tables import records

_GAP = 0.13  # of the concentration range: from the data to the controls beyond the axis breaks
_LEFT_MM, _WIDTH_MM, _FOOT_MM, _HEAD_MM = 15.0, 97.0, 12.0, 9.0
_PANEL_MM, _RESIDUALS_MM = 45.0, 15.0
_LINE_POINTS, _SOLID_LINES = 64, 20
_RESIDUALS = (-4.5, 4.5)  # SD; the strip ends there, wells beyond stand at its edge
_MARGIN = 0.3  # decades free on either side of the tested concentrations
# more wells than a reader can tell apart become one image inside the SVG, or it grows too large
# for a page; axes and text stay lines
_MOST_MARKS = 3000


@dataclass(frozen=True)
class CurveData:
    """What one figure shows; each frame has a column `series`, the label of a target.

    Attributes
    ----------
    wells : DataFrame
        series, experiment, x (log10 nM), percent, residual, excluded, left_out: compound wells.
    controls : DataFrame
        series, upper (vehicle or full block), percent, excluded.
    fits : DataFrame
        series, target, status, model, fitted, left_out, log10_ic50, hill, top_percent,
        bottom_percent, x_low, x_high: each curve, in percent.
    experiments : DataFrame
        series, assay, qualifier, value_nM, lower_nM, upper_nM: IC50 of each experiment.
    potency : DataFrame
        The same with n_experiments: IC50 over experiments.
    """

    title: str
    wells: pd.DataFrame
    controls: pd.DataFrame
    fits: pd.DataFrame
    experiments: pd.DataFrame
    potency: pd.DataFrame
    simulated: bool


def draw(data: CurveData) -> Figure:
    """The figure: wells, means of runs, fits, controls at axis breaks, IC50 below."""
    names = list(dict.fromkeys(data.fits["series"]))
    targets = list(data.fits.drop_duplicates("series")["target"])
    colours = dict(zip(names, map(palette.target_colours(targets).get, targets), strict=True))
    dashes = dict(
        zip(
            names,
            ["-" if n == t else (0, (4, 1.5)) for n, t in zip(names, targets, strict=True)],
            strict=True,
        )
    )
    rows = _potency_rows(data, names)

    strip_mm = 5 + 4.2 * max(len(rows), 1)
    below_mm = _FOOT_MM + _RESIDUALS_MM
    height_mm = below_mm + strip_mm + _PANEL_MM + _HEAD_MM
    figure = style.new_figure(style.PAGE_MM, height_mm)

    span = _span(data)

    def axes_at(bottom_mm, tall_mm):
        box = (_LEFT_MM, bottom_mm, _WIDTH_MM, tall_mm)
        page = (style.PAGE_MM, height_mm) * 2
        axes = figure.add_axes([a / b for a, b in zip(box, page, strict=True)])
        # one concentration axis, at the foot; shared axes would each draw its ticks
        axes.set_xlim(span.vehicle - 0.45 * span.gap, span.block + 0.45 * span.gap)
        axes.set_xticks([])
        return axes

    panel = axes_at(below_mm + strip_mm, _PANEL_MM)
    strip = axes_at(below_mm, strip_mm)
    residuals = axes_at(_FOOT_MM, _RESIDUALS_MM - 2)
    y_limits = _y_limits(data)
    if len(data.wells) + len(data.controls) > _MOST_MARKS:
        panel.set_rasterization_zorder(4.5)
        residuals.set_rasterization_zorder(4.5)
    _frame(panel, y_limits)
    _draw_fits(panel, data.fits, colours, dashes)
    _draw_wells(panel, residuals, data.wells, colours, y_limits)
    _draw_controls(panel, data.controls, colours, span, y_limits)
    _draw_strip(strip, rows, data.experiments, colours, span)
    _frame_residuals(residuals, span)
    _key(figure, data, names, colours, dashes, height_mm)
    style.title(figure, data.title, data.simulated, _LEFT_MM)
    return figure


@dataclass(frozen=True)
class _Span:
    """The concentration axis: log10 nM at its ends, and where the controls stand."""

    low: float
    high: float

    @property
    def gap(self) -> float:
        return _GAP * (self.high - self.low)

    @property
    def vehicle(self) -> float:
        return self.low - self.gap

    @property
    def block(self) -> float:
        return self.high + self.gap

    @property
    def breaks(self) -> tuple[float, float]:
        return self.low - self.gap * 0.42, self.high + self.gap * 0.42


def _span(data: CurveData) -> _Span:
    """The tested concentrations with a margin (at least two decades)."""
    x = data.wells["x"].to_numpy()
    x = x[np.isfinite(x)]
    if not len(x):
        return _Span(0.0, 3.0)
    short = max(0.0, 2 - (x.max() - x.min())) / 2
    return _Span(x.min() - short - _MARGIN, x.max() + short + _MARGIN)


def _y_limits(data: CurveData) -> tuple[float, float]:
    """Room for every well in use; excluded ones beyond are drawn at the edge."""
    values = pd.concat(
        [f.loc[~f["excluded"].astype(bool), "percent"] for f in (data.wells, data.controls)]
    )
    values = values[np.isfinite(values)]
    # A wild well must not flatten the curves: beyond 400 % of the window the axis ends.
    low = max(min(values.min() - 6, -10), -200) if len(values) else -10
    high = min(max(values.max() + 6, 114), 400) if len(values) else 114
    return float(low), float(high)


def _scatter_wells(panel, x, y, excluded, colour: str, alpha: float, limits) -> None:
    """Single wells: light, hollow if excluded, a triangle at the edge if beyond it."""
    x, y, excluded = (np.asarray(a) for a in (x, y, excluded))
    inset = 0.025 * (limits[1] - limits[0])
    above, below = y > limits[1], y < limits[0]
    y = np.where(above, limits[1] - inset, np.where(below, limits[0] + inset, y))
    light = {"color": colour, "mew": 0, "alpha": alpha}
    hollow = {"mfc": "none", "mec": colour, "mew": 0.6}
    for mark, size, some in (
        ("o", 2.2, ~(above | below) & np.isfinite(y)),
        ("^", 3.0, above),
        ("v", 3.0, below),
    ):
        for shown, how, larger in ((some & ~excluded, light, 0), (some & excluded, hollow, 0.8)):
            if shown.any():
                panel.plot(x[shown], y[shown], mark, ms=size + larger, zorder=2, **how)


def _draw_wells(panel, residuals, wells: pd.DataFrame, colours: dict[str, str], y_limits) -> None:
    for name, part in wells.groupby("series", sort=False):
        colour, x, excluded = colours[name], part["x"], part["excluded"]
        _scatter_wells(panel, x, part["percent"], excluded, colour, 0.35, y_limits)
        _scatter_wells(residuals, x, part["residual"], excluded, colour, 0.35, _RESIDUALS)
        used = part[~part["excluded"] & ~part["left_out"]]
        means = used.groupby(["experiment", "x"], sort=True)[["percent", "residual"]].mean()
        x = means.index.get_level_values("x")
        dark = {"mew": 0.4, "mec": "white", "color": colour, "zorder": 4}
        panel.plot(x, means["percent"], "o", ms=3.8, **dark)
        inside = means["residual"].between(*_RESIDUALS)
        residuals.plot(x[inside], means["residual"][inside], "o", ms=3.0, **dark)


def _draw_controls(panel, controls: pd.DataFrame, colours, span: _Span, y_limits) -> None:
    names = list(colours)
    step = 0.022 * (span.high - span.low)
    for (name, upper), part in controls.groupby(["series", "upper"], sort=False):
        # Side by side by target, so that the controls of one do not hide another's.
        offset = step * (names.index(name) - (len(names) - 1) / 2)
        x = np.full(len(part), (span.vehicle if upper else span.block) + offset)
        _scatter_wells(panel, x, part["percent"], part["excluded"], colours[name], 0.3, y_limits)


def _draw_fits(panel, fits: pd.DataFrame, colours, dashes) -> None:
    for (name, left_out), part in fits[fits["fitted"]].groupby(["series", "left_out"], sort=False):
        ends, shape = part[["x_low", "x_high"]], ["log10_ic50", "hill", "top_percent"]
        x = np.linspace(*ends.to_numpy().T, _LINE_POINTS, axis=1)
        y = logistic(x, *part[[*shape, "bottom_percent"]].to_numpy().T[..., None])
        # of very many lines the dense ones stand out
        how = {"colors": colours[name], "linewidths": 0.9, "zorder": 3}
        how["alpha"] = 0.8 * max(0.05, min(1.0, _SOLID_LINES / len(part)))
        dash = style.DOTTED if left_out else dashes[name]
        lines = LineCollection(np.stack([x, y], axis=2), linestyles=[dash], **how)
        panel.add_collection(lines, autolim=False)


def _frame(panel, y_limits) -> None:
    panel.set_ylim(*y_limits)
    for level in (0, 50, 100):
        dash = "-" if level != 50 else (0, (2, 2))
        panel.axhline(level, color=palette.RULE, lw=0.5, zorder=0, ls=dash)
    panel.set_ylabel("Response (% of control window)")
    panel.spines["bottom"].set_visible(False)


def _concentration_axis(axis, span: _Span) -> None:
    """Ticks at decades in nM, minor ticks at 2 to 9, and the control positions at the ends."""
    decades = np.arange(np.ceil(span.low), np.floor(span.high) + 0.5)
    step = 1 if len(decades) <= 6 else 2
    labels = [style.number_label(d) if i % step == 0 else "" for i, d in enumerate(decades)]
    axis.set_xticks([*decades, span.vehicle, span.block], [*labels, "vehicle", "full\nblock"])
    minor = [d + np.log10(k) for d in [decades[0] - 1, *decades] for k in range(2, 10)]
    style.minor_ticks(axis, [m for m in minor if span.low <= m <= span.high])
    axis.set_xlabel("Concentration (nM)", labelpad=1)
    across = axis.get_xaxis_transform()
    half = 0.006 * (span.high - span.low)
    for middle in span.breaks:
        axis.plot(
            [middle - half, middle + half],
            [0, 0],
            color="white",
            lw=2.4,
            clip_on=False,
            transform=across,
            zorder=5,
        )
        for shift in (-half, half):
            axis.plot(
                [middle + shift - half, middle + shift + half],
                [-0.07, 0.07],
                transform=across,
                color=palette.INK,
                lw=0.7,
                clip_on=False,
                zorder=6,
            )


def _potency_rows(data: CurveData, names: list[str]) -> list[tuple[str, str, object]]:
    """One row of the strip for each target and assay: (series, assay, potency row or None)."""
    rows = []
    for name in names:
        part = data.potency[data.potency["series"] == name]
        rows += [(name, row.assay, row) for row in part.itertuples()]
    return rows


def _draw_strip(strip, rows, experiments: pd.DataFrame, colours, span: _Span) -> None:
    """IC50 over experiments with its 95 % interval, single experiments light beneath it."""
    edges = (span.low, span.high)
    for i, (name, assay, row) in enumerate(rows):
        y = -i
        mine = experiments[(experiments["series"] == name) & (experiments["assay"] == assay)]
        exact = mine[mine["qualifier"] == "="]
        strip.scatter(
            np.log10(exact["value_nM"]),
            np.full(len(exact), y - 0.3),
            s=6,
            lw=0,
            color=colours[name],
            alpha=0.45,
            zorder=2,
        )
        draw_estimates(
            strip,
            y,
            row.qualifier,
            np.log10(row.value_nM) if row.value_nM > 0 else np.nan,
            _log10(row.lower_nM),
            _log10(row.upper_nM),
            edges,
            colours[name],
        )
    strip.set_ylim(-len(rows) + 0.25 if rows else -1, 0.75)
    strip.set_yticks([])
    for side in ("left", "bottom"):
        strip.spines[side].set_visible(False)
    strip.text(-0.012, 0.5, "IC50", transform=strip.transAxes, ha="right", va="center", size=7.5)


def _frame_residuals(residuals, span: _Span) -> None:
    residuals.set_ylim(*_RESIDUALS)
    residuals.set_yticks([-4, -2, 0, 2, 4], ["-4", "", "0", "", "4"])
    for level, dash in ((-2, (0, (2, 2))), (0, "-"), (2, (0, (2, 2)))):
        residuals.axhline(level, color=palette.RULE, lw=0.5, zorder=0, ls=dash)
    residuals.set_ylabel("Residual\n(SD)", labelpad=1)
    _concentration_axis(residuals, span)


def _log10(value: float) -> float:
    """log10 with 0 and infinity as open ends."""
    with np.errstate(divide="ignore"):
        return float(np.log10(value))


def draw_estimates(
    axes, y, qualifier, point, lower, upper, edges, colour, size=4.2, alpha=1.0
) -> None:
    """Points with their 95 % intervals; an end beyond the axis, or a bound, is an arrow.

    Parameters
    ----------
    y, point, lower, upper : array_like
        On the axes' scales, one entry or many; NaN limits draw no interval, infinite ones an
        arrow.
    qualifier : array_like of str
        ``=`` draws point and interval, ``>`` and ``<`` an arrow from the bound outward.
    edges : (float, float)
        Where arrows end.
    size : float
        Of the points.
    """
    bars, caps, heads = [], [], {"<": [], ">": []}
    low, high = edges
    places = (np.atleast_1d(np.asarray(a)) for a in (y, qualifier, point, lower, upper))
    shown = []
    for at, sign, value, *limits in zip(*places, strict=True):
        if sign not in ("=", ">", "<") or not np.isfinite(value):
            continue
        if not low <= value <= high:
            heads[">" if value > high else "<"].append((min(max(value, low), high), at))
        elif sign == "=":
            shown.append((value, at))
            for limit, head, edge in zip(limits, "<>", edges, strict=True):
                if np.isnan(limit):
                    continue
                inside = low <= limit <= high
                bars.append([(value, at), (limit if inside else edge, at)])
                (caps if inside else heads[head]).append(bars[-1][1])
        else:
            end = max(high, value + 0.25) if sign == ">" else min(low, value - 0.25)
            bars.append([(value, at), (end, at)])
            caps.append((value, at))
            heads[sign].append((end, at))
    marks = {"ls": "none", "color": colour, "alpha": alpha, "clip_on": False}
    # bars end under the point of their arrow
    wide = {"colors": colour, "alpha": alpha, "linewidths": 0.32 * size, "capstyle": "butt"}
    axes.add_collection(LineCollection(bars, clip_on=False, **wide), autolim=False)
    for marker, found, how in (
        ("|", caps, {"ms": size + 0.6, "mew": 1.1}),
        ("<", heads["<"], {"ms": 4, "mew": 0}),
        (">", heads[">"], {"ms": 4, "mew": 0}),
        ("o", shown, {"ms": size, "mec": "white", "mew": 0.5, "zorder": 4}),
    ):
        if found:
            axes.plot(*zip(*found, strict=True), marker=marker, **marks, **how)


def _key(figure, data: CurveData, names, colours, dashes, height_mm: float) -> None:
    """The right column: each target with its IC50, interval and n, then what the marks mean."""
    x, y = 118 / style.PAGE_MM, 1 - 12 / height_mm
    line = 3.6 / height_mm
    for name in names:
        figure.add_artist(
            Line2D(
                [x, x + 0.03], [y - line * 0.42] * 2, color=colours[name], ls=dashes[name], lw=1.6
            )
        )
        figure.text(
            x + 0.038, y, palette.label(name, 30), weight="bold", va="top", color=colours[name]
        )
        for text in potency_words(data, name):
            y -= line
            figure.text(x + 0.038, y, text, va="top", color=palette.INK)
        y -= 1.7 * line
    grey = palette.MUTED
    marks = [
        ("o", 2.2, grey, "none", 0.5, "well"),
        ("o", 3.4, "none", grey, 1, "well, excluded"),
        ("o", 4.2, grey, "white", 1, "mean of one run"),
    ]
    for marker, size, face, edge, alpha, words in marks:
        figure.add_artist(
            Line2D(
                [x + 0.015],
                [y - line * 0.42],
                marker=marker,
                ms=size,
                mfc=face,
                mec=edge,
                mew=0.6,
                ls="none",
                alpha=alpha,
            )
        )
        figure.text(x + 0.038, y, words, va="top", color=grey)
        y -= line
    figure.add_artist(Line2D([x, x + 0.03], [y - line * 0.42] * 2, color=grey, lw=0.9))
    figure.text(x + 0.038, y, "fit of one curve", va="top", color=grey)


def potency_words(data: CurveData, name: str) -> list[str]:
    """What is said of one target: ``IC50 1.24 nM``, ``95 % CI 0.9 to 1.6 nM, n = 3``."""
    rows = [row for row in records(data.potency) if row["series"] == name]
    lines = []
    for row in rows:
        which = f" ({palette.label(row['assay'], 22)})" if len(rows) > 1 else ""
        if row["qualifier"] == "":
            lines.append(f"no IC50{which}")
            continue
        bounded = formatting.bounded(row["qualifier"], row["value_nM"], "nM")
        lines.append(f"IC50 {bounded}{which}")
        span = formatting.interval(row["lower_nM"], row["upper_nM"])
        words = f"n = {row['n_experiments']}"
        if row["qualifier"] == "=" and span != formatting.MISSING:
            if row["n_experiments"] == 1:
                # One experiment alone: the interval can only be that of its fit.
                lines.append(f"95 % CI of the fit {span}")
            else:
                words = f"95 % CI {span}, {words}"
        lines.append(words)
    fits = zip(*(data.fits[of] for of in ("series", "left_out", "fitted", "status")), strict=True)
    mine = [rest for series, *rest in fits if series == name]
    if left_out := sum(left for left, _, _ in mine):
        lines.append(f"{left_out} curve{'s' * (left_out > 1)} left out (failed or repeat)")
    for status, count in Counter(status for _, fitted, status in mine if not fitted).items():
        lines.append(f"{count} curve{'s' * (count > 1)} {status}: no line")
    return lines or ["no IC50"]


def caption(data: CurveData) -> str:
    """The caption: what is drawn, n, model and interval of each target, in words."""
    sentences = [
        f"{data.title}. Response in % of the control window (100: vehicle, 0: full block). "
        "Light points are single wells, hollow ones excluded; dark points are means of one run; "
        "controls stand beyond the axis breaks. Each line is the fit of one curve (dotted: left "
        "out of the IC50, on a failed plate or a repeat); below, IC50 over experiments with its "
        "95 % interval and the single experiments, and the weighted residuals of the wells in "
        "standard deviations of their curve (broken lines: 2)."
    ]
    for name in dict.fromkeys(data.fits["series"]):
        models = sorted(set(data.fits.loc[data.fits["series"] == name, "model"]) - {""})
        words = [*potency_words(data, name), *([f"model {', '.join(models)}"] if models else [])]
        sentences.append(f"{name}: {'; '.join(words)}.")
    if data.simulated:
        sentences.append("Simulated data.")
    return " ".join(sentences)


_GROUP = ["compound", "modality", "simulated"]
_OF_CURVE = [*_GROUP, "series", "left_out", "experiment"]
_OF_WELL = ["series", "experiment", "x", "percent", "residual", "excluded", "left_out"]
_OF_CONTROL = ["series", "upper", "percent", "excluded"]
_OF_LINE = ["series", "target", "status", "model", "fitted", "left_out", "log10_ic50", "hill"]
_OF_LINE += ["top_percent", "bottom_percent", "x_low", "x_high"]
_OF_EXPERIMENT = ["series", "assay", "qualifier", "value_nM", "lower_nM", "upper_nM"]
_OF_POTENCY = [*_OF_EXPERIMENT, "n_experiments"]


def prepare(tables: dict[str, pd.DataFrame], wells: Iterable[pd.DataFrame]):
    """Every curve figure of the tables: yields (compound, modality, simulated, CurveData).

    Parameters
    ----------
    tables : dict
        Frames `curves`, `experiments` and `potency`.
    wells : iterable of DataFrame
        The result table in parts, each of whole drops.
    """
    curves = named(tables["curves"])
    fits = fits_of(curves)
    order = {name: i for i, name in enumerate(palette.target_order(curves["target"]))}
    experiments = _of_figures(_ic50_rows(tables["experiments"]), _OF_EXPERIMENT)
    potency = _of_figures(_ic50_rows(tables["potency"]), _OF_POTENCY)
    for rows, points in points_by_compound(curves, wells, placed_points):
        number = points["curve"].to_numpy()
        points = points.assign(
            upper=points["x"] < 0,
            **{name: curves[name].to_numpy()[number] for name in _OF_CURVE},
        )
        finite = np.isfinite(points["x"])
        compound_wells = _of_figures(points[finite], _OF_WELL)
        controls = _of_figures(points[~finite], _OF_CONTROL)
        for key, mine in fits.iloc[rows].groupby(_GROUP, sort=True):
            places = np.argsort(mine["target"].map(order).to_numpy(), kind="stable")
            data = CurveData(
                title=f"{key[0]}, {key[1]}",
                wells=compound_wells(key),
                controls=controls(key),
                fits=mine[_OF_LINE].iloc[places].reset_index(drop=True),
                experiments=experiments(key),
                potency=potency(key),
                simulated=key[2],
            )
            yield *key, data


def _of_figures(frame: pd.DataFrame, columns: list[str]) -> Callable[[tuple], pd.DataFrame]:
    """What of a frame a figure shows, by compound, modality and simulated."""
    found = dict(list(frame.groupby(_GROUP, sort=False)))
    return lambda key: found.get(key, frame.iloc[:0])[columns].reset_index(drop=True)


def _ic50_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """IC50 rows of `experiments` or `potency`, with the series label."""
    rows = frame[frame["quantity"] == "IC50"]
    simulated = rows["simulated"].fillna(False).astype(bool)
    return rows.assign(simulated=simulated, series=series_of(rows))
