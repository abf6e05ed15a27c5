"""Plates: who stands where, and what the counter reads there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reuptake.simulation.signal import BindingAssay, UptakeAssay

# T total, N nonspecific, B blank, A total_added, . empty; a small letter is a curve, whose
# concentrations run from left to right, once in every row that it stands in.
PLATE_96 = """\
TaaaaaaaaaaB
NaaaaaaaaaaT
T.N..T..N...
.bbbbbbbbbbN
TbbbbbbbbbbT
B..A.A.A....
NccccccccccN
TccccccccccT
"""
PLATE_384 = """\
..T....N....T....N...T..
.TaaaaaaaaaabbbbbbbbbbN.
.NccccccccccddddddddddT.
.TeeeeeeeeeeffffffffffB.
.AgggggggggghhhhhhhhhhT.
.TiiiiiiiiiiaaaaaaaaaaN.
.NbbbbbbbbbbccccccccccT.
.BddddddddddeeeeeeeeeeA.
.TffffffffffggggggggggN.
.AhhhhhhhhhhiiiiiiiiiiT.
.TaaaaaaaaaabbbbbbbbbbB.
.NccccccccccddddddddddT.
.TeeeeeeeeeeffffffffffA.
.BgggggggggghhhhhhhhhhT.
.Niiiiiiiiii..........T.
..N....T....N....T...N..
"""
_CONTROLS = {"T": "total", "N": "nonspecific", "B": "blank", "A": "total_added", ".": "empty"}
_ROWS = "ABCDEFGHIJKLMNOP"
_DROPPED = 0.1  # what a dropped well keeps of its signal


@dataclass(frozen=True)
class Curve:
    """One compound on a plate: `role` is reference or sample."""

    compound: str
    role: str
    concentrations_nM: tuple[float, ...]


@dataclass(frozen=True)
class Errors:
    """How far a real plate strays from the expected signal.

    Attributes
    ----------
    pipetting_cv : float
        Coefficient of variation of a well's signal, counting error apart.
    edge_effect : float
        Relative change of the signal in the outermost rows and columns.
    dilution_sd_log10, assay_sd_log10 : float
        Between-run SD of log10 Ki: the day's dilution series of a compound, which the assays of
        a run share, and what each assay adds.
    """

    pipetting_cv: float = 0.03
    edge_effect: float = -0.03
    dilution_sd_log10: float = 0.05
    assay_sd_log10: float = 0.05


@dataclass(frozen=True)
class Run:
    """One assay of one run: its truth and its plates, without any file."""

    run: str
    assay: str
    truth: BindingAssay | UptakeAssay
    plates: dict[str, pd.DataFrame]  # plate name -> layout
    dropped: tuple[str, str] | None = None  # plate and well that lost its contents


def layout(picture: str, curves: Sequence[Curve]) -> pd.DataFrame:
    """The wells of a plate from its picture.

    Parameters
    ----------
    picture : str
        One line a row, one character a well, as :data:`PLATE_96`.
    curves : sequence of Curve
        For the letters a, b, c... in order.

    Returns
    -------
    DataFrame
        well, row, col (from 0), role, compound, concentration_nM (NaN in control wells).
    """
    wells = []
    for row, line in enumerate(picture.splitlines()):
        for col, sign in enumerate(line):
            role, compound, concentration = _CONTROLS.get(sign), "", np.nan
            if role is None:
                curve = curves[ord(sign) - ord("a")]
                role, compound = curve.role, curve.compound
                concentration = curve.concentrations_nM[line[:col].count(sign)]
            wells.append((f"{_ROWS[row]}{col + 1}", row, col, role, compound, concentration))
    names = ["well", "row", "col", "role", "compound", "concentration_nM"]
    return pd.DataFrame(wells, columns=names)


def isotherm_layout(
    ligand_nM: Sequence[float],
    times_min: Sequence[float] = (),
    time_min: float = np.nan,
    course_nM: float = np.nan,
) -> pd.DataFrame:
    """The wells of a 96-well plate with rising radioligand or substrate.

    A column a concentration: three total, three non-specific and one total-added well. Behind
    them, if there are `times_min`, three total wells for each at `course_nM`. Blanks in row H.

    Parameters
    ----------
    ligand_nM : sequence of float
        Up to eight.
    times_min : sequence of float
        Of a time course, up to four.
    time_min, course_nM : float
        Time of the other wells and concentration of the time course.

    Returns
    -------
    DataFrame
        As :func:`layout`, with ``ligand_nM`` and ``time_min``.
    """
    wells = []

    def add(row, col, role, ligand, time):
        name = f"{_ROWS[row]}{col + 1}"
        wells.append((name, row, col, role, "", np.nan, ligand, time))

    roles = ["total"] * 3 + ["nonspecific"] * 3 + ["total_added"]
    for col in range(12):
        for row in range(8):
            course = col - 8
            if row < len(roles) and col < len(ligand_nM):
                add(row, col, roles[row], ligand_nM[col], time_min)
            elif row < 3 and 0 <= course < len(times_min):
                add(row, col, "total", course_nM, times_min[course])
            else:
                blank = row == 7 and col < 4
                add(row, col, "blank" if blank else "empty", np.nan, np.nan)
    names = ["well", "row", "col", "role", "compound", "concentration_nM", "ligand_nM", "time_min"]
    return pd.DataFrame(wells, columns=names)


def expected_cpm(wells: pd.DataFrame, truth: BindingAssay | UptakeAssay) -> np.ndarray:
    """Signal of each well of a layout in counts per minute above background, free of error."""
    if "ligand_nM" in wells:
        signal = np.zeros(len(wells))
        conditions = wells.groupby(["ligand_nM", "time_min"], dropna=False).indices
        for (ligand_nM, time_min), rows in conditions.items():
            if np.isfinite(ligand_nM):
                mine = wells.iloc[rows].drop(columns=["ligand_nM", "time_min"])
                signal[rows] = expected_cpm(mine, truth.at(ligand_nM, time_min))
        return signal
    signal = np.zeros(len(wells))
    role = wells["role"].to_numpy()
    signal[role == "nonspecific"] = truth.nonspecific_cpm
    signal[role == "total_added"] = truth.added_cpm
    signal[role == "total"] = truth.counted_cpm(0.0, 1.0)
    measured = np.isin(role, ["reference", "sample"])
    signal[measured] = truth.counted_cpm(
        wells["concentration_nM"].to_numpy()[measured],
        wells["compound"].map(truth.ki_nM).to_numpy()[measured],
    )
    return signal


def simulate_plate(
    wells: pd.DataFrame,
    truth: BindingAssay | UptakeAssay,
    rng: np.random.Generator,
    errors: Errors | None = None,
    dropped: str | None = None,
) -> pd.DataFrame:
    """One counted plate.

    A well's mean is background + signal·(1 + pipetting error)·(1 + edge effect); the counts of
    the counting time are Poisson, and are given per minute as the instrument rounds them.

    Parameters
    ----------
    wells : DataFrame
        As :func:`layout` makes it, all wells of the plate.
    truth : BindingAssay or UptakeAssay
    rng : numpy Generator
    errors : Errors, optional
    dropped : str, optional
        A well that lost nine tenths of its signal.

    Returns
    -------
    DataFrame
        `wells` with the column counts (integer, counts per minute).
    """
    errors = errors or Errors()
    row, col = wells["row"].to_numpy(), wells["col"].to_numpy()
    outermost = (row == 0) | (row == row.max()) | (col == 0) | (col == col.max())
    signal = expected_cpm(wells, truth)
    signal *= np.maximum(1 + errors.pipetting_cv * rng.standard_normal(len(wells)), 0)
    signal *= 1 + errors.edge_effect * outermost
    if dropped is not None:
        signal[(wells["well"] == dropped).to_numpy()] *= _DROPPED
    mean_cpm = truth.background_cpm + signal
    counts = rng.poisson(mean_cpm * truth.count_time_min)
    return wells.assign(counts=np.rint(counts / truth.count_time_min).astype(int))


def simulate_run(run: Run, seed: int, errors: Errors | None = None) -> dict[str, pd.DataFrame]:
    """All plates of a run, with that day's potencies; another seed is another day.

    Parameters
    ----------
    run : Run
    seed : int
        With the names of run, assay, compound and plate it fixes every number, whatever else
        is simulated before or after.
    errors : Errors, optional

    Returns
    -------
    dict of str to DataFrame
        Counted wells by plate.
    """
    errors = errors or Errors()
    ki_nM = {
        compound: ki * 10 ** log10_shift(seed, run.run, run.assay, compound, errors)
        for compound, ki in run.truth.ki_nM.items()
    }
    truth = replace(run.truth, ki_nM=ki_nM)
    dropped_plate, dropped_well = run.dropped or (None, None)
    return {
        plate: simulate_plate(
            wells,
            truth,
            generator(seed, run.run, run.assay, plate),
            errors,
            dropped_well if plate == dropped_plate else None,
        )
        for plate, wells in run.plates.items()
    }


def log10_shift(seed: int, run: str, assay: str, compound: str, errors: Errors) -> float:
    """How far a compound's log10 Ki lies off in a run: the shared part and the assay's own."""
    shared = generator(seed, run, compound).standard_normal()
    own = generator(seed, run, assay, compound).standard_normal()
    return errors.dilution_sd_log10 * shared + errors.assay_sd_log10 * own


def generator(seed: int, *names: str) -> np.random.Generator:
    """An independent random stream for each seed and sequence of names."""
    words = [int.from_bytes(name.encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))
