"""Reading the configuration: every problem of every file at once, with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from reuptake import documents
from reuptake.documents import Document
from reuptake.modelling import problem_of, problems_of
from reuptake.problems import Problem, ProblemsError
from reuptake.settings.model import (
    Assay,
    Compound,
    Config,
    Exclusion,
    Settings,
    Target,
)

ROOT = Path(__file__).parents[3]
DEFAULT = "config/config.yaml"

_ASSAYS = TypeAdapter(dict[str, Assay])
_TARGETS = TypeAdapter(dict[str, Target])


def load_settings(
    files: list[Path] | None = None, overrides: dict | None = None, *, units: bool = True
) -> Settings:
    """Read the default config, the given files on top of it, and the files they name.

    Parameters
    ----------
    files : list of Path, optional
        Further config files; later ones win, key by key, as Snakemake merges them.
    overrides : dict, optional
        Values that win over all files.
    units : bool
        Check every quantity's unit; costs the import of the unit library.

    Raises
    ------
    ProblemsError
        With everything that is wrong in any of the files.
    """
    merged: dict = {}
    sources: dict[str, Document] = {}
    default = base_folder() / DEFAULT
    for path in [default, *(files or [])]:
        document = documents.load(_bytes(Path(path), "config file"), str(path))
        merged = _merge(merged, document.data)
        sources |= dict.fromkeys(document.data, document)
    merged = _merge(merged, overrides or {})
    context = {"units": units}
    problems: list[Problem] = []
    try:
        config = Config.model_validate(merged, context=context)
    except ValidationError as error:
        for details in error.errors():
            key = details["loc"][0] if details["loc"] else ""
            document = sources.get(key, Document(merged, {}, "config"))
            problems.append(problem_of(details, Config, document))
        raise ProblemsError(problems) from None

    targets = _mapping(config.targets, "targets file", _TARGETS, Target, context, problems)
    assays = _mapping(config.assays, "assays file", _ASSAYS, Assay, context, problems)
    compounds = _rows(config.compounds, "compounds file", Compound, _compound, problems)
    exclusions = _rows(config.exclusions, "exclusions file", Exclusion, dict, problems)
    problems += _cross_checks(config, assays, targets)
    if problems:
        raise ProblemsError(problems)
    return Settings(
        config=config,
        assays=assays,
        targets=targets,
        compounds=tuple(compounds),
        exclusions=tuple(exclusions),
    )


def _merge(under: dict, over: dict) -> dict:
    """`over` laid on `under`, mapping by mapping."""
    out = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _merge(out[key], value) if both else value
    return out


def base_folder() -> Path:
    """Where relative paths start: the working folder if it has a config, else the checkout."""
    return Path() if Path(DEFAULT).exists() else ROOT


def resolve(path: str) -> Path:
    """A path of the config, relative to :func:`base_folder`."""
    return base_folder() / path


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the {what} cannot be read: {error.strerror or error}"
        remedy = "Check the path in config.yaml or on the command line."
        raise ProblemsError([Problem(message, remedy, str(path))]) from None


def _mapping(path: str, what: str, adapter, model, context, problems: list[Problem]) -> dict:
    """A YAML file of named entries."""
    try:
        document = documents.load(_bytes(resolve(path), what), path)
    except ProblemsError as error:
        problems += error.problems
        return {}
    try:
        return adapter.validate_python(document.data, context=context)
    except ValidationError as error:
        problems += problems_of(error, model, document)
        return {}


def _rows(path: str, what: str, model, prepare, problems: list[Problem]) -> list:
    """A CSV file with one model a row."""
    try:
        text = _bytes(resolve(path), what).decode("utf-8-sig")
    except ProblemsError as error:
        problems += error.problems
        return []
    except UnicodeDecodeError:
        problems.append(Problem("not UTF-8", "Save the file as CSV UTF-8.", path))
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        (_, header), *body = [(reader.line_num, cells) for cells in reader] or [(1, [])]
    except csv.Error as error:
        message = f"not valid CSV: {error}"
        problems.append(Problem(message, "Mend the quotes on this line.", path, reader.line_num))
        return []
    expected = [name for name in model.model_fields if name != "line"]
    if header != expected:
        remedy = f"The header is `{','.join(expected)}`."
        problems.append(Problem("wrong columns", remedy, path, 1, value=",".join(header)))
        return []
    rows = []
    for line, cells in body:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            message = f"{len(cells)} cells, {len(header)} expected"
            problems.append(Problem(message, "Mend the commas.", path, line))
            continue
        data = prepare(dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        if "line" in model.model_fields:
            data["line"] = line
        try:
            rows.append(model.model_validate(data))
        except ValidationError as error:
            document = Document(data, {(): line}, path)
            problems += problems_of(error, model, document)
    return rows


def _compound(cells: dict) -> dict:
    names = [name.strip() for name in cells["synonyms"].split("|")]
    return cells | {"synonyms": [name for name in names if name]}


def _cross_checks(config: Config, assays: dict, targets: dict) -> list[Problem]:
    problems = []
    primaries = [key for key, target in targets.items() if target.role == "primary"]
    if len(primaries) > 1:
        message = f"{len(primaries)} targets have the role primary"
        remedy = "Give one target `role: primary`; ratios are taken to it."
        problems.append(Problem(message, remedy, config.targets, value=", ".join(primaries)))
    for key, assay in assays.items():
        target = getattr(assay, "target", None)
        if targets and target is not None and target not in targets:
            remedy = f"Use one of {', '.join(targets)}, or add it to {config.targets}."
            problems.append(Problem("unknown target", remedy, config.assays, None, key, target))
        if getattr(assay, "challenge_group", "") == getattr(assay, "control_group", None):
            message = "challenge_group and control_group are one group"
            remedy = "Name the group with vehicle alone and the group with the challenge alone."
            problems.append(Problem(message, remedy, config.assays, None, key))
        if getattr(assay, "weights", "") == "counting" and assay.count_time is None:
            message = "counting weights need the counting time"
            remedy = "Add `count_time:`, or use `weights: constant`."
            problems.append(Problem(message, remedy, config.assays, None, key))
    return problems
