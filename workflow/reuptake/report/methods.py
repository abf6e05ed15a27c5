"""Methods paragraphs in journal form: what was done in each assay, with its actual values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import pandas as pd

from reuptake.formatting import join_words, significant
from reuptake.report.elements import anchor, is_simulated
from reuptake.tables import records

_RUN_KEYS = ["drop", "run"]
_SIMULATED = "All of these data are simulated."
_WEIGHTS = {
    "counting": "weighted by the counting error and the scatter of replicates",
    "constant": "all wells weighing the same",
}
_METHODS = {
    "cheng_prusoff": "the Cheng-Prusoff equation",
    "exact": "the exact mass balance of both ligands",
    "bound": "a bound only",
    "none": "none given",
}
_MORRISON = {"exact": "Morrison's equation"}
_NAMES = {"kd": "Kd", "bmax": "Bmax", "km": "Km", "vmax": "Vmax"}
# what a referee asks for, by kind: key of the assay and its name
_ASKED = {
    "competition_binding": ("preparation", "format", "protein", "volume", "incubation"),
    "uptake_inhibition": ("preparation", "format", "cells", "volume", "pre_incubation"),
    "saturation_binding": ("preparation", "format", "protein", "volume", "incubation"),
    "homologous_binding": ("preparation", "format", "protein", "volume", "incubation"),
    "uptake_kinetics": ("preparation", "format", "cells", "volume", "uptake_time"),
    "response": ("preparation", "format", "response"),
}
_ALWAYS_ASKED = ("temperature", "nonspecific_definer")
_ASKED_OF_CURVES = ("reference_compound", "solvent_pct")
_CURVES = ("competition_binding", "uptake_inhibition", "response")


@dataclass(frozen=True)
class Paragraph:
    """The methods of one assay, of measured or of simulated data."""

    id: str
    heading: str
    simulated: bool
    text: str
    missing: str


def paragraphs(
    curves: pd.DataFrame, constants: pd.DataFrame, assays: Mapping, targets: Mapping
) -> list[Paragraph]:
    """A paragraph for each assay that the rows come from.

    Parameters
    ----------
    curves, constants : DataFrame
        Rows of the tables; of one compound for its page.
    assays, targets : mapping
        The settings, as plain data.

    Returns
    -------
    list of Paragraph
        In the order of the assays' names, measured data first. The id of an assay with both
        kinds of data stands at the first.
    """
    out, seen = [], set()
    for frame, words in ((curves, _of_curves), (constants, _of_constants)):
        marked = frame.assign(simulated=is_simulated(frame))
        for (assay, simulated), rows in marked.groupby(["assay", "simulated"], sort=True):
            settings = assays.get(assay, {})
            place = anchor("assay", assay)
            out.append(
                Paragraph(
                    "" if place in seen else place,
                    assay,
                    bool(simulated),
                    " ".join([*words(rows, settings, targets), *([_SIMULATED] * simulated)]),
                    _missing(settings),
                )
            )
            seen.add(place)
    return out


def without_answer(assay: str) -> Paragraph:
    """What there is to tell of an assay whose plates gave nothing."""
    text = "Its plates gave no curve and no constant."
    return Paragraph(anchor("assay", assay), assay, False, text, "")


@cache
def software() -> str:
    """``reuptake 0.1.0, NumPy 2.2.1 and SciPy 1.15.0``."""
    names = (("reuptake", "reuptake"), ("NumPy", "numpy"), ("SciPy", "scipy"))
    return join_words([f"{name} {version(package)}" for name, package in names])


def _of_curves(rows: pd.DataFrame, assay: Mapping, targets: Mapping):
    kind = rows["kind"].iloc[0]
    yield _setting(kind, rows, assay, targets)
    n_runs, n_plates = len(rows[_RUN_KEYS].drop_duplicates()), _n_plates(rows)
    plates = f", {_counted(n_plates, 'plate')}" if n_plates else ""
    yield (
        f"{_counted(rows['experiment'].nunique(), 'independent experiment')} "
        f"({_counted(n_runs, 'run')}{plates}) gave {_counted(len(rows), 'curve')} of "
        f"{_counted(rows['compound'].nunique(), 'compound')}, at "
        f"{_range(rows['n_concentrations'])} concentrations each, with "
        f"{_range(rows['n_points'])} wells in a fit."
    )
    if kind != "response":
        yield from _ligand(kind, rows, assay)
    slopes = Counter(rows["model"].str[:3])
    own = int(rows["model"].str.contains("own plateau", regex=False).sum())
    parts = [
        f"{slopes['3PL']} with the slope held at 1" if slopes["3PL"] else "",
        f"{slopes['4PL']} with a free slope (F test p < 0.05 and lower AICc)"
        if slopes["4PL"]
        else "",
        f"{own} of them with a lower plateau of the compound's own" if own else "",
        f"{slopes['']} without a fit" if slopes[""] else "",
    ]
    how = join_words([part for part in parts if part])
    what = "Responses" if kind == "response" else "Signals, not normalised,"
    yield (
        f"{what} were fitted by least squares to a logistic curve together with the control wells "
        f"of the plate, {_WEIGHTS[assay.get('weights', 'constant')]}"
        f"{f' ({how})' if how else ''}. IC50 is half way between the fitted plateaus, with a 95 % "
        "profile-likelihood interval."
    )
    if kind != "response":
        names = _METHODS | (_MORRISON if kind == "uptake_inhibition" else {})
        counts = Counter(rows["ki_method"])
        used = [f"{names[name]} ({counts[name]})" for name in names if counts[name]]
        yield f"Ki of the curves by {join_words(used)}."
    failed = int((rows["plate_verdict"] == "fail").sum())
    if failed:
        yield f"{_counted(failed, 'curve')} on failed plates entered no potency."
    yield (
        "Potencies are geometric means over independent experiments with the t interval on "
        f"log10. Computed with {software()}."
    )


def _of_constants(rows: pd.DataFrame, assay: Mapping, targets: Mapping):
    yield _setting(rows["kind"].iloc[0], rows, assay, targets)
    n_runs = len(rows[_RUN_KEYS].drop_duplicates())
    found = [
        f"{_NAMES[row['parameter']]} {significant(row['value'])} {row['unit']} "
        f"({significant(row['lower'], direction='down')} to "
        f"{significant(row['upper'], direction='up')})"
        for row in records(rows)
        if row["parameter"] in _NAMES and row["value"] == row["value"]
    ]
    told = f" gave {join_words(found)}" if found else " gave no constant"
    depletion = {"exact": "with what is bound taken off the ligand", "free": "the ligand as added"}
    methods = [depletion[name] for name in dict.fromkeys(rows["method"]) if name in depletion]
    how = f", {join_words(methods)}" if methods else ""
    yield (
        f"{_counted(n_runs, 'run')} of {_range(rows['n_points'])} wells{told}, total and "
        f"non-specific wells in one fit, never linearised{how}; limits are 95 % profile limits."
    )
    yield f"Computed with {software()}."


def _setting(kind: str, rows: pd.DataFrame, assay: Mapping, targets: Mapping) -> str:
    target = rows["target"].iloc[0]
    about = targets.get(target, {})
    gene = f" ({about['gene']})" if about.get("gene") else ""
    species = rows["species"].iloc[0]
    site = f"{species} {about.get('name') or target}{gene}".strip()
    label = (assay.get("radioligand") or assay.get("substrate") or {}).get("name")
    what = {
        "competition_binding": f"Competition for {label or 'the radioligand'} at the {site}",
        "saturation_binding": f"Saturation by {label or 'the radioligand'} of the {site}",
        "homologous_binding": f"Homologous competition for {label or 'the ligand'} at the {site}",
        "uptake_inhibition": f"Inhibition of {label or 'substrate'} uptake by the {site}",
        "uptake_kinetics": f"Kinetics of {label or 'substrate'} uptake by the {site}",
        "response": f"The response of the {site}, normalised as delivered",
    }[kind]
    where = f", preparation {assay['preparation']}," if assay.get("preparation") else ""
    held = [assay[k] for k in ("protein",) if assay.get(k)]
    if assay.get("cells"):
        held.append(f"{significant(assay['cells'])} cells")
    if assay.get("volume"):
        held.append(f"{'in ' if held else ''}{assay['volume']}")
    times = [
        f"{words} {assay[key]}"
        for key, words in (
            ("pre_incubation", "pre-incubated"),
            ("incubation", "incubated"),
            ("uptake_time", "uptake for"),
        )
        if assay.get(key)
    ]
    if assay.get("temperature"):
        times.append(f"at {assay['temperature'].replace(' degC', ' °C')}")
    details = [
        f"nominally {' '.join(held)} in a well" if held else "",
        ", ".join(times),
        f"{assay['format']} format" if assay.get("format") else "",
        f"{assay['solvent_pct']:g} % solvent" if assay.get("solvent_pct") is not None else "",
        f"non-specific level defined with {assay['nonspecific_definer']}"
        if assay.get("nonspecific_definer")
        else "",
        f"reference compound {assay['reference_compound']}"
        if assay.get("reference_compound")
        else "",
    ]
    inside = "; ".join(part for part in details if part)
    text = f"{what}{where} was measured{f' ({inside})' if inside else ''}."
    return text.replace(" ug", " µg").replace(" uL", " µL").replace(" uM", " µM")


def _ligand(kind: str, rows: pd.DataFrame, assay: Mapping):
    uptake = kind == "uptake_inhibition"
    name, constant = ("Substrate", "Km") if uptake else ("Radioligand", "Kd")
    if rows["ligand_nM"].notna().any():
        yield (
            f"{name} was at {_range(rows['ligand_nM'])} nM"
            + (
                f" with a {constant} of {_range(rows['kd_nM'])} nM ({_source(rows, assay, uptake)})"
                if rows["kd_nM"].notna().any()
                else f"; its {constant} is not known"
            )
            + "."
        )
    told = []
    if rows["transporter_nM"].notna().any():
        told.append(f"transporter in the well {_range(rows['transporter_nM'])} nM")
    if rows["depletion_radioligand_pct"].notna().any():
        what = "substrate taken up" if uptake else "radioligand bound"
        told.append(f"{what} {_range(rows['depletion_radioligand_pct'])} %")
    if told:
        yield f"Depletion: {join_words(told)}."


def _source(rows: pd.DataFrame, assay: Mapping, uptake: bool) -> str:
    runs = sorted({name for text in rows["constants_from"] for name in text.split("; ") if name})
    entry = assay.get("km" if uptake else "kd") or {}
    if runs and "run" in entry:
        return f"measured in {join_words(runs)}"
    return entry.get("source") or "source not recorded"


def _missing(assay: Mapping) -> str:
    """What the settings of an assay leave open."""
    kind = assay.get("kind", "")
    asked = (*_ASKED.get(kind, ()), *_ALWAYS_ASKED, *(_ASKED_OF_CURVES * (kind in _CURVES)))
    absent = [name.replace("_", " ") for name in asked if name in assay and assay[name] is None]
    return join_words(absent)


def _n_plates(rows: pd.DataFrame) -> int:
    return len(rows.loc[rows["plate"] != "", [*_RUN_KEYS, "plate"]].drop_duplicates())


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _range(values: pd.Series) -> str:
    """``5.30``, or ``5.02 to 5.41`` where they differ."""
    known = values.dropna().astype(float)
    if known.empty:
        return "not known"
    low, high = (
        f"{value:,.0f}" if float(value).is_integer() else significant(value)
        for value in (known.min(), known.max())
    )
    return low if low == high else f"{low} to {high}"
