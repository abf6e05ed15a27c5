"""In-vivo figures: every animal a point, the comparison that was made, and the dose-response."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reuptake import formatting
from reuptake.animals.frame import one_per_animal
from reuptake.figures import palette, style
from reuptake.figures.palette import ALERT, BLUE, INK, MUTED, RULE, VERMILION

_POINT, _MEAN = 9.0, 5.0


@dataclass(frozen=True)
class SwimData:
    """A forced swim run.

    Attributes
    ----------
    title : str
    animals : DataFrame
        group, value: one row an animal, in seconds.
    rows : DataFrame
        The run's rows of forced_swim; the control group first.
    length_s : float
        Length of the test.
    simulated : bool
    """

    title: str
    animals: pd.DataFrame
    rows: pd.DataFrame
    length_s: float
    simulated: bool


@dataclass(frozen=True)
class DepletionData:
    """A run of PCA antagonism.

    Attributes
    ----------
    title : str
    animals : DataFrame
        group, value, below_loq: one row an animal, in ng/g.
    rows : DataFrame
        The run's rows of pca_antagonism; control first, then challenge.
    control, challenge : str
        Names of the two groups.
    half_doses : DataFrame
        The run's rows of pca_ed50.
    simulated : bool
    """

    title: str
    animals: pd.DataFrame
    rows: pd.DataFrame
    control: str
    challenge: str
    simulated: bool
    half_doses: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class DoseResponseData:
    """The dose-response of one treatment of a run of PCA antagonism."""

    run: DepletionData
    treatment: str

    @property
    def simulated(self) -> bool:
        """Whether any number of it is simulated."""
        return self.run.simulated


def prepare(tables: dict[str, pd.DataFrame]):
    """Every figure of the in-vivo tables: yields (kind, key, compound, data).

    `key` is drop, run and assay; `compound` is empty where a figure shows all groups of a run.
    """
    animals = tables["animals"]
    animals = animals[animals["value"].notna()]
    for run in tables["animal_runs"].to_dict("records"):
        key = (run["drop"], run["run"], run["assay"])
        swim = run["kind"] == "forced_swim"
        table = tables["forced_swim" if swim else "pca_antagonism"]
        rows = _of_run(table, key)
        if rows.empty:
            continue
        mine = _of_run(animals, key)
        each = one_per_animal(mine[mine["readout"] == rows["readout"].iloc[0]])
        each["below_loq"] = each["below_loq"].astype(bool)
        shown = each[["group", "value", "below_loq"]]
        simulated = bool(run["simulated"])
        if swim:
            title = f"Forced swim test, {run['species'] or 'species not recorded'}: {run['run']}"
            data = SwimData(title, shown, rows, run["test_length_s"], simulated)
            yield "forced_swim", key, "", data
            continue
        title = f"Antagonism of PCA, {run['species'] or 'species not recorded'}: {run['run']}"
        half = _of_run(tables["pca_ed50"], key)
        control, challenge = run["control_group"], run["challenge_group"]
        data = DepletionData(title, shown, rows, control, challenge, simulated, half)
        yield "pca_depletion", key, "", data
        for treatment in half["treatment"]:
            doses = rows[(rows["treatment"] == treatment) & (rows["role"] == "treated")]
            if (doses["dose_mg_per_kg"] > 0).any():
                yield "pca_dose_response", key, treatment, DoseResponseData(data, treatment)


def _of_run(frame: pd.DataFrame, key: tuple[str, str, str]) -> pd.DataFrame:
    drop, run, assay = key
    same = (frame["drop"] == drop) & (frame["run"] == run) & (frame["assay"] == assay)
    return frame[same].reset_index(drop=True)


def draw(data: SwimData | DepletionData | DoseResponseData) -> Figure:
    """The figure of any of them."""
    if isinstance(data, SwimData):
        return draw_forced_swim(data)
    if isinstance(data, DepletionData):
        return draw_depletion(data)
    return draw_dose_response(data.run, data.treatment)


def caption(data: SwimData | DepletionData | DoseResponseData) -> str:
    """What the figure shows, in words."""
    if isinstance(data, SwimData):
        return forced_swim_caption(data)
    if isinstance(data, DepletionData):
        return depletion_caption(data)
    return dose_response_caption(data.run, data.treatment)


def draw_forced_swim(data: SwimData) -> Figure:
    """Above, seconds of every animal; below, differences from control with their intervals."""
    rows = data.rows.reset_index(drop=True)
    figure, (above, below) = _two_panels(len(rows), 62, 44)
    for x, row in rows.iterrows():
        values = data.animals.loc[data.animals["group"] == row["group"], "value"].to_numpy(float)
        _animals(above, x, values, MUTED if x == 0 else BLUE, span=data.length_s)
        _mean(above, x, row["mean_s"], row["mean_lower_s"], row["mean_upper_s"])
    for limit in (0, data.length_s):
        above.axhline(limit, color=RULE, lw=0.7, ls=(0, (4, 3)), zorder=0)
    above.set_ylim(-0.04 * data.length_s, 1.04 * data.length_s)
    above.set_ylabel(f"{_capital(_readout(rows))} (s)")
    above.tick_params(axis="x", labelbottom=False, length=0)
    control = palette.label(str(rows["group"].iloc[0]), 24)
    below.axhline(0, color=INK, lw=0.7, zorder=1)
    for x, row in rows.iloc[1:].iterrows():
        _difference(below, x, row["difference_s"], row["difference_lower_s"],
                    row["difference_upper_s"])  # fmt: skip
        if row["p_dunnett"] == row["p_dunnett"]:
            below.annotate(
                formatting.p_value(row["p_dunnett"]), (x, 1.02), size=6.2, color=MUTED,
                xycoords=("data", "axes fraction"), ha="center", va="bottom",
            )  # fmt: skip
    below.set_ylabel(f"Difference from\n{control} (s)")
    _group_labels(below, rows)
    style.title(figure, data.title, data.simulated, 3)
    return figure


def draw_depletion(data: DepletionData) -> Figure:
    """Levels of every animal, the window V - C as a bracket, % antagonism on the right."""
    rows = data.rows.reset_index(drop=True)
    groups = list(rows["group"])
    figure, (axes,) = _panels(len(rows), (78,), right_mm=22)
    top = data.animals["value"].max()
    for x, row in rows.iterrows():
        mine = data.animals[data.animals["group"] == row["group"]]
        colour = {data.control: MUTED, data.challenge: VERMILION}.get(row["group"], BLUE)
        _animals(axes, x, mine["value"].to_numpy(float), colour, top, mine["below_loq"].to_numpy())
        _mean(axes, x, row["adjusted_mean_ng_per_g"], row["mean_lower_ng_per_g"],
              row["mean_upper_ng_per_g"])  # fmt: skip
    axes.set_ylim(0, top * 1.12)
    axes.set_ylabel(f"{_readout(rows)} (ng/g tissue)")
    _group_labels(axes, rows)
    if {data.control, data.challenge} <= set(groups):
        v, c = (
            rows.loc[groups.index(name), "adjusted_mean_ng_per_g"]
            for name in (data.control, data.challenge)
        )
        _bracket(axes, rows, v, c)
        if rows["antagonism_pct"].notna().any():
            _antagonism_axis(axes, v, c)
    if rows["flags"].str.contains("assay invalid").any():
        axes.text(0.5, 0.98, "assay invalid: no % antagonism", color=ALERT, weight="bold",
                  transform=axes.transAxes, ha="center", va="top")  # fmt: skip
    style.title(figure, data.title, data.simulated, 3)
    return figure


def draw_dose_response(data: DepletionData, treatment: str) -> Figure:
    """Level against dose with the fitted curve, vehicle and challenge beside, ED50 interval."""
    rows = data.rows[data.rows["treatment"] == treatment]
    rows = rows[(rows["role"] == "treated") & (rows["dose_mg_per_kg"] > 0)]
    half = data.half_doses[data.half_doses["treatment"] == treatment].iloc[0]
    doses = np.log10(rows["dose_mg_per_kg"].to_numpy(float))
    low, high = doses.min(), doses.max()
    pad = max(0.25, 0.15 * (high - low))
    figure = style.new_figure(style.COLUMN_MM * 1.25, 74)
    axes = figure.add_axes((0.15, 0.16, 0.81, 0.69))
    beside = {data.challenge: low - 2.2 * pad, data.control: low - 3.4 * pad}
    span = data.animals["value"].max()
    width = pad * 0.45
    for name, x, colour in (
        *((name, x, VERMILION if name == data.challenge else MUTED) for name, x in beside.items()),
        *((g, x, BLUE) for g, x in zip(rows["group"], doses, strict=True)),
    ):
        mine = data.animals[data.animals["group"] == name]
        below = mine["below_loq"].to_numpy()
        _animals(axes, x, mine["value"].to_numpy(float), colour, span, below, width)
    if half["qualifier"] == "=":
        v, c, location = (
            half["vehicle_ng_per_g"],
            half["challenge_ng_per_g"],
            half["ed50_mg_per_kg"],
        )
        x = np.linspace(low - pad, high + pad, 200)
        axes.plot(x, c + (v - c) / (1 + (location / 10**x) ** half["hill"]), color=INK, zorder=4)
        for level in (v, c):
            axes.axhline(level, color=RULE, lw=0.7, ls=(0, (4, 3)), zorder=0)
        limits = [half["ed50_lower_mg_per_kg"], half["ed50_upper_mg_per_kg"]]
        with np.errstate(divide="ignore"):
            ends = np.clip(np.log10(limits), low - pad, high + pad)
        middle, floor = (v + c) / 2, 0.045 * span
        axes.plot([np.log10(location)] * 2, [floor, middle], color=VERMILION, lw=0.8, ls=":")
        axes.plot(ends, [floor] * 2, color=VERMILION, lw=1.6, solid_capstyle="butt", zorder=5)
        axes.plot(np.log10(location), floor, "o", color=VERMILION, ms=_MEAN, zorder=6)
    axes.set_ylim(0, span * 1.3)
    axes.set_xlim(low - 4.2 * pad, high + 1.3 * pad)
    axes.set_xticks(
        [*(beside.values()), *doses],
        [palette.label(name, 14) for name in beside]
        + [f"{dose:g}" for dose in rows["dose_mg_per_kg"]],
    )
    axes.axvline(low - 1.3 * pad, color=RULE, lw=0.7, ls=":")
    axes.set_xlabel(f"{palette.label(treatment, 30)} (mg/kg, log scale)")
    axes.set_ylabel(f"{_readout(rows)} (ng/g tissue)")
    axes.text(low - pad, span * 1.29, _half_dose_words(half), va="top", size=6.6)
    style.title(figure, data.title, data.simulated, 3)
    return figure


def forced_swim_caption(data: SwimData) -> str:
    """What is drawn, and every comparison in words, interval first."""
    control = data.rows["group"].iloc[0]
    claims = []
    for row in data.rows.iloc[1:].to_dict("records"):
        if row["p_dunnett"] != row["p_dunnett"]:
            claims.append(f"{row['group']}: not compared ({row['flags']})")
            continue
        span = formatting.interval(row["difference_lower_s"], row["difference_upper_s"])
        claims.append(
            f"{row['group']}: {formatting.significant(row['difference_s'])} s "
            f"(95 % CI {span}; {formatting.p_value(row['p_dunnett'])})"
        )
    text = (
        f"{data.title}. Above, every animal, with the mean and its 95 % interval from the pooled "
        f"variance; broken lines, the limits of the test (0 and {data.length_s:g} s). Below, "
        f"differences from {control} with simultaneous 95 % intervals (Dunnett). "
        f"{'; '.join(claims)}."
    )
    return f"{text} Simulated data." if data.simulated else text


def depletion_caption(data: DepletionData) -> str:
    """What is drawn, and every antagonism in words."""
    claims = []
    for row in data.rows.to_dict("records"):
        value = row["antagonism_pct"]
        if value == value:
            span = formatting.interval(row["antagonism_lower_pct"], row["antagonism_upper_pct"])
            words = f"95 % CI {span}" if span != formatting.MISSING else "no interval"
            claims.append(f"{row['group']}: {formatting.significant(value)} % ({words})")
    found = f"Antagonism: {'; '.join(claims)}." if claims else "No % antagonism is given."
    text = (
        f"{data.title}. Every animal, with the group's mean and its 95 % interval from the pooled "
        f"variance; open points lie below the limit of quantification. The bracket spans "
        f"{data.control} to {data.challenge}, 100 % and 0 % on the right-hand axis; nothing is "
        f"clipped. {found}"
    )
    return f"{text} Simulated data." if data.simulated else text


def dose_response_caption(data: DepletionData, treatment: str) -> str:
    """What is drawn, and the ED50 with its interval."""
    half = data.half_doses[data.half_doses["treatment"] == treatment].iloc[0]
    found = _half_dose_words(half).replace("\n", "; ")
    text = (
        f"{data.title}. Level of every animal against the dose of {treatment}, with vehicle and "
        f"challenge beside; the curve is fitted to the levels of all of them. {found}."
    )
    return f"{text} Simulated data." if data.simulated else text


def _half_dose_words(half: pd.Series) -> str:
    qualifier = half["qualifier"]
    if not qualifier:
        return palette.label(str(half["flags"]), 60)
    text = f"ED50 {formatting.bounded(qualifier, half['ed50_mg_per_kg'], 'mg/kg')}"
    if qualifier != "=":
        return text
    span = formatting.interval(half["ed50_lower_mg_per_kg"], half["ed50_upper_mg_per_kg"])
    one = formatting.significant(half["ed50_slope_1_mg_per_kg"])
    return f"{text} (95 % CI {span})\nslope {half['hill']:.2f}; with slope 1: {one} mg/kg"


def _panels(groups: int, heights_mm: tuple[float, ...], right_mm: float = 4):
    """A figure with panels one below the other, wide enough for its groups."""
    width_mm = float(np.clip(26 + right_mm + 17 * groups, style.COLUMN_MM, style.PAGE_MM))
    gap, foot, head, left = 8.0, 15.0, 12.0, 19.0
    height_mm = foot + head + sum(heights_mm) + gap * (len(heights_mm) - 1)
    figure = style.new_figure(width_mm, height_mm)
    out, top = [], height_mm - head
    for height in heights_mm:
        box = (left / width_mm, (top - height) / height_mm)
        out.append(figure.add_axes((*box, 1 - (left + right_mm) / width_mm, height / height_mm)))
        top -= height + gap
    for axes in out:
        axes.set_xlim(-0.6, groups - 0.4)
    return figure, out


def _two_panels(groups: int, above_mm: float, below_mm: float):
    return _panels(groups, (above_mm, below_mm))


def _animals(axes: Axes, x, values, colour: str, span: float, below=None, width: float = 0.3):
    """Every animal a point; neighbours in value stand side by side, always in one order."""
    below = np.zeros(len(values), bool) if below is None else np.asarray(below, bool)
    places = x + spread(values, 0.025 * span) * width
    for some, face in ((~below, colour), (below, "white")):
        axes.scatter(places[some], values[some], s=_POINT, facecolor=face, edgecolor=colour,
                     linewidth=0.6, alpha=0.75, zorder=3, clip_on=False)  # fmt: skip


def spread(values, near: float) -> np.ndarray:
    """Sideways places in -1 to 1 for points that would hide each other.

    Parameters
    ----------
    values : ndarray
    near : float
        Distance below which two points overlap.
    """
    values = np.asarray(values, dtype=float)
    out = np.zeros(len(values))
    cell = np.round(values / near) if near > 0 else np.zeros(len(values))
    for name in np.unique(cell):
        mine = np.flatnonzero(cell == name)
        order = mine[np.argsort(values[mine], kind="stable")]
        step = min(0.5, 2 / max(len(mine) - 1, 1))
        out[order] = (np.arange(len(mine)) - (len(mine) - 1) / 2) * step
    return out


def _mean(axes: Axes, x, mean, lower, upper) -> None:
    """Mean with its interval, beside the animals."""
    place = x + 0.4
    if np.isfinite(lower):
        axes.plot([place] * 2, [lower, upper], color=INK, lw=1.2, solid_capstyle="butt", zorder=5)
    if np.isfinite(mean):
        axes.plot(place, mean, "_", color=INK, ms=_MEAN + 2, mew=1.4, zorder=6)


def _difference(axes: Axes, x, value, lower, upper) -> None:
    if not np.isfinite(value):
        axes.text(x, 0, "not compared", ha="center", va="bottom", size=6, color=MUTED)
        return
    axes.plot([x] * 2, [lower, upper], color=BLUE, lw=1.4, solid_capstyle="butt", zorder=3)
    axes.plot(x, value, "o", color=BLUE, ms=_MEAN, zorder=4)


def _bracket(axes: Axes, rows: pd.DataFrame, v: float, c: float) -> None:
    """The window from challenge to vehicle, between the two groups."""
    if not np.isfinite([v, c]).all():
        return
    for level in (v, c):
        axes.axhline(level, color=RULE, lw=0.7, ls=(0, (4, 3)), zorder=0)
    depletion = rows["depletion_pct"].dropna()
    words = f"V − C\n{depletion.iloc[0]:.0f} % depleted" if len(depletion) else "V − C"
    x, tick = 0.62, 0.06
    axes.plot([x - tick, x, x, x - tick], [v, v, c, c], color=VERMILION, lw=1.0, zorder=4)
    axes.text(x + 0.06, (v + c) / 2, words, color=VERMILION, size=6.2, va="center")


def _antagonism_axis(axes: Axes, v: float, c: float) -> None:
    """The same levels as % antagonism: 0 at the challenge, 100 at the vehicle."""
    right = axes.secondary_yaxis(
        "right",
        functions=(
            lambda level: 100 * (level - c) / (v - c),
            lambda pct: c + pct / 100 * (v - c),
        ),
    )
    right.set_ylabel("Antagonism (%)")
    right.spines["right"].set_visible(True)


def _group_labels(axes: Axes, rows: pd.DataFrame) -> None:
    labels = []
    for row in rows.to_dict("records"):
        dose = row["dose_mg_per_kg"]
        dosed = f"\n{dose:g} mg/kg" if dose == dose and dose > 0 else ""
        labels.append(f"{_folded(str(row['group']))}{dosed}\nn = {row['n']}")
    axes.set_xticks(range(len(rows)), labels)
    axes.tick_params(axis="x", labelsize=6.2, length=0)


def _folded(name: str) -> str:
    """A group's name in two short lines at most."""
    name = palette.label(name, 28)
    if len(name) <= 12:
        return name
    breaks = [i for i, letter in enumerate(name) if letter in " _+-/" and 0 < i < len(name) - 1]
    if not breaks:
        return f"{name[:14]}\n{name[14:]}"
    middle = min(breaks, key=lambda i: abs(i - len(name) / 2))
    return f"{name[: middle + 1]}\n{name[middle + 1 :]}"


def _readout(rows: pd.DataFrame) -> str:
    return palette.label(str(rows["readout"].iloc[0]), 20)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
