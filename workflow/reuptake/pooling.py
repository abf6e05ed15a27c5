"""What can only be seen across drops: double plates, compound names, jumps of a range."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd

from reuptake.sharederrors import SHIFTS

# counts that agree in fewer wells, or take fewer values, may do so by chance
LEAST_REPEATED_WELLS = 6
LEAST_DISTINCT_COUNTS = 4
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
    if it nearly spells one that is, or differs from another only in case or punctuation.
    """
    known: dict[str, str] = {}
    for entry in compounds:
        for name in (entry["compound"], entry["name"], *entry["synonyms"]):
            if name:
                known.setdefault(name.casefold(), entry["compound"])
    plain = {_plain(name): compound for name, compound in known.items()}
    alike = defaultdict(set)
    for name in names:
        alike[_plain(name)].add(name)
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
        if near is None:
            near = min(alike[_plain(name)] - {name}, default=None)
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
    keys = ["compound", "assay", "role"]
    ends = np.log10(curves[["lowest_tested_nM", "highest_tested_nM"]].to_numpy(dtype=float))
    frame = curves[[*keys, "experiment"]].assign(low=ends[:, 0], high=ends[:, 1])
    found = np.full(len(frame), "", dtype=object)
    grouped = frame.groupby(keys, sort=False)[["low", "high"]]
    spread = grouped.transform("max") - grouped.transform("min")
    # where all ends lie together, as nearly everywhere, none can have jumped
    wide = (spread >= RANGE_JUMP_DECADES).all(axis=1).to_numpy()
    places = pd.Series(np.flatnonzero(wide))
    for _, rows in places.groupby([frame[key].to_numpy()[wide] for key in keys], sort=False):
        rows = rows.to_numpy()
        names = frame.experiment.to_numpy()[rows]
        for name in dict.fromkeys(names):
            mine, others = rows[names == name], rows[names != name]
            shift = ends[mine] - np.nanmedian(ends[others], axis=0) if len(others) else []
            for row, (low, high) in zip(mine, shift, strict=False):
                if low * high > 0 and min(abs(low), abs(high)) >= RANGE_JUMP_DECADES:
                    side = "above" if high > 0 else "below"
                    found[row] = (
                        f"tested range about {10 ** abs(high):,.0f}-fold {side} that of the "
                        "compound's other runs: check the unit"
                    )
    return pd.Series(found, index=curves.index, dtype="str")


class Repeats:
    """Curves whose counts stand already in an earlier plate: a rerun under another name.

    No two measurements agree to the last count in every well. The first of them, in the order
    of drop, run and plate, stays; the others must not count as further experiments. Compared
    are concentrations and counts of all wells of a curve, at least six with four distinct
    counts; simulated and measured wells are not compared.

    Attributes
    ----------
    found : dict
        By (drop, run, plate, assay, role, compound) of the repetition: ``drop/run/plate`` of
        the first.
    """

    def __init__(self):
        self.found: dict[tuple, str] = {}
        self._first: dict[bytes, str] = {}

    def note(self, curves: Iterable[tuple[tuple, bytes]]) -> None:
        """Take in the :func:`fingerprints` of further drops, in the order of their names."""
        for curve, fingerprint in curves:
            place = "/".join(filter(None, curve[:3]))
            if self._first.setdefault(fingerprint, place) != place:
                self.found[curve] = self._first[fingerprint]


def fingerprints(wells: pd.DataFrame) -> Iterator[tuple[tuple, bytes]]:
    """Each curve's key and the digest of its wells, where these are enough to tell it by.

    Parameters
    ----------
    wells : DataFrame
        Columns of wells.csv, of whole drops.
    """
    key = ["drop", "run", "plate", "assay", "role", "compound"]
    measured = wells[wells.role.isin(["sample", "reference"]) & wells.signal.notna()]
    ordered = measured.sort_values([*key, "concentration_nM", "signal"], kind="stable")
    names = zip(*(ordered[name].to_numpy(object).tolist() for name in key), strict=True)
    values = ordered[["simulated", "concentration_nM", "signal"]].to_numpy(dtype=float)
    for curve, places in groupby(zip(names, range(len(ordered)), strict=True), key=itemgetter(0)):
        mine = values[[place for _, place in places]]
        if len(mine) >= LEAST_REPEATED_WELLS and len(set(mine[:, 2])) >= LEAST_DISTINCT_COUNTS:
            yield curve, hashlib.blake2b(mine.tobytes()).digest()


_OF_KI = (
    "ki_nM",
    "ki_lower_nM",
    "ki_upper_nM",
    "ki_cheng_prusoff_nM",
    "ki_exact_nM",
    "ki_exact_lower_nM",
    "ki_exact_upper_nM",
    "log10_ki_se",
    *SHIFTS,
)


def refuse_unaccepted(curves: pd.DataFrame, accepted: set[str]) -> pd.DataFrame:
    """Take back every Ki whose constants come from a run of a drop that is not accepted.

    A drop that is rejected by itself tells no constants; this is for one that falls by its
    likeness to another drop, which only a look at all of them can show.
    """
    curves = curves.copy()
    for index, runs in curves.constants_from[curves.constants_from != ""].items():
        lost = [run for run in runs.split(", ") if run.partition("/")[0] not in accepted]
        if not lost:
            continue
        flag = f"no Ki: it hangs on {', '.join(lost)}, of a drop that was rejected"
        for name in ("flags", "ki_flags"):
            curves.loc[index, name] = join_flags(curves.loc[index, name], flag)
        curves.loc[index, [*_OF_KI]] = np.nan
        curves.loc[index, ["ki_qualifier", "ki_method"]] = ["", "none"]
    return curves


def join_flags(*parts: str) -> str:
    """Flags joined by '; ', empty ones left out."""
    return "; ".join(part for part in parts if part)
