"""What can only be seen across drops: double plates, compound names, jumps of a range."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict

import numpy as np
import pandas as pd

# a jump of this many decades is no change of design but a mistaken unit
RANGE_JUMP_DECADES = 2.5


def reject_double_plates(verdicts: list[dict]) -> list[dict]:
    """Reject every drop that carries a run and plate which another drop carries too.

    Parameters
    ----------
    verdicts : list of dict
        As written by the ingestion, in the order of drop names.
    """
    carriers = defaultdict(list)
    for verdict in verdicts:
        if verdict["status"] == "accepted":
            for run, plate in verdict["plates"]:
                carriers[run, plate].append(verdict["drop"])
    out = []
    for verdict in verdicts:
        reasons = []
        for run, plate in verdict["plates"] if verdict["status"] == "accepted" else []:
            others = [drop for drop in carriers[run, plate] if drop != verdict["drop"]]
            if others:
                reasons.append(
                    f"run {run}, plate {plate} is also in drop {', '.join(others)}. "
                    "Remove one of the drops, or give a new experiment its own run name"
                )
        out.append(verdict | {"status": "rejected", "reasons": reasons} if reasons else verdict)
    return out


def compound_names(names: list[str], compounds: list[dict]) -> dict[str, tuple[str, str]]:
    """For each name as written: the compound it means, and a flag or an empty string.

    A synonym is replaced by its compound; a name that is not listed is kept, and flagged
    if it nearly spells one that is.
    """
    known: dict[str, str] = {}
    for entry in compounds:
        for name in (entry["compound"], entry["name"], *entry["synonyms"]):
            if name:
                known.setdefault(name.casefold(), entry["compound"])
    plain = {_plain(name): compound for name, compound in known.items()}
    out = {}
    for name in names:
        compound = known.get(name.casefold())
        if compound is not None:
            flag = "" if compound == name else f"written as {name}"
            out[name] = (compound, flag)
            continue
        near = plain.get(_plain(name))
        if near is None:
            match = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.88)
            near = known[match[0]] if match and _same_digits(match[0], name) else None
        out[name] = (name, f"not listed, nearly spells {near}" if near else "")
    return out


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _same_digits(a: str, b: str) -> bool:
    """DNS001 and DNS002 are two compounds, not one misspelt."""
    return re.findall(r"\d+", a) == re.findall(r"\d+", b)


def range_jumps(curves: pd.DataFrame) -> pd.Series:
    """Flag of each curve whose tested range lies about 1000-fold off that of its other runs.

    Compared within compound, assay and role with the median of the other experiments, on
    log10 of both ends of the range.
    """
    flags = pd.Series("", index=curves.index, dtype="str")
    ends = np.log10(curves[["lowest_tested_nM", "highest_tested_nM"]])
    for _, group in ends.groupby([curves.compound, curves.assay, curves.role], sort=False):
        # nothing lies farther from a median than the ends of the whole group from each other
        if (group.max() - group.min()).min() < RANGE_JUMP_DECADES:
            continue
        experiment = curves.experiment[group.index]
        if experiment.nunique() < 2:
            continue
        for name in experiment.unique():
            mine = group[experiment == name]
            others = group[experiment != name].median()
            shift = mine - others
            low, high = shift.iloc[:, 0], shift.iloc[:, 1]
            same_way = np.sign(low) == np.sign(high)
            jumped = same_way & (np.minimum(low.abs(), high.abs()) >= RANGE_JUMP_DECADES)
            for index in mine.index[jumped]:
                fold = 10 ** abs(high[index])
                side = "above" if high[index] > 0 else "below"
                flags[index] = (
                    f"tested range about {fold:,.0f}-fold {side} that of the compound's other "
                    "runs: check the unit"
                )
    return flags


def join_flags(*parts: str) -> str:
    """Flags joined by '; ', empty ones left out."""
    return "; ".join(part for part in parts if part)
