"""Animals files and HPLC calibrations: one row an animal, scorer and readout."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from reuptake.animals import hplc
from reuptake.drops import pointfile
from reuptake.drops.layout import exclusion
from reuptake.problems import Problem
from reuptake.quantities import parse

ROLES = ("vehicle", "challenge", "treated", "positive_control", "naive")
REQUIRED = ("animal", "group", "role", "treatment", "dose", "unit")
OPTIONAL = (
    "value",
    "readout",
    "scorer",
    "sex",
    "strain",
    "weight",
    "block",
    "cage",
    "note",
    "exclude",
    "reason",
    "amount",
    "amount_unit",
    "tissue_mg",
    "loq",
    "istd_response",
    "recovery_pct",
)
READOUTS = {
    "forced_swim": ("immobility", "swimming", "climbing", "latency"),
    "pca_depletion": ("5-HT", "5-HIAA"),
}
STANDARD_COLUMNS = ("readout", "amount", "amount_unit", "response")
RESPONSE_UNITS = ("area", "height", "response")
# written out, because a unit library reads Mg as a thousand kilograms
_PER_KG = {"g/kg": 1e3, "mg/kg": 1.0, "ug/kg": 1e-3, "µg/kg": 1e-3, "μg/kg": 1e-3, "ng/kg": 1e-6}
_NG = {"g": 1e9, "mg": 1e6, "ug": 1e3, "µg": 1e3, "μg": 1e3, "ng": 1.0, "pg": 1e-3, "fg": 1e-6}
_SUMMARY = re.compile(
    r"(mean|average|avg|median|std?\.?\s?(dev(iation)?|v|err(or)?)?\.?|stdev|s\.?d\.?|"
    r"s\.?e\.?(m\.?)?|standard (deviation|error)( of the mean)?|"
    r"sum|total|count|min(imum)?|max(imum)?|variance|n\s*=\s*\d*)",
    re.IGNORECASE,
)
_BELOW = re.compile(r"<.*|n\.?d\.?|b\.?l\.?[oq]\.?[qd]?\.?|below.*|not detected", re.IGNORECASE)
_OF_GROUP = ("role", "treatment", "dose_mg_per_kg")
_OF_ANIMAL = ("group", "sex", "strain", "weight", "block", "cage")


@dataclass(frozen=True)
class AnimalReading:
    """A row of an animals file; `value` is seconds or ng/g, or None where HPLC gives it later."""

    line: int
    animal: str
    group: str
    role: str
    treatment: str
    dose_mg_per_kg: float | None
    readout: str
    scorer: str
    value: float | None
    sex: str
    strain: str
    weight: float | None
    block: str
    cage: str
    excluded: bool
    reason: str
    note: str
    amount: float | None = None
    amount_unit: str = ""
    below: bool = False
    tissue_mg: float | None = None
    loq: float | None = None
    istd_response: float | None = None
    recovery_pct: float | None = None


@dataclass
class Standards:
    """Standards of one readout of a calibration file."""

    unit: str
    amount: list[float] = field(default_factory=list)
    response: list[float] = field(default_factory=list)
    istd_response: list[float | None] = field(default_factory=list)


def read_animals(
    file: str, content: bytes, assay: Mapping, problems: list[Problem], *, calibrated: bool = False
) -> list[AnimalReading]:
    """The readings of an animals file; every fault goes to `problems`.

    Parameters
    ----------
    file : str
    content : bytes
    assay : mapping
        kind, control_group, and challenge_group or test_length.
    problems : list of Problem
    calibrated : bool
        Whether the run has a calibration file.
    """
    kind = assay["kind"]
    longest_s = parse(str(assay["test_length"]), "s") if kind == "forced_swim" else np.inf
    before = len(problems)
    readings: list[AnimalReading] = []
    rows: list[pointfile.Row] = []
    for row in pointfile.rows(file, content, REQUIRED, OPTIONAL, problems):
        if _summary(row):
            continue
        reading = _reading(row, kind, longest_s, calibrated)
        if reading is not None:
            readings.append(reading)
            rows.append(row)
    _check_repeats(readings, rows)
    _check_one_thing(readings, rows)
    _check_spellings(readings, rows)
    if not readings and len(problems) == before:
        problems.append(Problem("no data rows", "Add one row an animal.", file))
    elif readings:
        _check_controls(file, readings, assay, problems)
    return readings


def _summary(row: pointfile.Row) -> bool:
    """Whether the row holds a mean or the like; it then is a fault, and no animal."""
    for column in ("animal", "group"):
        if _SUMMARY.fullmatch(row.text(column)):
            row.fault(
                "a summary row, not an animal",
                "Remove it: means and deviations are computed from the animals.",
                column,
            )
            return True
    return False


def _reading(row: pointfile.Row, kind: str, longest_s: float, calibrated: bool):
    """The reading of a row; None where it names no animal or group."""
    names = {c: row.name(c) for c in ("animal", "group", "treatment", "scorer", "block", "cage")}
    for column in ("animal", "group", "treatment"):
        if not row.text(column):
            row.fault(f"no {column} is named", f"Name the {column} in every row.", column)
    role = row.text("role")
    if role not in ROLES:
        row.fault("unknown role", f"Use one of {', '.join(ROLES)}.", "role")
    known = READOUTS[kind]
    readout = row.text("readout") or known[0]
    if readout not in known:
        row.fault("unknown readout", f"Use one of {', '.join(known)}.", "readout")
    excluded = exclusion(row)
    dose = _dose(row, role)
    level = _hplc_cells(row, calibrated, excluded) if row.text("amount") else {}
    if not level and kind == "pca_depletion":
        level = {"loq": row.number("loq")}
    value = _value(row, kind, longest_s, excluded, bool(row.text("amount")))
    if not names["animal"] or not names["group"]:
        return None
    return AnimalReading(
        line=row.line,
        **names,
        role=role,
        dose_mg_per_kg=dose,
        readout=readout,
        value=value,
        sex=row.text("sex"),
        strain=row.text("strain"),
        weight=row.number("weight"),
        excluded=excluded,
        reason=row.text("reason"),
        note=row.text("note"),
        **level,
    )


def _dose(row: pointfile.Row, role: str) -> float | None:
    """The dose in mg/kg; dose and unit stand together or not at all."""
    dose, unit = row.number("dose"), row.text("unit")
    if row.text("dose") and not unit:
        row.fault("a dose without a unit", "Name it, such as mg/kg.", "unit")
        return None
    if unit and not row.text("dose"):
        row.fault("a unit without a dose", "Give the dose, or leave the unit empty too.", "dose")
        return None
    if dose is None:
        return None
    factor = _PER_KG.get(unit.replace(" ", ""))
    if factor is None:
        row.fault("not a unit of dose", "Use mg/kg, ug/kg, ng/kg or g/kg.", "unit")
        return None
    if dose < 0:
        row.fault("a negative dose", "Mend the sign.", "dose")
        return None
    if dose > 0 and role == "vehicle":
        remedy = "Leave dose and unit empty, or mend the role."
        row.fault("a vehicle animal with a dose", remedy, "dose")
    return float(f"{dose * factor:.15g}")


def _value(row, kind: str, longest_s: float, excluded: bool, has_amount: bool) -> float | None:
    """Seconds or ng/g; empty only where an amount stands instead, or the row is excluded."""
    if kind == "pca_depletion" and _BELOW.fullmatch(row.text("value")):
        remedy = "Leave value empty; write the amount, or below, and the limit in loq."
        row.fault("a level below a limit, written as text", remedy, "value")
        return None
    value = row.number("value")
    if row.text("value") and has_amount:
        row.fault("both a value and an amount", "Give one of them.", "value")
    if not row.text("value") and not has_amount and not excluded:
        remedy = "Give the number, or set exclude to true with a reason."
        row.fault("no value", remedy, "value")
    if value is None:
        return None
    if value < 0:
        what = "negative seconds" if kind == "forced_swim" else "a negative level"
        row.fault(what, "Mend the value.", "value")
        return None
    if value > longest_s:
        row.fault(
            f"longer than the test ({longest_s:g} s)",
            "Mend the value, or the assay's test_length.",
            "value",
        )
        return None
    if kind == "pca_depletion" and value == 0:
        remedy = "Give the limit of quantification in loq and leave value 0 out: write below "
        row.fault("a level of zero", remedy + "in amount, with amount_unit.", "value")
        return None
    return value


def _hplc_cells(row: pointfile.Row, calibrated: bool, excluded: bool) -> dict:
    """The cells of an HPLC row, checked; faults of the conversion come from `levels`."""
    below = bool(_BELOW.fullmatch(row.text("amount")))
    amount = None if below else row.number("amount")
    unit, loq = row.text("amount_unit"), row.number("loq")
    if not unit:
        row.fault("an amount without a unit", "Name it, such as ng, pg or area.", "amount_unit")
    elif unit in RESPONSE_UNITS:
        if not calibrated:
            remedy = "Add calibration.csv and name it in drop.yaml, or give amounts in pg or ng."
            row.fault("a response without a calibration", remedy, "amount_unit")
    elif unit not in _NG:
        remedy = f"Use one of {', '.join((*_NG, *RESPONSE_UNITS))}."
        row.fault("not a unit of an amount", remedy, "amount_unit")
    if amount is not None and amount < 0:
        row.fault("a negative amount", "Mend the sign.", "amount")
    if (below or amount == 0) and loq is None and not (calibrated and unit in RESPONSE_UNITS):
        remedy = "Give the limit of quantification in loq, in the unit of the amount."
        row.fault("below the limit of quantification, without the limit", remedy, "loq")
    if loq is not None and not loq > 0:
        row.fault("a limit that is not above zero", "Mend it.", "loq")
    tissue = row.number("tissue_mg")
    if not row.text("tissue_mg") and not excluded:
        row.fault("no tissue weight", "Give the wet weight in mg.", "tissue_mg")
    if tissue is not None and not tissue > 0:
        row.fault("a tissue weight that is not above zero", "Mend it.", "tissue_mg")
    recovery = row.number("recovery_pct")
    if recovery is not None and not 0 < recovery <= 150:
        row.fault("a recovery outside 0 to 150 %", "Write per cent, such as 92.", "recovery_pct")
    return {
        "amount": amount,
        "amount_unit": unit,
        "below": below,
        "tissue_mg": tissue,
        "loq": loq,
        "istd_response": row.number("istd_response"),
        "recovery_pct": recovery,
    }


def _check_repeats(readings: list[AnimalReading], rows: list[pointfile.Row]) -> None:
    """One reading of an animal, readout and scorer."""
    seen: dict[tuple, AnimalReading] = {}
    for reading, row in zip(readings, rows, strict=True):
        if reading.excluded:
            continue
        key = (reading.animal, reading.group, reading.readout, reading.scorer)
        first = seen.setdefault(key, reading)
        if first is reading:
            continue
        who = f" by {reading.scorer}" if reading.scorer else ""
        message = f"animal {reading.animal} stands in line {first.line} already{who}"
        if (first.value, first.amount) != (reading.value, reading.amount):
            message += ", with another value"
        column = "value" if row.text("value") else "amount"
        row.fault(message, "Keep one row, exclude one, or name the scorers.", column)


def _check_one_thing(readings: list[AnimalReading], rows: list[pointfile.Row]) -> None:
    """A group has one role, treatment and dose; an animal one group, cage and so on."""
    for owner, names in (("group", _OF_GROUP), ("animal", _OF_ANIMAL)):
        first: dict[tuple[str, str], AnimalReading] = {}
        for reading, row in zip(readings, rows, strict=True):
            for name in names:
                known = first.setdefault((getattr(reading, owner), name), reading)
                here, there = getattr(reading, name), getattr(known, name)
                if here == there or (name == "treatment" and _plain(here) == _plain(there)):
                    continue
                column = "dose" if name == "dose_mg_per_kg" else name
                message = f"{owner} {getattr(reading, owner)} has another {column} in line "
                remedy = f"Mend one of them; a {owner} has one {column}."
                if name == "group":
                    remedy = "Give every animal a name of its own, such as V1, V2, D1."
                row.fault(f"{message}{known.line}", remedy, column)


def _check_spellings(readings: list[AnimalReading], rows: list[pointfile.Row]) -> None:
    """A treatment or group written in two ways is one thing that would be taken for two."""
    for column, key in (("treatment", _plain), ("group", lambda name: name.casefold())):
        first: dict[str, AnimalReading] = {}
        told = set()
        for reading, row in zip(readings, rows, strict=True):
            here = getattr(reading, column)
            known = first.setdefault(key(here), reading)
            there = getattr(known, column)
            if here != there and here not in told:
                told.add(here)
                row.fault(
                    f"a {column} spelt otherwise in line {known.line} ({there})",
                    "Use one spelling.",
                    column,
                )


def _plain(name: str) -> str:
    """A name without case, spaces, and hyphens beside letters: (+)-X and (-)-X stay two."""
    return re.sub(r"[\s_]|(?<=[a-z])-|-(?=[a-z])", "", name.casefold())


def _check_controls(file, readings, assay: Mapping, problems: list[Problem]) -> None:
    """The groups that the assay compares with must be there, with two animals or more."""
    animals: dict[str, set[str]] = {}
    for reading in readings:
        if not reading.excluded:
            animals.setdefault(reading.group, set()).add(reading.animal)
    for key in ("control_group", "challenge_group"):
        name = assay.get(key)
        if not name:
            continue
        n = len(animals.get(name, ()))
        if not n:
            near = difflib.get_close_matches(name, animals, 1, 0.6)
            guess = f" (did you mean {near[0]}?)" if near else ""
            remedy = f"Name it so in the file, or mend {key} of the assay{guess}."
            message = f"no animals of the {key} {name}"
            problems.append(Problem(message, remedy, file, None, "group", ", ".join(animals)))
        elif n == 1:
            remedy = "A comparison needs two animals or more in it."
            message = f"the {key} {name} has one animal"
            problems.append(Problem(message, remedy, file, None, "group", name))


def read_calibration(file: str, content: bytes, problems: list[Problem]) -> dict[str, Standards]:
    """The standards of each readout of a calibration file."""
    out: dict[str, Standards] = {}
    optional = ("istd_response", "note", "exclude", "reason")
    for row in pointfile.rows(file, content, STANDARD_COLUMNS, optional, problems):
        if exclusion(row):
            continue
        readout, unit = row.text("readout"), row.text("amount_unit")
        if readout not in READOUTS["pca_depletion"]:
            remedy = f"Use one of {', '.join(READOUTS['pca_depletion'])}."
            row.fault("unknown readout", remedy, "readout")
            continue
        if unit not in _NG:
            row.fault("not a unit of mass", f"Use one of {', '.join(_NG)}.", "amount_unit")
            continue
        amount, response = row.number("amount"), row.number("response")
        for column, number in (("amount", amount), ("response", response)):
            if number is None or not number > 0:
                row.fault(f"a standard needs its {column}, above zero", "Give it.", column)
        istd = row.number("istd_response")
        standards = out.setdefault(readout, Standards("ng"))
        if amount and response:
            standards.amount.append(amount * _NG[unit])
            standards.response.append(response)
            standards.istd_response.append(istd)
    return out


def levels(
    file: str,
    readings: list[AnimalReading],
    standards: Mapping[str, Standards],
    problems: list[Problem],
    calibration_file: str = "calibration.csv",
) -> list[tuple[AnimalReading, bool, str]]:
    """Every reading with its value, whether it lies below the limit, and its flags.

    HPLC rows become ng/g here; a level written as value and below its `loq` is one below it.
    """
    lines: dict[str, hplc.Calibration] = {}
    for readout, mine in standards.items():
        with_istd = [x is not None for x in mine.istd_response]
        if any(with_istd) != all(with_istd):
            message = f"{readout}: the internal standard is missing in some standards"
            problems.append(Problem(message, "Give it in all, or in none.", calibration_file))
            continue
        istd = mine.istd_response if any(with_istd) else None
        try:
            lines[readout] = hplc.calibrate(mine.amount, mine.response, istd)
        except ValueError as error:
            message = f"{readout}: no calibration: {error}"
            problems.append(Problem(message, "Mend or add standards.", calibration_file))
    out = []
    for reading in readings:
        if reading.excluded and reading.value is None:
            out.append((reading, False, ""))
        elif reading.value is not None:
            below = reading.loq is not None and reading.value < reading.loq
            value = reading.loq if below else reading.value
            out.append((replace(reading, value=value), below, ""))
        else:
            level, fault = _level(reading, lines)
            if fault := fault or level.fault:
                remedy = "Mend the row, or exclude it with a reason."
                found = "" if reading.amount is None else f"{reading.amount:g}"
                problems.append(Problem(fault, remedy, file, reading.line, "amount", found))
                continue
            flags = "; ".join(level.flags)
            out.append((replace(reading, value=level.ng_per_g), level.below_loq, flags))
    return out


def _level(reading: AnimalReading, lines: Mapping[str, hplc.Calibration]):
    """The tissue level of an HPLC row, and why there is none."""
    amount = np.nan if reading.amount is None else reading.amount
    loq = reading.loq
    if reading.amount_unit not in RESPONSE_UNITS:
        factor = _NG.get(reading.amount_unit, np.nan)
        limit = None if loq is None else loq * factor
        return hplc.level(amount * factor, reading.tissue_mg, limit, reading.recovery_pct), ""
    line = lines.get(reading.readout)
    if line is None:
        return None, f"no calibration of {reading.readout}"
    limit = line.lowest
    for response in (loq, reading.amount):
        if response is None:
            continue
        amount, fault = hplc.amount_of(line, response, reading.istd_response)
        if fault:
            return None, fault
        if response is loq:
            limit = max(limit, amount)
    if reading.amount is None:
        amount = np.nan
    level = hplc.level(amount, reading.tissue_mg, limit, reading.recovery_pct)
    flags = level.flags
    if line.internal_standard:
        # what went through the extraction with the sample corrects for its recovery
        twice = reading.recovery_pct is not None
        flags = ("recovery applied on top of an internal standard",) if twice else ()
    return replace(level, flags=(*line.flags, *flags)), ""
