"""Write docs/flags.md and its pictures: every status and flag of a curve, explained.

ENTRIES is the list. `words` are those of the tables with placeholders in braces
(PLACEHOLDERS), numbers of a rule come from the module that applies it, and a picture is the
fit of wells that raise the flag. A new flag needs an entry here, then ``make flags``.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from reuptake import pooling
from reuptake.binding import conditions, ki
from reuptake.curves import alternatives, choice, engine, fit, outliers, replicates, verdict
from reuptake.curves.models import logistic
from reuptake.curves.plates import fit_plates
from reuptake.figures import palette, style
from reuptake.figures.curves import draw_estimates
from reuptake.formatting import bounded, interval
from reuptake.stages.fit import FLOOR_FACTOR

PAGE = Path(__file__).resolve().parents[2] / "docs/flags.md"
LIST = PAGE.parents[1] / "workflow/report/flags.json"
PICTURES = PAGE.parent / "images/flags"

# of each placeholder: the pattern of what stands there in a table, and what the page shows
PLACEHOLDERS = {
    "n": (r"\d+", "N"),
    "percent": (r"-?\d+", "N"),
    "number": (r"-?[\d,]+(?:\.\d+)?(?:e-?\d+)?", "N"),
    "limit": (r"(?:> )?[\d,]+(?:\.\d+)?(?:e-?\d+)?", "N"),
    "text": (r"(?:(?!; ).)+", "…"),
    "plateau": ("(?:lower|upper)", "lower/upper"),
    "end": ("(?:highest|lowest)", "highest/lowest"),
    "side": ("(?:below|above)", "below/above"),
    "model": (f"(?:{'|'.join(alternatives.SIMPLER)})", "/".join(alternatives.SIMPLER)),
    "simpler": (f"(?:{'|'.join(alternatives.SIMPLER.values())})", "…"),
    "earns": ("(?:earns|does not earn)", "earns/does not earn"),
    "p": (r"p [<=] [\d.e-]+", "p = N"),
    "aicc": (r"(?:AICc [+-]\d+\.\d|too few wells for AICc)", "AICc N"),
}


@dataclass(frozen=True)
class Entry:
    """A status or flag: its words, when it is given, what to do, and the picture of a curve."""

    group: str
    title: str
    words: tuple[str, ...]
    rule: str
    bench: str
    picture: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a table holds where the entry applies."""
        return re.compile("|".join(_filled(words, 0, re.escape) for words in self.words))


def _filled(words: str, which: int, plain: Callable[[str], str] = str) -> str:
    """`words` with the pattern (0) or the sign for readers (1) of every placeholder."""
    parts = re.split(r"\{(\w+)\}", words)
    parts[::2] = [plain(part) for part in parts[::2]]
    parts[1::2] = [PLACEHOLDERS[name][which] for name in parts[1::2]]
    return "".join(parts)


# Examples: wells in percent of the vehicle wells, by the curve's equation and seeded scatter

DOSES_nM = 10.0 ** np.arange(0, 4.5, 0.5)


def plate(
    level,
    *,
    doses_nM=DOSES_nM,
    replicates=3,
    vehicle=100.0,
    block=0.0,
    controls=(6, 6),
    sd=3.0,
    seed=1,
    moved=(),
) -> pd.DataFrame:
    """Wells of one compound and the controls of its plate.

    Parameters
    ----------
    level : array_like, shape (n,) or scalar
        Response without scatter at each of the n `doses_nM`.
    vehicle, block : float
        Response of the vehicle and of the full-block wells, as many of each as `controls` says.
    sd : float
        Of the scatter, which is the same in every example.
    moved : sequence of (int, float)
        Wells that are moved, and by how much.
    """
    doses_nM = np.asarray(doses_nM, dtype=float)
    roles = ["sample"] * (len(doses_nM) * replicates)
    roles += ["total"] * controls[0] + ["nonspecific"] * controls[1]
    mean = np.repeat(np.broadcast_to(level, doses_nM.shape), replicates)
    mean = np.r_[mean, np.full(controls[0], vehicle), np.full(controls[1], block)]
    signal = mean + sd * np.random.default_rng(seed).standard_normal(len(mean))
    for well, by in moved:
        signal[well] += by
    dose = np.r_[np.repeat(doses_nM, replicates), np.full(sum(controls), np.nan)]
    return pd.DataFrame({"role": roles, "concentration_nM": dose, "signal": signal})


def left(ic50_nM, hill=1.0, bottom=0.0, doses_nM=DOSES_nM):
    """Response left at the doses: the logistic curve from 100 to `bottom`."""
    return logistic(np.log10(doses_nM), np.log10(ic50_nM), hill, 100.0, bottom)


def fitted(wells: pd.DataFrame) -> pd.Series:
    """The row of the tables for an example."""
    named = dict.fromkeys(("drop", "run", "assay", "plate"), "example") | {"excluded": False}
    compound = np.where(wells.role == "sample", "compound", "")
    return fit_plates(wells.assign(compound=compound, **named), {}).iloc[0]


_DECADES_nM = 10.0 ** np.arange(0.0, 6.0)
_WIDE_nM = np.array([0.1, 1.0, 10.0, 1e3, 1e4])
EXAMPLES = {
    "ok": plate(left(100)),
    "partial": plate(left(60, bottom=40)),
    "incomplete": plate(left(2e4)),
    "inactive": plate(100.0),
    "ambiguous": plate(left(9e3), replicates=1, controls=(0, 0), sd=5.0),
    "failed": plate(100.0 - left(100), controls=(0, 0)),
    "no-spread": plate(100.0, block=100.0, sd=0.0),
    "few-wells": plate(
        left(100, doses_nM=DOSES_nM[::2]), doses_nM=DOSES_nM[::2], replicates=1, controls=(0, 0)
    ),
    "few-concentrations": plate(left(100, doses_nM=DOSES_nM[3:6]), doses_nM=DOSES_nM[3:6]),
    "below-all": plate(left(0.3)),
    "plateau-not-reached": plate(left(1.5e4, bottom=-150), controls=(0, 0)),
    "limit-inside": plate(left(1.1e4), sd=6.0, seed=0),
    "slope-open": plate(left(100, hill=6)),
    "dependent": plate(left(170, hill=5, doses_nM=_DECADES_nM), doses_nM=_DECADES_nM, seed=0),
    "edge": plate(left(2)),
    "gap": plate(left(100, doses_nM=_WIDE_nM), doses_nM=_WIDE_nM),
    "above-vehicle": plate(left(100, bottom=150)),
    "below-block": plate(left(100, bottom=-40)),
    "hook": plate(left(20) + np.r_[np.zeros(7), 6, 16], seed=4),
    "lack-of-fit": plate((left(3) + left(2e3)) / 2, sd=1.5),
    "outlier": plate(left(100), moved=((10, 50),)),
    "apart": plate((left(3) + left(2e3)) / 2, sd=1.5, moved=((13, 12),)),
    "no-vehicle": plate(left(2e4), controls=(0, 6)),
    "no-full-block": plate(left(100), controls=(6, 0)),
    "exchanged": plate(left(100, bottom=10), vehicle=0.0, block=100.0),
}


def answer(row: pd.Series) -> str:
    """The IC50 of a row for readers."""
    if not row.ic50_qualifier:
        return "no IC50"
    text = f"IC50 {bounded(row.ic50_qualifier, row.ic50_nM, 'nM')}"
    if row.ic50_qualifier == "=":
        text += f" ({interval(row.ic50_lower_nM, row.ic50_upper_nM)})"
    return text


def draw(wells: pd.DataFrame, row: pd.Series) -> Figure:
    """Wells light, their means dark, the fitted line, and below the IC50 with its interval."""
    dose = np.log10(wells.concentration_nM)
    low, high = dose.min() - 0.3, dose.max() + 0.3
    gap = 0.13 * (high - low)
    x = dose.fillna(wells.role.map({"total": low - gap, "nonspecific": high + gap}))
    means = wells.groupby(x).signal.mean()

    figure = style.new_figure(style.COLUMN_MM, 60)
    panel, strip = figure.subplots(2, 1, sharex=True, height_ratios=(8, 1))
    figure.subplots_adjust(left=0.14, right=0.97, bottom=0.18, top=0.84, hspace=0.0)
    dots = {"ls": "none", "marker": "o", "color": palette.BLUE}
    panel.plot(x, wells.signal, ms=3.4, mew=0, alpha=0.4, **dots)
    panel.plot(means.index, means, ms=4.8, mec="white", mew=0.5, zorder=4, **dots)
    if row.ic50_qualifier == "=":
        line = np.linspace(dose.min(), dose.max(), 80)
        level = logistic(line, np.log10(row.ic50_nM), row.hill, row.top, row.bottom)
        panel.plot(line, level, color=palette.INK, zorder=3)
    panel.yaxis.set_major_locator(MultipleLocator(50))
    panel.grid(axis="y", color=palette.RULE, lw=0.5)
    panel.set_axisbelow(True)
    panel.set_ylim(min(-12, wells.signal.min() - 6), max(114, wells.signal.max() + 6))
    panel.set_ylabel("Response (%)")
    panel.tick_params(axis="x", bottom=False)
    panel.spines["bottom"].set_visible(False)

    with np.errstate(divide="ignore"):
        marks = np.log10([row.ic50_nM, row.ic50_lower_nM, row.ic50_upper_nM])
    draw_estimates(strip, 0.0, row.ic50_qualifier, *marks, (low, high), palette.VERMILION)
    strip.set_ylim(-1, 1)
    strip.set_yticks([0], ["IC50"] if row.ic50_qualifier else [""])
    strip.tick_params(axis="y", length=0)
    strip.spines["left"].set_visible(False)
    decades = np.arange(np.ceil(low), high)
    step = 1 if len(decades) <= 5 else 2
    labels = [style.number_label(d) if i % step == 0 else "" for i, d in enumerate(decades)]
    strip.set_xticks([*decades, low - gap, high + gap], [*labels, "vehicle", "full\nblock"])
    strip.set_xlim(low - 1.6 * gap, high + 1.6 * gap)
    strip.set_xlabel("Concentration (nM)", labelpad=-3)
    figure.text(0.04, 0.965, row.status, weight="bold", size=8.5, va="top")
    figure.text(0.04, 0.895, answer(row), size=7.5, va="top")
    style.mark_simulated(figure)
    return figure


def pictures(rows: dict[str, pd.Series]) -> dict[Path, bytes]:
    """The picture of every example as SVG, without date and version.

    Parameters
    ----------
    rows : dict
        Fitted row of each example.
    """
    files = {}
    # letters stay letters here: half the size, and a reader can search for them
    letters = {"svg.fonttype": "none", "font.family": "sans-serif"}
    letters["font.sans-serif"] = ["DejaVu Sans", "Verdana"]
    with style.context(), rc_context(letters):
        for name, wells in EXAMPLES.items():
            file = io.BytesIO()
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            draw(wells, rows[name]).savefig(file, format="svg", metadata=nothing)
            files[PICTURES / f"{name}.svg"] = file.getvalue()
    return files


STATUS = "Status"
ANSWER = "About the answer"
SHAPE = "About the curve's shape"
WELLS = "About single wells"
CONTROLS = "About the controls and the plate"
BINDING = "About Ki and uptake"
NAMES = "About names and units"

_RISES = (
    "response rises with concentration: an inhibition curve falls "
    "(give the response that remains, not the inhibition)"
)
_SLOPES = "{:g} to {:g}".format(*engine.HILL_LIMITS)

# In the order of the page. Within a group, what has a picture comes first.
ENTRIES = (
    Entry(
        STATUS,
        "ok",
        ("ok",),
        "None of the other rules applies: the curve crosses half way (between its top and the "
        "level of complete inhibition) inside the tested range, and the 95 % interval of the "
        "IC50 is closed.",
        "Nothing, unless a flag says so.",
        "ok",
    ),
    Entry(
        STATUS,
        "partial",
        ("partial",),
        "The compound has a lower plateau of its own: it fits better than the full-block level "
        f"(F test, p < {choice.SIGNIFICANCE:g}), lies more than "
        f"{100 * choice.OWN_PLATEAU_FRACTION:g} % of the window away from it (without full-block "
        f"wells: from 0), and {choice.MIN_BEYOND} tested concentrations lie at or above the upper "
        "limit of the IC50. `ic50_nM` is half way to that plateau.",
        "See [partial inhibition](#partial-inhibition) and "
        "[a plateau below full block](#lower-plateau-below-full-block).",
        "partial",
    ),
    Entry(
        STATUS,
        "incomplete",
        ("incomplete",),
        f"More than {100 * verdict.INACTIVE_EFFECT:g} % effect, no lower plateau of its own, and "
        "at every tested concentration the fitted curve is on one side of half way, or its IC50 "
        "lies outside the tested range. The answer is a limit: `>` the highest or `<` the lowest "
        "tested concentration.",
        "Test higher (`>`) or lower (`<`) concentrations.",
        "incomplete",
    ),
    Entry(
        STATUS,
        "inactive",
        ("inactive",),
        f"Not distinguishable from a level line (F test, p ≥ {choice.SIGNIFICANCE:g}), or at most "
        f"{100 * verdict.INACTIVE_EFFECT:g} % effect at the highest tested concentration. The "
        "answer is `>` that concentration.",
        "Nothing, unless a higher concentration matters and dissolves.",
        "inactive",
    ),
    Entry(
        STATUS,
        "ambiguous",
        ("ambiguous",),
        "The wells leave the answer open: the interval of the IC50 or of the Hill slope does not "
        f"close, or parameters depend on each other by more than {verdict.DEPENDENCY_LIMIT:g}. "
        "The value is given, with its open interval.",
        "The flag says what is open. Mostly: add both kinds of control wells, replicates, and "
        "concentrations around the IC50.",
        "ambiguous",
    ),
    Entry(
        STATUS,
        "failed",
        ("failed",),
        "No inhibition curve can be fitted, or it would rise; the first flag is the reason. No "
        "answer is given.",
        "The flag says what to mend.",
        "failed",
    ),
    Entry(
        ANSWER,
        "Half way not crossed",
        ("half way not crossed: {percent} % effect at the {end} tested",),
        "Status *incomplete*: the fitted curve stays on one side of half way at every tested "
        "concentration. The effect is that of the mean response, in % of the control range.",
        "Extend the range: upwards where the answer is `>`, downwards where it is `<`.",
        "below-all",
    ),
    Entry(
        ANSWER,
        "Extrapolated IC50",
        (
            "extrapolated IC50 {number} nM ({number} to {number}), if the curve went on to "
            "complete inhibition with Hill 1",
        ),
        "Beside a limit `>`: the IC50 of a three-parameter curve whose lower plateau is held at "
        "the level of complete inhibition, with its 95 % Wald interval; told where that "
        f"spans less than {fit.WIDEST_EXTRAPOLATION:g} decades. In no column and in no answer.",
        "Choose the next concentrations by it. It is a supposition, not a result.",
        "incomplete",
    ),
    Entry(
        ANSWER,
        "Plateau not reached",
        ("{plateau} plateau not reached: {percent} % effect at the {end} tested",),
        "Status *incomplete*: half way is crossed, but the fitted IC50, half way between the "
        "fitted plateaus, lies outside the tested range, so that one plateau is a guess.",
        "Add control wells of the kind that is missing, or extend the range until the response "
        "levels off. `ic50_absolute_nM` may still hold a value.",
        "plateau-not-reached",
    ),
    Entry(
        ANSWER,
        "Interval reaches into the tested range",
        ("limit not certain: the fitted IC50's interval reaches into the tested range",),
        "The answer is a limit, but the 95 % interval of the fitted IC50 begins inside the tested "
        "range: the true value may lie somewhat on the other side of the limit.",
        "Read the limit as approximate. Two or three concentrations beyond it settle the matter.",
        "limit-inside",
    ),
    Entry(
        ANSWER,
        "Effect at the highest tested",
        ("effect {percent} % at the highest tested",),
        "Status *inactive*: the effect of the mean response at the highest tested concentration, "
        "in % of the control range (below 0: above vehicle).",
        f"Close to {100 * verdict.INACTIVE_EFFECT:g} %: one higher concentration tells whether a "
        "curve begins there.",
        "inactive",
    ),
    Entry(
        ANSWER,
        "IC50 unbounded",
        ("IC50 unbounded {side}",),
        "Status *ambiguous*: on that side the profile of the sum of squares stays below the limit "
        f"of the 95 % interval as far as {engine.REACH_DECADES:g} decades beyond the tested range.",
        "Mostly a plateau is missing: add full-block wells and higher concentrations (above), "
        "vehicle wells and lower ones (below), or replicates.",
        "ambiguous",
    ),
    Entry(
        ANSWER,
        "Hill slope unbounded",
        ("Hill slope unbounded {side}",),
        "Status *ambiguous*: the 95 % interval of the fitted slope does not close within "
        f"{_SLOPES}. Above: between two neighbouring concentrations all of the response is gone, "
        "and every steep slope will do.",
        "Above: space the concentrations more closely around the IC50. Below: widen the range "
        "until both plateaus show.",
        "slope-open",
    ),
    Entry(
        ANSWER,
        "Parameters depend on each other",
        ("parameters depend on each other ({number})",),
        "Status *ambiguous*: from the errors of the fit, the dependency of a parameter on the "
        f"others is over {verdict.DEPENDENCY_LIMIT:g}: several sets of parameters fit equally "
        "well.",
        "Space the concentrations more closely around the IC50, and have wells on both plateaus.",
        "dependent",
    ),
    Entry(
        ANSWER,
        "Fit stopped",
        ("fit stopped before convergence",),
        "The steps of the fit ran out while the sum of squares still changed in its last digits; "
        "where it happens the slope is mostly all but vertical.",
        "Look at the curve before you use the value.",
        "dependent",
    ),
    Entry(
        ANSWER,
        "IC50 at the edge",
        ("IC50 at the edge: {n} concentrations below it, {n} above",),
        f"Fewer than {verdict.MIN_BESIDE_IC50} tested concentrations lie on one side of the IC50.",
        "Shift the range, so that it lies around the IC50.",
        "edge",
    ),
    Entry(
        ANSWER,
        "IC50 in a gap",
        ("IC50 in a gap of {number}-fold between doses",),
        "The neighbouring tested concentrations lie more than "
        f"{10**verdict.WIDEST_GAP:g}-fold apart: between them the model alone draws the curve.",
        "Add concentrations in the gap; if none was left out, look for one that is mistyped.",
        "gap",
    ),
    Entry(
        ANSWER,
        "No spread",
        ("no spread: every response is the same",),
        "Status *failed*: all wells, controls included, hold one number.",
        "Look for a column copied in the wrong place, or a detector at its limit.",
        "no-spread",
    ),
    Entry(
        ANSWER,
        "Too few concentrations",
        ("too few concentrations: {n}, at least {n} are needed",),
        f"Status *failed*: fewer than {verdict.MIN_CONCENTRATIONS} different concentrations, "
        "controls not counted.",
        "Test more; for an interval worth having, eight or more.",
        "few-concentrations",
    ),
    Entry(
        ANSWER,
        "Too few wells",
        ("too few wells to fit a curve: at least {n} are needed",),
        f"Status *failed*: fewer than {verdict.MIN_WELLS} wells, controls included.",
        "Add control wells and replicates.",
        "few-wells",
    ),
    Entry(
        ANSWER,
        "No usable wells",
        ("no usable wells",),
        "Status *failed*: every well is empty, not a number, or beyond "
        f"{fit.LARGEST_RESPONSE:.0e}.",
        "Look at the file, and at the reasons of exclusion.",
    ),
    Entry(
        SHAPE,
        "Rising response",
        ("response rises with concentration: an inhibition curve falls", _RISES),
        "Status *failed*: the curve is not level, its fitted top lies below its bottom, and "
        "either the full-block wells lie above the vehicle wells, or there are none and it rises "
        f"by more than {100 * verdict.INACTIVE_EFFECT:g} %. Under a model that was asked for: "
        "every curve that rises.",
        "Mostly % inhibition was given in place of the response: give what remains.",
        "failed",
    ),
    Entry(
        SHAPE,
        "Rise above vehicle",
        ("response rises above vehicle, to {percent} %",),
        "At the highest tested concentration the response lies above the vehicle wells by more "
        f"than {100 * verdict.INACTIVE_EFFECT:g} % of the control range.",
        "Test for interference of the compound with the signal (quenching, colour, own "
        "fluorescence or radioactivity), or for stimulation.",
        "above-vehicle",
    ),
    Entry(
        SHAPE,
        "Partial inhibition",
        ("partial inhibition: {percent} % of the window remains",),
        "Status *partial*, with the plateau above the level of complete inhibition.",
        "First exclude limited solubility: look for a precipitate, repeat with other solvent. "
        "Then think of an allosteric compound, or of two populations of sites.",
        "partial",
    ),
    Entry(
        SHAPE,
        "Lower plateau below full block",
        ("lower plateau {percent} % of the window below full block",),
        "Status *partial*, with the plateau below the full-block wells.",
        "Raise the concentration of the blocker, or use another: it does not block all. If it "
        "does, the compound takes away signal in another way (quenching, cytotoxicity).",
        "below-block",
    ),
    Entry(
        SHAPE,
        "Hook",
        (
            "hook: response comes back at the top concentrations "
            "(solubility, filter binding, cytotoxicity?)",
        ),
        "The mean at the highest concentration lies over one of the two before it by more than "
        f"{verdict.HOOK_SD:g} standard deviations of the difference. Where the status is not *ok* "
        f"or *ambiguous*, {verdict.ONE_SIDED_SD:g} will do, if the lowest of the three lies by as "
        "much below the mean of those before them.",
        "Look for a precipitate at the top concentrations, count blanks with compound, and test "
        "the viability of cells. Then exclude those wells with the reason.",
        "hook",
    ),
    Entry(
        SHAPE,
        "IC50 without the top",
        ("without the top {n}: IC50 {limit} nM",),
        "With a [hook](#hook): the IC50 of the same model, fitted without the concentrations at "
        "which the response comes back. `>`: it would lie above those that are left.",
        "If it differs from `ic50_nM` by more than you can bear, repeat with a lower top "
        "concentration.",
        "hook",
    ),
    Entry(
        SHAPE,
        "Lack of fit",
        ("lack of fit: the curve misses the means by more than their replicates allow",),
        "F test of the means about the curve against the scatter of the replicates, "
        f"p < {verdict.LACK_OF_FIT:g}.",
        "Look at the curve: two sites, a hook, a bad dilution, a drift over the plate? Replicates "
        "drawn from one dilution scatter too little and raise the flag too.",
        "lack-of-fit",
    ),
    Entry(
        SHAPE,
        "Model that was asked for",
        ("{model} {earns} its parameters against the {simpler}: F test {p}, {aicc}",),
        "`reuptake fit --model` only: it fits the model to every curve, and compares it with the "
        f"simpler one that it contains. It earns its parameters with p < {choice.SIGNIFICANCE:g} "
        "and a lower AICc. An IC50 outside the tested range is a limit here too.",
        "Not earned: use the simpler model. Earned by one curve of many: think of chance.",
    ),
    Entry(
        WELLS,
        "Outlying wells",
        (
            "outlying wells by ROUT: {text}",
            "outlying wells by ROUT: {text} (IC50 without them {number} nM)",
        ),
        "Beyond a robust fit by more than chance allows (ROUT: Motulsky & Brown 2006, false "
        f"discovery rate {100 * outliers.FALSE_DISCOVERY_RATE:g} %). The wells stay in `ic50_nM`; "
        "`ic50_cleaned_nM` is the answer without them.",
        "Look for a cause (pipetting, an empty tip, a torn filter). Exclude the well, with the "
        "reason, if you find one.",
        "outlier",
    ),
    Entry(
        WELLS,
        "Apart from its replicates",
        ("apart from its replicates by the run's scatter: {text}",),
        "The well lies farther from the others of its set than the scatter pooled over the run's "
        f"other sets explains (t test, false discovery rate "
        f"{100 * outliers.FALSE_DISCOVERY_RATE:g} %); sets of {replicates.MIN_REPLICATES} or more "
        f"wells, in runs with {replicates.MIN_DF} or more degrees of freedom. It is kept.",
        "As for an outlying well. This one is seen even where the curve does not fit.",
        "apart",
    ),
    Entry(
        WELLS,
        "Bad row",
        ("not fitted: bad row in line {text}",),
        "`reuptake fit` only: a row of the curve cannot be read; without it the answer might be "
        "another one.",
        "Mend the lines; what is wrong with each is printed.",
    ),
    Entry(
        CONTROLS,
        "No vehicle wells",
        ("no vehicle wells: upper end of the control range not measured",),
        "The answer is a limit, and the top that it rests on is the fitted one.",
        "Add vehicle wells to the plate.",
        "no-vehicle",
    ),
    Entry(
        CONTROLS,
        "No full-block wells",
        ("no full-block wells: lower end of the control range taken as 0",),
        "Half way and effect are counted from a response of 0. Right for data that were "
        "normalised to full block; with raw counts the background is missing.",
        "Add wells with a saturating concentration of a blocker.",
        "no-full-block",
    ),
    Entry(
        CONTROLS,
        "Controls exchanged",
        ("full-block wells lie above the vehicle wells: are the two exchanged?",),
        "The fitted top lies below the level of the full-block wells.",
        "Compare the layout with the plate. If the data are % inhibition, give what remains.",
        "exchanged",
    ),
    Entry(
        CONTROLS,
        "Definer is the compound",
        ("the non-specific definer is this compound",),
        "The full-block wells hold the compound itself: at its top concentration the curve must "
        "end at their level, whatever it blocks.",
        "Define non-specific binding with another compound.",
    ),
    Entry(
        CONTROLS,
        "Failed plate",
        ("plate failed quality control: left out of the answers",),
        "The verdict on the plate is *fail* (limits of the assay, robust Z' and others).",
        "The report's plate table gives the reason. Repeat the plate.",
    ),
    Entry(
        BINDING,
        "Tight binding",
        ("tight binding: IC50 is {number} times its floor of {number} nM",),
        f"The IC50 of an uptake assay is at most {FLOOR_FACTOR:g} times half the concentration of "
        "transporter in the well (cells × copies per cell / volume): it counts transporters.",
        "Use fewer cells or a larger volume.",
    ),
    Entry(
        BINDING,
        "No Ki: something missing",
        ("no Ki: {text} missing",),
        "A Ki needs Kd, radioligand concentration and species; of uptake Km, substrate "
        "concentration and species. Where the assay takes Kd or Km from a run, the reason why that "
        "run does not tell it stands in brackets.",
        "Complete the assay's entry or drop.yaml; or mend the run.",
    ),
    Entry(
        BINDING,
        "No Ki: its run was rejected",
        ("no Ki: it hangs on {text}, of a drop that was rejected",),
        "Kd, Km or Bmax come from a run whose drop was rejected for its likeness to another drop.",
        "Remove one of the two drops.",
    ),
    Entry(
        BINDING,
        "Bmax of a run not known",
        ("Bmax not known: {text}",),
        "The assay takes Bmax from a run that does not tell it in pmol/mg. R_T is then estimated "
        "from the plate's own specific binding, where counts convert.",
        "Record protein, volume, efficiency and specific activity of the saturation run.",
    ),
    Entry(
        BINDING,
        "No Ki: partial inhibition",
        ("no Ki: partial inhibition is not competition at one site",),
        "Status *partial*.",
        "See [partial inhibition](#partial-inhibition).",
    ),
    Entry(
        BINDING,
        "No Ki, not even a bound",
        ("no Ki: {text}, and L > 2 Kd leaves not even a bound",),
        "Cheng-Prusoff does not hold (the reason stands in the flag); with radioligand, L, over "
        f"{ki.MAX_LIGAND_PER_KD:g} Kd its value need not be an upper bound.",
        "Use less radioligand, and less protein or a larger volume.",
    ),
    Entry(
        BINDING,
        "No Ki: bounds in both directions",
        ("no Ki: {text}, and the IC50 is a bound in the other direction",),
        "Depletion would make the Ki `<` a value, but the IC50 is `>` a value.",
        "Use less protein or a larger volume, and higher concentrations.",
    ),
    Entry(
        BINDING,
        "Hill slope and Cheng-Prusoff",
        ("Hill slope {number}: Cheng-Prusoff supposes 1",),
        "The fitted slope is free, hence not 1; the equation holds for one site with slope 1.",
        "Steeper: look for depletion, or too short an incubation. Shallower: two sites?",
    ),
    Entry(
        BINDING,
        "Depletion by prediction",
        (
            "depletion: predicted bias of Cheng-Prusoff {number} %",
            "depletion: predicted bias of Cheng-Prusoff unbounded",
        ),
        "R_T, the concentration of sites in the well, is known, and with it, L and Kd the "
        f"predicted bias is over {ki.BIAS_FAIL_PCT:g} %. The Ki is that of the exact fit, in which "
        "the sites hold radioligand and competitor (`ki_method` exact), its interval with the "
        "errors of R_T, Kd and L; where there is no such fit, Cheng-Prusoff as an upper bound, "
        "`<`. In uptake the same with Morrison's equation.",
        "Use less protein or fewer cells, or a larger volume.",
    ),
    Entry(
        BINDING,
        "No exact Ki: slope",
        ("no exact Ki: depletion does not explain a slope of {number}",),
        "The curve was fitted with a free slope, and the exact model of one site, which steepens "
        f"it as depletion does, fits worse (F test, p < {choice.SIGNIFICANCE:g}).",
        "Steeper: look for too short an incubation or a loss of compound. Shallower: two sites?",
    ),
    Entry(
        BINDING,
        "Titration of sites: a limit",
        ("titration of sites: the curve tells no lower limit of Ki",),
        "The profile of Ki is open below: so many sites took up the compound that the curve counts "
        "sites. The Ki is `<` its one-sided 95 % upper limit, where there is one.",
        "Use much less protein: R_T well below the Ki.",
    ),
    Entry(
        BINDING,
        "Titration of sites: an estimate",
        ("titration of sites: Ki is below a tenth of their concentration",),
        f"The exact Ki is below {ki.TITRATION_RATIO:g} R_T, with a closed interval. It is given, "
        "but hangs on R_T and on the exact model.",
        "Use less protein: R_T below ten times the Ki.",
    ),
    Entry(
        BINDING,
        "Equilibrium, kon given",
        (
            "equilibrium marginal: {number} min, five half-lives of dissociation are {number} min",
            "equilibrium not demonstrated: {number} min, five half-lives of dissociation are "
            "{number} min",
        ),
        "With the assay's kon, koff = kon × Ki; the incubation (uptake: pre-incubation) is shorter "
        "than 5 ln2/koff. *Marginal*: it is five half-lives at a concentration of Ki. Stopped "
        "early, a compound slower than the radioligand looks weaker than it is.",
        "Incubate longer, and show that the IC50 stays.",
    ),
    Entry(
        BINDING,
        "Equilibrium, kon not given",
        (
            "equilibrium not demonstrated: {number} min suffice with a kon of at least {number} "
            "per M and s",
        ),
        "No kon in the assay's entry, and the one that equilibrium takes, 5 ln2/(Ki t), is over "
        f"{ki.USUAL_KON_PER_M_S:,.0f} per M and s, as which drugs often associate. The needed kon "
        "is in `kon_required_per_M_s`.",
        "Incubate longer, show that the IC50 stays, or measure kon.",
    ),
    Entry(
        BINDING,
        "Predicted bias",
        (
            "predicted bias of Cheng-Prusoff {number} %",
            "predicted bias of Cheng-Prusoff {number} %, and {number} % with R_T at {number} nM, "
            "which its error allows",
        ),
        f"R_T known: the predicted bias is {ki.BIAS_WARN_PCT:g} to {ki.BIAS_FAIL_PCT:g} %, or "
        f"less, but over {ki.BIAS_FAIL_PCT:g} % at the one-sided 99.9 % limit of R_T. The Ki is "
        "given.",
        "Bear it in mind; less protein lowers it.",
    ),
    Entry(
        BINDING,
        "Depletion of the radioligand",
        ("depletion: {number} % of the radioligand is bound",),
        f"R_T unknown, and {ki.BOUND_FAIL_PCT:g} % or more of the added radioligand is bound. The "
        "Ki is an upper bound, `<`.",
        "Use less protein or a larger volume.",
    ),
    Entry(
        BINDING,
        "Depletion assumed negligible",
        ("depletion assumed negligible",),
        "R_T unknown, and the assay's entry says, with a reason, that depletion may be neglected.",
        "Give Bmax and protein, and the assumption becomes a number.",
    ),
    Entry(
        BINDING,
        "Depletion not assessable",
        ("depletion not assessable",),
        "R_T unknown, and nothing assumed; how much of the radioligand is bound does not tell how "
        "much of the compound is. The Ki is an upper bound, `<`.",
        "Give Bmax, protein and volume; or counting efficiency, specific activity and volume, by "
        "which R_T follows from the plate's own counts.",
    ),
    Entry(
        BINDING,
        "Radioligand corrected for decay",
        ("radioligand concentration corrected for decay",),
        "The nominal concentration is lowered by the decay since the lot's reference date.",
        "Nothing; a measured concentration is better.",
    ),
    Entry(
        BINDING,
        "Radioligand nominal",
        ("radioligand concentration nominal, not measured",),
        "L is that of the assay's entry: neither measured in the run nor known from total-added "
        "wells.",
        "Count an aliquot of the radioligand in every run.",
    ),
    Entry(
        BINDING,
        "Radioligand far from nominal",
        ("radioligand measured {number} nM, nominal {number} nM: more than 2-fold apart",),
        f"L of the run is over {conditions.LIGAND_FOLD:g} times, or under 1/"
        f"{conditions.LIGAND_FOLD:g} of, the assay's. The measured one is used.",
        "Check dilution, specific activity and counting efficiency: one of them is mistaken.",
    ),
    Entry(
        BINDING,
        "Reference date after the assay",
        ("reference date of the radioligand lies after the assay",),
        "The lot's activity is stated for a day after the run, and is reckoned back.",
        "Check both dates.",
    ),
    Entry(
        BINDING,
        "Not recorded",
        ("not recorded: {text}",),
        "Conditions that a Ki should be published with and that are nowhere given.",
        "Complete the assay's entry or drop.yaml.",
    ),
    Entry(
        NAMES,
        "Written as",
        ("written as {text}",),
        "The file used another name of the compound; config/compounds.csv gives this one.",
        "Nothing.",
    ),
    Entry(
        NAMES,
        "Not listed",
        ("not listed, nearly spells {text}",),
        "The name is not in config/compounds.csv, but nearly one that is, or is spelt otherwise "
        "elsewhere in the archive. It is kept as written, as a compound of its own.",
        "Mend the spelling in the layout, or add both names to the list.",
    ),
    Entry(
        NAMES,
        "Tested range off",
        (
            "tested range about {number}-fold {side} that of the compound's other runs: "
            "check the unit",
        ),
        f"Both ends of the range lie {pooling.RANGE_JUMP_DECADES:g} decades or more away from the "
        "median of the compound's other experiments with this assay.",
        "Check the unit of the concentrations in the layout: nM, µM, M?",
    ),
)

_INTRODUCTION = """\
<!-- Written by `make flags` from workflow/scripts/flags.py; do not edit. -->
# Statuses and flags of a curve

Every row of `curves.csv`, and of the table that `reuptake fit` writes, has one *status*, and
*flags* in plain words, joined by `; `. All of them stand here, each with its rule, with what can be
done about it at the bench, and, where a curve shows it, with a picture. In the words, N stands for
a number and … for names or places; a stroke parts words of which one is used.

**The data of all pictures are simulated**: the equation of a curve, or a shape made for the
purpose, with seeded scatter, in % of the vehicle wells. Light points are wells, dark ones the
means of replicates; vehicle and full-block wells stand at the ends. The line is the fit, drawn
where there is a value; below it the IC50 with its 95 % interval, or an arrow for a limit or an open
side. Under a picture stands what the table says of these wells, with all their flags.

Sources and equations are in [methods](methods.md). Flags of plates, of potencies over experiments
and of ratios are not in this list; they explain themselves.
"""


def page(rows: dict[str, pd.Series]) -> str:
    """The text of docs/flags.md.

    Parameters
    ----------
    rows : dict
        Fitted row of each example.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in ENTRIES:
        groups.setdefault(entry.group, []).append(entry)
    statuses = groups.pop(STATUS)
    images = [_image(entry, rows[entry.picture]) for entry in statuses]
    parts = [
        _INTRODUCTION,
        f"## {STATUS}\n",
        _table(
            ["status", "rule", "at the bench"],
            [[f"**{e.title}**", e.rule, e.bench] for e in statuses],
        ),
        _table(images[:3], [images[3:]]),
    ]
    for group, entries in groups.items():
        parts.append(f"## {group}\n")
        parts += [_section(entry, rows[entry.picture]) for entry in entries if entry.picture]
        plain = [[_words(entry), entry.rule, entry.bench] for entry in entries if not entry.picture]
        if plain:
            parts.append(_table(["in the table", "rule", "at the bench"], plain))
    return "\n".join(parts)


def _words(entry: Entry) -> str:
    return "<br>".join(f"`{_filled(words, 1)}`" for words in entry.words)


def _table(head: list[str], lines: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in [head, ["---"] * len(head), *lines])


def _image(entry: Entry, row: pd.Series) -> str:
    return f"![{row.status}, {answer(row)}](images/flags/{entry.picture}.svg)"


def _section(entry: Entry, row: pd.Series) -> str:
    return (
        f"### {entry.title}\n\n{_words(entry)}\n\n{_image(entry, row)}\n\n"
        f"*{row.status}, {answer(row)}: {row['flags']}*\n\n"
        f"**Rule.** {entry.rule}\n\n**At the bench.** {entry.bench}\n"
    )


def listed() -> str:
    """The same for the report: the words as patterns and for readers, rules, what to do."""
    content = {"statuses": [], "flags": []}
    for entry in ENTRIES:
        content["statuses" if entry.group == STATUS else "flags"].append(
            {
                "title": entry.title,
                "words": [_filled(words, 1) for words in entry.words],
                "pattern": entry.pattern.pattern,
                "rule": entry.rule,
                "bench": entry.bench,
            }
        )
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def written() -> dict[Path, bytes]:
    """Content of the page, of the report's list and of the pictures, by place."""
    rows = {name: fitted(wells) for name, wells in EXAMPLES.items()}
    return {PAGE: page(rows).encode(), LIST: listed().encode()} | pictures(rows)


def main() -> None:
    files = written()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for stale in set(PICTURES.iterdir()) - files.keys():
        stale.unlink()
    for path, content in files.items():
        path.write_bytes(content)


if __name__ == "__main__":
    main()
