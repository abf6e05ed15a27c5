"""The answer first: a card for each compound, with potency at each target and one line of text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from reuptake.figures.palette import TARGET_COLOURS, target_colours, target_order
from reuptake.formatting import MISSING, bounded, interval
from reuptake.report.elements import is_simulated, page_of

# What a card shows of a modality: first the quantity that matters, then what stands in for it.
MEASURES = (("binding", ("Ki", "IC50")), ("uptake", ("IC50",)), ("response", ("IC50",)))
_CARD = ["compound", "simulated", "species"]
_FLIPPED = {"=": "=", ">": "<", "<": ">"}


@dataclass(frozen=True)
class Line:
    """One target of a card; `scale` is its place on the common axis, in percent."""

    target: str
    colour: str
    tested: bool = True
    quantity: str = ""
    p_text: str = ""
    p_interval: str = ""
    value_text: str = ""
    n_text: str = ""
    note: str = ""
    scale: dict | None = None


@dataclass(frozen=True)
class Group:
    """The lines of one modality, and what they say together."""

    modality: str
    heading: str
    statement: str
    lines: list[Line]


@dataclass(frozen=True)
class Light:
    """The worst verdict of the plates that a compound was on, and how many there were of each."""

    verdict: str
    text: str


@dataclass(frozen=True)
class Card:
    """One compound, of measured or of simulated data, never of both."""

    compound: str
    simulated: bool
    species: str
    page: str
    groups: list[Group]
    light: Light
    axis: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class Axis:
    """The p scale common to all cards: whole units from `low` to `high`."""

    low: float
    high: float

    def percent(self, p: float) -> float:
        """Place of `p` on the scale, 0 to 100, potent on the right."""
        return round(100 * min(max((p - self.low) / (self.high - self.low), 0), 1), 2)

    def ticks(self) -> list[dict]:
        """Whole p units with their places."""
        return [
            {"label": str(p), "x": self.percent(p)}
            for p in range(int(self.low), int(self.high) + 1)
        ]


def make_cards(tables: dict[str, pd.DataFrame], guide_compound: str) -> list[Card]:
    """A card for every compound with a potency row, the guide compound first."""
    potency, selectivity = (_marked(tables[name]) for name in ("potency", "selectivity"))
    axis = _axis(potency)
    ratios_of = dict(list(selectivity.groupby(_CARD, sort=False)))
    verdicts_of = _verdicts(_marked(tables["curves"]), tables["plates"])
    cards = []
    for key, mine in potency.groupby(_CARD, sort=True):
        compound, simulated, species = key
        ratios = ratios_of.get(key, selectivity[:0])
        present = [m for m in MEASURES if (mine["modality"] == m[0]).any()]
        groups = [
            _group(mine[mine["modality"] == modality], ratios, modality, quantities, axis, i == 0)
            for i, (modality, quantities) in enumerate(present)
        ]
        cards.append(
            Card(
                compound,
                simulated,
                species,
                page_of(compound),
                groups,
                light(verdicts_of.get((compound, simulated), [])),
                axis.ticks(),
            )
        )
    return sorted(cards, key=lambda c: (c.compound != guide_compound, c.compound, c.simulated))


def _marked(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(simulated=is_simulated(frame))


def _verdicts(curves: pd.DataFrame, plates: pd.DataFrame) -> dict[tuple, list[str]]:
    """The verdicts of the plates that each compound was on, of measured and of simulated data."""
    keys = ["drop", "run", "assay", "plate"]
    whose = ["compound", "simulated"]
    on = curves[[*whose, *keys]].drop_duplicates().merge(plates[[*keys, "verdict"]], on=keys)
    return {key: list(found) for key, found in on.groupby(whose, sort=False)["verdict"]}


def light(verdicts: list[str]) -> Light:
    """The worst verdict of a compound's plates; a failed plate is left out of the numbers."""
    counts = [(word, verdicts.count(word)) for word in ("fail", "warn", "pass")]
    found = [(word, n) for word, n in counts if n]
    if not found:
        return Light("none", "no plate behind these numbers was judged")
    text = ", ".join(f"{n} {word}" for word, n in reversed(found))
    left_out = "; failed plates are left out" if found[0][0] == "fail" else ""
    plural = "s" if len(verdicts) > 1 else ""
    return Light(found[0][0], f"{len(verdicts)} plate{plural}: {text}{left_out}")


def _group(mine, ratios, modality, quantities, axis: Axis, first: bool) -> Group:
    primary = next(iter(ratios["primary"]), "SERT")
    # The three transporters always in the first group; further groups show what was tested.
    targets = target_order([*(TARGET_COLOURS if first else ()), *mine["target"]])
    colours = target_colours(targets)
    lines, shown = [], {}
    for target in targets:
        here = mine[mine["target"] == target]
        rows = _shown(here, quantities)
        if not len(rows):
            lines.append(Line(target, colours[target], tested=len(here) > 0, note=_why_not(here)))
            continue
        shown[target] = rows.iloc[0]
        for _, row in rows.iterrows():
            note = "" if row["quantity"] == quantities[0] else f"no {quantities[0]}"
            if len(rows) > 1:
                note = row["assay"]
            lines.append(_line(row, target, colours[target], note, axis))
    heading = {"binding": "Binding", "uptake": "Uptake inhibition"}.get(
        modality, "Normalised response"
    )
    relevant = ratios[ratios["modality"] == modality]
    return Group(modality, heading, statement(shown, relevant, primary, lines), lines)


def _shown(here: pd.DataFrame, quantities: tuple[str, ...]) -> pd.DataFrame:
    """The rows of the first quantity that has a value."""
    for quantity in quantities:
        rows = here[(here["quantity"] == quantity) & (here["qualifier"] != "")]
        if len(rows):
            return rows
    return here.iloc[:0]


def _why_not(here: pd.DataFrame) -> str:
    if not len(here):
        return "not tested"
    flags = next((flag for flag in here["flags"] if flag), "")
    return f"no value: {flags}" if flags else "no value"


def _line(row: pd.Series, target: str, colour: str, note: str, axis: Axis) -> Line:
    low, high = p_of(row["upper_nM"]), p_of(row["lower_nM"])
    exact = row["qualifier"] == "="
    unlimited = math.isnan(low) and math.isnan(high)
    p_text = bounded(_FLIPPED[row["qualifier"]], row["p_potency"])
    return Line(
        target=target,
        colour=colour,
        quantity=row["quantity"],
        p_text=p_text,
        p_interval=interval(low, high) if exact and not unlimited else "",
        value_text=f"{row['quantity']} {bounded(row['qualifier'], row['value_nM'], 'nM')}",
        n_text=f"n = {row['n_experiments']}",
        note=note,
        scale=_scale(row, low, high, axis),
    )


def _scale(row: pd.Series, low: float, high: float, axis: Axis) -> dict:
    """Places for the small drawing: a point with a bar, or an arrow from a bound."""
    point = axis.percent(row["p_potency"])
    if row["qualifier"] != "=":
        # A potency weaker than can be told points to the left, to lower p.
        return {"point": point, "arrow": "left" if row["qualifier"] == ">" else "right"}
    start = point if math.isnan(low) else axis.percent(low)
    end = point if math.isnan(high) else axis.percent(high)
    open_end = "left" if math.isinf(low) else "right" if math.isinf(high) else ""
    return {"point": point, "start": start, "end": end, "open": open_end, "arrow": ""}


def p_of(value_nM: float) -> float:
    """-log10 of the molar value: 9 - log10(nM); NaN stays, 0 and infinity are open ends."""
    if math.isnan(value_nM):
        return math.nan
    if value_nM <= 0:
        return math.inf
    return 9 - math.log10(value_nM) if math.isfinite(value_nM) else -math.inf


def _axis(potency: pd.DataFrame) -> Axis:
    values = [p for p in potency["p_potency"] if math.isfinite(p)]
    values += [
        p_of(v)
        for name in ("lower_nM", "upper_nM")
        for v in potency[name]
        if math.isfinite(p_of(v))
    ]
    low, high = math.floor(min(values, default=5)), math.ceil(max(values, default=10))
    return Axis(low, max(high, low + 2))


def statement(shown: dict, ratios: pd.DataFrame, primary: str, lines: list[Line]) -> str:
    """One line: potency at the primary target, fold over the others, what is missing.

    ``SERT Ki 0.642 nM, 95 % CI 0.267 to 1.55 nM, n = 3; > 4,290-fold over DAT (one-sided
    95 %); NET not tested.``
    """
    parts = []
    if primary in shown:
        row = shown[primary]
        words = f"{primary} {row['quantity']} {bounded(row['qualifier'], row['value_nM'], 'nM')}"
        limits = interval(row["lower_nM"], row["upper_nM"])
        if row["qualifier"] == "=" and limits != MISSING:
            # One experiment alone: the interval can only be that of its fit.
            of_fit = " of the fit" if row["n_experiments"] == 1 else ""
            words += f", 95 % CI{of_fit} {limits} nM"
        parts.append(f"{words}, n = {row['n_experiments']}")
    else:
        line = next((line for line in lines if line.target == primary), None)
        parts.append(f"{primary} {'without a value' if line and line.tested else 'not tested'}")
    untested = []
    for target in dict.fromkeys(line.target for line in lines):
        if target == primary:
            continue
        if target in shown:
            parts.append(_over(shown, ratios, primary, target))
        elif any(line.tested for line in lines if line.target == target):
            parts.append(f"{target} without a value")
        else:
            untested.append(target)
    if untested:
        parts.append(f"{' and '.join(untested)} not tested")
    return "; ".join(parts) + "."


def _over(shown: dict, ratios: pd.DataFrame, primary: str, target: str) -> str:
    off = shown[target]
    own = f"{target} {off['quantity']} {bounded(off['qualifier'], off['value_nM'], 'nM')}"
    if primary not in shown:
        return own
    claim = ratios[
        (ratios["target"] == target)
        & (ratios["quantity"] == off["quantity"])
        & (ratios["qualifier"] != "")
    ]
    if not len(claim):
        return f"{own}, ratio not determined"
    row = claim.iloc[0]
    fold = f"{bounded(row['qualifier'], row['ratio'])}-fold over {target}"
    if row["qualifier"] != "=":
        return f"{fold} (one-sided 95 %)"
    limits = interval(row["lower"], row["upper"])
    return fold if limits == MISSING else f"{fold} (95 % CI {limits})"
