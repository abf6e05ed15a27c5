"""The complete check of a drop: everything that is wrong with it, and its data if nothing is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from reuptake import documents
from reuptake.binding.radiochemistry import ACTIVITY_TOLERANCE
from reuptake.documents import Document
from reuptake.drops import folder as files
from reuptake.drops.animals import AnimalReading, levels, read_animals, read_calibration
from reuptake.drops.layout import LayoutWell, read_layout
from reuptake.drops.model import Drop, Plate, Run
from reuptake.drops.responses import ResponsePoint, read_responses
from reuptake.formatting import significant
from reuptake.modelling import problems_of
from reuptake.problems import Problem, ProblemsError
from reuptake.quantities import parse
from reuptake.readers import CounterPlate, SourceFile, read_counts
from reuptake.settings.model import ANIMAL_KINDS, CONSTANT_KINDS, WELL_KINDS, Exclusion
from reuptake.wellnames import parse_well, well_name

_ASSAY_KEY = re.compile(r"""\bassay["']?\s*:\s*["']?([^"'\s,{}\[\]#]+)""")
# a well that the layout leaves out may be empty, but an empty well does not count like this
_EMPTY_WELL_FRACTION = 0.5
_PATH_REMEDY = "Give the path of a file inside the drop folder, with forward slashes."


@dataclass(frozen=True)
class PlateData:
    """A plate whose counts and layout agree."""

    run: Run
    plate: Plate
    counter: CounterPlate
    wells: list[LayoutWell]


@dataclass
class CheckedDrop:
    """A drop after its check; the data are whole only where `problems` is empty."""

    name: str
    drop: Drop | None = None
    plates: list[PlateData] = field(default_factory=list)
    responses: list[tuple[Run, list[ResponsePoint]]] = field(default_factory=list)
    animals: list[tuple[Run, list[tuple[AnimalReading, bool, str]]]] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def n_animals(self) -> int:
        """Animals in all runs, excluded ones included."""
        return sum(len({r.animal for r, *_ in rows}) for _, rows in self.animals)


def assays_named(text: str) -> frozenset[str]:
    """Assay keys in the text of a drop.yaml, found without parsing it."""
    return frozenset(_ASSAY_KEY.findall(text))


def check_drop(
    folder: Path,
    assays: Mapping[str, Mapping],
    exclusions: list[Exclusion],
    today: date | None = None,
    known_assays: str = "",
) -> CheckedDrop:
    """Check a drop folder, its seal apart.

    Parameters
    ----------
    folder : Path
    assays : mapping
        The assays that the configuration knows: the kind of each, and of one with animals its
        control_group, challenge_group and test_length; of one with a label the specific activity
        that it cannot exceed, highest_activity in Ci/mmol.
    exclusions : list of Exclusion
        Those of this drop.
    today : date, optional
        If given, a run dated after it is a problem.
    known_assays : str
        What to tell about the known assays where one is unknown.
    """
    checked = CheckedDrop(folder.name)
    problems = checked.problems
    kinds = {key: assay["kind"] for key, assay in assays.items()}
    if fault := files.name_fault(folder.name):
        problems.append(Problem(fault, "Rename the folder.", value=folder.name))
    if fault := files.folder_fault(folder):
        remedy = "Check that the folder is there and who may read it."
        problems.append(Problem(fault, remedy))
        return checked
    unusable = _check_files(folder, problems)
    description = _read_description(folder, unusable, problems)
    if description is None:
        return checked
    checked.drop, document, named = description
    drop = checked.drop
    for i, run in enumerate(drop.runs):
        _check_run(run, ("runs", i), document, kinds, known_assays, named, today, problems)
        highest = assays.get(run.assay, {}).get("highest_activity")
        _check_activity(run, ("runs", i), document, highest, problems)
    _check_names(drop, document, problems)
    unusable |= _check_paths(folder, drop, document, unusable, problems)
    excluded = {_position(exclusion) for exclusion in exclusions}
    _read_plates(folder, drop, kinds, excluded, unusable, checked)
    for run in drop.runs:
        if run.responses and run.responses not in unusable:
            _read_responses(folder, run, checked)
        kind = kinds.get(run.assay)
        if kind in ANIMAL_KINDS and run.animals and run.animals not in unusable:
            _read_animals(folder, run, assays[run.assay], unusable, checked)
    _match_exclusions(exclusions, checked)
    return checked


def _check_files(folder: Path, problems: list[Problem]) -> set[str]:
    """Whether the drop has files and all of them are; those that are none are returned."""
    contents = files.contents(folder)
    if not contents:
        remedy = "Put drop.yaml, the raw files and the layouts into it."
        problems.append(Problem("the drop is empty", remedy))
    elif files.DESCRIPTION not in contents:
        remedy = "Describe the drop in it; docs/new-drop.md shows how."
        problems.append(Problem("the file is missing", remedy, files.DESCRIPTION))
    unusable = set() if files.DESCRIPTION in contents else {files.DESCRIPTION}
    for name in contents:
        if fault := files.path_fault(folder, name):
            remedy = "Rename the file, or take it out of the drop; copy what a link points to."
            problems.append(Problem(fault, remedy, name))
            unusable.add(name)
    return unusable


def _read_description(folder: Path, unusable, problems: list[Problem]):
    """drop.yaml as its model, as a document, and the assays that its text names."""
    if files.DESCRIPTION in unusable:
        return None
    try:
        content = files.read(folder, files.DESCRIPTION)
        document = documents.load(content, files.DESCRIPTION)
        drop = Drop.model_validate(document.data, context={"units": True})
    except ProblemsError as error:
        problems += error.problems
        return None
    except ValidationError as error:
        problems += problems_of(error, Drop, document)
        return None
    if drop.drop != folder.name:
        remedy = f"Write `drop: {folder.name}`, or rename the folder."
        message = "the drop's name is not that of its folder"
        line = document.line(("drop",))
        problems.append(Problem(message, remedy, files.DESCRIPTION, line, "drop", drop.drop))
    return drop, document, assays_named(content.decode("utf-8-sig"))


def _check_run(run: Run, path, document, kinds, known_assays, named, today, problems) -> None:
    """Date, assay and what the assay's kind needs of a run."""

    def fault(message, remedy, column="", value=""):
        line = document.line((*path, column))
        problems.append(Problem(message, remedy, files.DESCRIPTION, line, column, value))

    if run.assay not in named:
        fault("an unusual spelling of the key assay", "Write it plainly: `assay: name`.")
    if today and run.date > today:
        fault("a date in the future", "Mend the date.", "date", run.date.isoformat())
    kind = kinds.get(run.assay)
    if kind is None:
        remedy = f"Add it to the assays file{known_assays}."
        fault("unknown assay", remedy, "assay", run.assay)
        return
    wanted = "plates" if kind in WELL_KINDS else "animals" if kind in ANIMAL_KINDS else "responses"
    for key in ("plates", "animals", "responses"):
        if key == wanted and not getattr(run, key):
            fault(f"run {run.run} has no {key}", f"An assay of kind {kind} needs `{key}:`.", key)
        if key != wanted and getattr(run, key):
            fault(f"{key} do not belong to an assay of kind {kind}", f"Use `{wanted}:`.", key)
    for key, owners in (("calibration", ("pca_depletion",)), ("arrive", ANIMAL_KINDS)):
        if getattr(run, key) and kind not in owners:
            fault(f"{key} does not belong to an assay of kind {kind}", "Remove it.", key)
    if kind in WELL_KINDS and run.concentrations is None:
        remedy = "Say `concentrations: {basis: final}` or `{basis: stock, dilution: 5}`."
        fault(f"run {run.run} does not say what its concentrations are", remedy, "concentrations")
    if run.concentrations:
        stock = run.concentrations.basis == "stock"
        if stock and run.concentrations.dilution is None:
            remedy = "Add the dilution from stock to well, such as `dilution: 5`."
            fault("stock concentrations without their dilution", remedy, "concentrations")
        if not stock and run.concentrations.dilution not in (None, 1):
            remedy = "Leave `dilution` out, or write `basis: stock`."
            fault("final concentrations are not diluted further", remedy, "concentrations")


def _check_activity(run: Run, path, document, highest: float | None, problems) -> None:
    """No lot has a higher specific activity than its label could."""
    given = run.radioligand.specific_activity if run.radioligand else None
    if given is None or highest is None or parse(given, "Ci/mmol") <= highest:
        return
    limit = significant(highest / ACTIVITY_TOLERANCE)
    message = f"specific activity above the carrier-free limit of {limit} Ci/mmol"
    remedy = "Mend it, or the isotope and the number of tritiums in the assays file."
    key = "specific_activity"
    line = document.line((*path, "radioligand", key))
    problems.append(Problem(message, remedy, files.DESCRIPTION, line, key, given))


def _check_names(drop: Drop, document: Document, problems: list[Problem]) -> None:
    """(run, plate) and (run, assay) are unique in a drop, and a run has one date."""
    seen: set[tuple[str, ...]] = set()
    dates: dict[str, date] = {}
    for i, run in enumerate(drop.runs):
        if dates.setdefault(run.run, run.date) != run.date:
            message = f"run {run.run} has two dates, {dates[run.run]} and {run.date}"
            remedy = "Give runs of different days names of their own: a run is one experiment."
            line = document.line(("runs", i, "date"))
            problems.append(
                Problem(message, remedy, files.DESCRIPTION, line, "date", str(run.date))
            )
        names = [(("runs", i, "assay"), run.assay)]
        names += [
            (("runs", i, "plates", j, "plate"), p.plate) for j, p in enumerate(run.plates or [])
        ]
        for path, name in names:
            key = path[-1]
            if (key, run.run, name) in seen:
                message = f"run {run.run} has the {key} {name} twice"
                remedy = f"Give every {key} of a run once, and plates names of their own."
                line = document.line(path)
                problems.append(Problem(message, remedy, files.DESCRIPTION, line, key, name))
            seen.add((key, run.run, name))


def _check_paths(folder: Path, drop: Drop, document: Document, known, problems) -> set[str]:
    """Paths in drop.yaml that lead to no file of the drop, and are not `known` to be bad."""
    bad: set[str] = set()
    for i, run in enumerate(drop.runs):
        named = [
            (("runs", i, key), getattr(run, key)) for key in ("responses", "animals", "calibration")
        ]
        for j, plate in enumerate(run.plates or []):
            place = ("runs", i, "plates", j)
            named += [((*place, "counts"), name) for name in plate.counts]
            named.append(((*place, "layout"), plate.layout))
        for path, name in named:
            if name is None or name in known or name in bad:
                continue
            if fault := files.path_fault(folder, name):
                bad.add(name)
                place = (files.DESCRIPTION, document.line(path), path[-1])
                problems.append(Problem(fault, _PATH_REMEDY, *place, name))
    return bad


def _position(exclusion: Exclusion) -> tuple | None:
    """Run, plate, row and column of an exclusion; None if it names no well."""
    try:
        return exclusion.run, exclusion.plate, *parse_well(exclusion.well)
    except ValueError:
        return None


def _read_plates(folder, drop: Drop, kinds, excluded, unusable, checked: CheckedDrop) -> None:
    problems = checked.problems
    counters: dict[tuple, list[CounterPlate] | None] = {}
    layouts: dict[str, dict[str, list[LayoutWell]] | None] = dict.fromkeys(unusable)
    used: dict[str, set[str]] = {}
    for run in drop.runs:
        for plate in run.plates or []:
            key = (tuple(plate.counts), plate.format)
            if key not in counters:
                usable = unusable.isdisjoint(plate.counts)
                counters[key] = _read_counter(folder, plate, problems) if usable else None
            if plate.layout not in layouts:
                layouts[plate.layout] = _read_layout(folder, plate.layout, problems)
            used.setdefault(plate.layout, set()).add(plate.plate)
            counter, wells = counters[key], layouts[plate.layout]
            if counter is None or wells is None:
                continue
            chosen = _choose_plate(plate, counter, problems)
            mine = [
                replace(well, excluded=True)
                if (run.run, plate.plate, well.row, well.col) in excluded
                else well
                for well in wells.get(plate.plate, [])
            ]
            if not mine:
                remedy = "Add its wells, or mend the plate's name in one of the two files."
                message = f"the layout has no wells of plate {plate.plate}"
                problems.append(Problem(message, remedy, plate.layout))
            elif chosen is not None:
                data = PlateData(run, plate, chosen, mine)
                _match(data, kinds.get(run.assay, ""), problems)
                checked.plates.append(data)
    for name, wells in layouts.items():
        for plate_name in sorted((wells or {}).keys() - used.get(name, set()) - {""}):
            line = wells[plate_name][0].line
            remedy = "Name the plate in drop.yaml, or remove its rows."
            message = "wells of a plate that drop.yaml does not name"
            problems.append(Problem(message, remedy, name, line, "plate", plate_name))


def _read_counter(folder: Path, plate: Plate, problems) -> list[CounterPlate] | None:
    sources = []
    before = len(problems)
    for name in plate.counts:
        try:
            sources.append(SourceFile(name, files.read(folder, name)))
        except ProblemsError as error:
            problems += error.problems
    if len(problems) > before:
        return None
    try:
        return read_counts(sources, plate.format)
    except ProblemsError as error:
        problems += error.problems
        return None


def _read_layout(folder: Path, name: str, problems) -> dict[str, list[LayoutWell]] | None:
    """The wells of each plate of a layout; None where anything in it is wrong."""
    try:
        content = files.read(folder, name)
    except ProblemsError as error:
        problems += error.problems
        return None
    before = len(problems)
    wells = read_layout(name, content, problems)
    if not wells and len(problems) == before:
        problems.append(Problem("no wells", "Add one row a well.", name))
    if len(problems) > before:
        return None
    plates: dict[str, list[LayoutWell]] = {}
    for well in wells:
        plates.setdefault(well.plate, []).append(well)
    return plates


def _choose_plate(plate: Plate, counters: list[CounterPlate], problems) -> CounterPlate | None:
    labels = [counter.label for counter in counters]
    wanted = plate.counts_plate or (plate.plate if plate.plate in labels else None)
    if wanted is None and len(counters) == 1:
        return counters[0]
    if wanted in labels:
        return counters[labels.index(wanted)]
    message = (
        f"the file has {len(labels)} plates and plate {plate.plate} does not say which is its own"
        if wanted is None
        else f"the file has no plate {wanted}"
    )
    remedy = f"Set `counts_plate` to one of {', '.join(labels)}."
    problems.append(Problem(message, remedy, plate.counts[-1], None, "counts_plate", wanted or ""))
    return None


def _match(data: PlateData, kind: str, problems: list[Problem]) -> None:
    """Counts and layout must speak of the same wells, and the controls must be there."""
    counts, layout = data.counter.counts, data.plate.layout
    n_rows, n_cols = counts.shape
    plate = data.plate.plate

    def fault(message, remedy, wells, file):
        names = ", ".join(wells[:12]) + (f" and {len(wells) - 12} more" if len(wells) > 12 else "")
        problems.append(Problem(f"plate {plate}: {message}: {names}", remedy, file))

    outside = [w.well for w in data.wells if w.row >= n_rows or w.col >= n_cols]
    if outside:
        remedy = "Mend the well names, or the plate that the layout is for."
        size = n_rows * n_cols
        fault(f"wells that a {size}-well plate does not have", remedy, outside, layout)
        return
    uncounted = [
        w.well
        for w in data.wells
        if np.isnan(counts[w.row, w.col]) and w.role != "empty" and not w.excluded
    ]
    if uncounted:
        remedy = "Give the role empty to wells that were not counted, or exclude them."
        fault("wells of the layout that the counter file lacks", remedy, uncounted, layout)
    _match_unnamed(data, fault)
    if kind in CONSTANT_KINDS and kind != "homologous_binding":
        bare = [
            w.well
            for w in data.wells
            if w.role in ("total", "nonspecific", "sample", "reference")
            and not w.excluded
            and not w.ligand_concentration_nM
        ]
        if bare:
            remedy = "Fill the columns ligand_concentration and ligand_unit."
            fault("wells without a ligand concentration", remedy, bare, layout)
    if kind in ("competition_binding", "uptake_inhibition"):
        present = {w.role for w in data.wells if not w.excluded}
        for role, meaning in (("total", "vehicle"), ("nonspecific", "complete inhibition")):
            if role not in present:
                remedy = f"Give the wells with {meaning} the role {role}."
                message = f"plate {plate} has no {role} wells"
                problems.append(Problem(message, remedy, layout))


def _match_unnamed(data: PlateData, fault) -> None:
    """Wells that the layout leaves out are empty, unless they count like wells in use."""
    counts = data.counter.counts
    unnamed = ~np.isnan(counts)
    for well in data.wells:
        unnamed[well.row, well.col] = False
    floor = [counts[w.row, w.col] for w in data.wells if w.role == "nonspecific" and not w.excluded]
    if not floor or not unnamed.any():
        return
    in_use = unnamed & (counts > _EMPTY_WELL_FRACTION * np.nanmedian(floor))
    if in_use.any():
        wells = [well_name(int(r), int(c)) for r, c in np.argwhere(in_use)]
        remedy = "Add them to the layout; a well that holds nothing gets the role empty."
        message = "wells with counts that the layout does not name"
        fault(message, remedy, wells, data.plate.layout)


def _read_responses(folder: Path, run: Run, checked: CheckedDrop) -> None:
    try:
        content = files.read(folder, run.responses)
    except ProblemsError as error:
        checked.problems += error.problems
        return
    points = read_responses(run.responses, content, checked.problems)
    checked.responses.append((run, points))


def _read_animals(folder: Path, run: Run, assay: Mapping, unusable, checked: CheckedDrop) -> None:
    """The readings of a run, HPLC amounts as levels; rows with a fault are not looked at twice."""
    problems = checked.problems
    before = len(problems)
    standards = {}
    try:
        content = files.read(folder, run.animals)
        if run.calibration and run.calibration not in unusable:
            calibration = files.read(folder, run.calibration)
            standards = read_calibration(run.calibration, calibration, problems)
    except ProblemsError as error:
        problems += error.problems
        return
    whole = len(problems) == before and run.calibration not in unusable
    readings = read_animals(run.animals, content, assay, problems, calibrated=bool(run.calibration))
    if whole:
        faulty = {p.line for p in problems[before:]}
        sound = [reading for reading in readings if reading.line not in faulty]
        found = levels(run.animals, sound, standards, problems, run.calibration or "")
        checked.animals.append((run, found))


def _match_exclusions(exclusions: list[Exclusion], checked: CheckedDrop) -> None:
    """An exclusion must meet a well; one that does not is somebody's mistake."""
    wells = {
        (data.run.run, data.plate.plate, well.row, well.col)
        for data in checked.plates
        for well in data.wells
    }
    # the wells of a drop with faults are not all known
    whole = not checked.problems
    for exclusion in exclusions:
        if _position(exclusion) in wells:
            checked.exclusions.append(exclusion)
        elif whole:
            message = f"run {exclusion.run}, plate {exclusion.plate} has no such well"
            remedy = "Mend the row, or remove it."
            checked.problems.append(
                Problem(message, remedy, "exclusions file", exclusion.line, "well", exclusion.well)
            )
