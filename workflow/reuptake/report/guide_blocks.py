"""The four guide tables: the guides' own columns, and further ones to be folded out."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reuptake import guides
from reuptake.formatting import MISSING, interval, p_value, significant
from reuptake.report.elements import Cell, page_of
from reuptake.tables import records

# further columns of each table: name in its frame, or of an interval, and header
_MORE = {
    "0": {
        "source": "Source",
        "value_nM": "95 % CI (nM)",
        "n_experiments": "n",
        "method": "How",
        "flags": "Flags",
    },
    "a": {
        "source": "Source",
        "ki_nM": "Ki 95 % CI (nM)",
        "n_experiments": "n",
        "method": "How",
        "flags": "Flags",
    },
    "b": {
        "n": "n",
        "sd_s": "SD (s)",
        "difference_s": "Difference (s)",
        "difference": "95 % CI (s)",
        "p_dunnett": "Dunnett",
        "hedges_g": "Hedges g",
        "run": "Run",
        "flags": "Flags",
    },
    "c": {
        "n": "n",
        "sd_ng_per_g": "SD (ng/g)",
        "antagonism": "95 % CI (%)",
        "p_vs_pca": "Against PCA",
        "p_vs_vehicle": "Against vehicle",
        "run": "Run",
        "flags": "Flags",
    },
}
_LIMITS = {
    "value_nM": ("lower_nM", "upper_nM"),
    "ki_nM": ("ki_lower_nM", "ki_upper_nM"),
    "difference": ("difference_lower_s", "difference_upper_s"),
    "antagonism": ("antagonism_lower_pct", "antagonism_upper_pct"),
}
_ABOUT = {
    "0": (
        guides.COLUMNS_0,
        "Table 0. Quantitative data",
        "The published values of the guide compound, then every value measured here",
    ),
    "a": (
        guides.COLUMNS_A,
        "Table A. In vitro binding affinity and selectivity",
        "Human transporters; ratios of binding Ki only",
    ),
    "b": (
        guides.COLUMNS_B,
        "Table B. Forced swim test in rats",
        "Runs in rats; % reduction of the mean against vehicle",
    ),
    "c": (
        guides.COLUMNS_C,
        "Table C. Antagonism of PCA-induced 5-HT depletion",
        "100 (D − C)/(V − C) of the group means; not clipped",
    ),
}
# in the column `source` of table A, as guides.py writes it
_PUBLISHED = re.compile(r"literature (\[\d+\]), (\S+ (?:IC50|Ki)):")


@dataclass(frozen=True)
class Block:
    """The rows of one compound, of measured or of simulated data."""

    compound: str
    simulated: bool
    href: str
    rows: list[list[Cell]]


@dataclass(frozen=True)
class GuideTable:
    """One of the four tables; the first `n_own` columns are the guide's."""

    key: str
    heading: str
    caption: str
    columns: list[str]
    n_own: int
    blocks: list[Block]
    csv: str


def guide_tables(
    filled: Mapping[str, pd.DataFrame],
    pages: set[str],
    folder: Path,
) -> list[GuideTable]:
    """The tables as the pages show them.

    Parameters
    ----------
    filled : mapping
        The tables as text (:func:`reuptake.guides.guide_tables`).
    pages : set of str
        The compounds that have a page.
    folder : Path
        Where the tables stand as files.
    """
    out = []
    for key, (own, heading, caption) in _ABOUT.items():
        frame = filled[f"guide_table_{key}"]
        more = _MORE[key]
        out.append(
            GuideTable(
                key,
                heading,
                caption,
                [*own, *more.values()],
                len(own),
                _blocks(frame, (*own, *more), pages),
                _as_link(folder / f"guide_table_{key}.csv"),
            )
        )
    return out


def _blocks(frame: pd.DataFrame, columns: tuple[str, ...], pages: set[str]) -> list[Block]:
    blocks = []
    for (compound, simulated), part in frame.groupby(["compound", "simulated"], sort=False):
        rows = [[_cell(row, name) for name in columns] for row in records(part)]
        href = page_of(compound) if compound in pages else ""
        blocks.append(Block(compound, simulated == "true", href, rows))
    return blocks


def _cell(row: Mapping, name: str) -> Cell:
    """A cell of a guide table: words as they are, numbers of further columns rounded."""
    if name in _LIMITS:
        limits = (row[limit] for limit in _LIMITS[name])
        return Cell(interval(*(float(x) if x else float("nan") for x in limits)))
    if name == "source":
        # the sources themselves stand below the tables
        return Cell(row[name].split(":")[0] or MISSING)
    if name.startswith("p_"):
        return Cell(p_value(float(row[name])) if row[name] else MISSING)
    if name in guides.NUMBERS:
        return Cell(significant(float(row[name])) if row[name] else MISSING)
    return Cell(row[name] or MISSING, notes=tuple(_literature(row, name)))


def _literature(row: Mapping, name: str) -> Iterator[str]:
    """What a published value is: ``literature, uptake IC50 [1]``."""
    if name == "Value" and row["source"].startswith("literature"):
        reference = row["source"].removeprefix("literature ").split(":")[0]
        yield f"literature, {row['modality']} {row['Parameter']} {reference}"
    elif name in ("IC50 (nM)", "Ki (nM)"):
        for reference, what in _PUBLISHED.findall(row["source"]):
            if what.endswith(name.removesuffix(" (nM)")):
                yield f"literature, {what} {reference}"


def _as_link(csv: Path) -> str:
    """A file as a link that needs no file beside the page."""
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(csv.read_bytes()).decode()
