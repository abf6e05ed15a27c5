"""What the typed models share: strictness, field types, and errors as problems."""

from __future__ import annotations

import difflib
import re
import types
import typing
from datetime import date
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Tag,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from reuptake.documents import Document
from reuptake.problems import Problem
from reuptake.quantities import QuantityError, parse, split

FORMULA_STARTS = ("=", "+", "-", "@")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Strict(BaseModel):
    """A model that knows all its keys and refuses others."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )


def identifier_fault(text: str) -> str:
    """Why `text` cannot name something, or an empty string."""
    if not text.strip():
        return "an empty name"
    if text.startswith(FORMULA_STARTS):
        return "a name may not begin with = + - or @ (spreadsheets would run it as a formula)"
    if not text.isprintable() or text != text.strip():
        return "a name may not contain control characters or spaces at its ends"
    if len(text) > 120:
        return "a name may not be longer than 120 characters"
    return ""


def _identifier(text: str) -> str:
    if fault := identifier_fault(text):
        raise ValueError(fault)
    return text


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError("expected true or false")


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        # fromisoformat alone also takes 20260302 and week dates
        return date.fromisoformat(_DATE.fullmatch(str(value))[0])
    except (ValueError, TypeError):
        raise ValueError("expected a date as YYYY-MM-DD") from None


def quantity(unit: str, *, zero: bool = False) -> Any:
    """Type of a quantity text that can be turned into `unit`; above zero, or `zero` too.

    The number and the presence of a unit are always checked; the unit itself only where
    the validation context has ``units`` set, because that needs the unit library.
    """

    def check(text: Any, info: ValidationInfo) -> str:
        text = str(text)
        try:
            number, _ = split(text)
            if info.context and info.context.get("units"):
                parse(text, unit)
        except QuantityError as error:
            raise ValueError(f"{error}; expected a quantity such as '5 {unit}'") from None
        if unit != "degC" and (number < 0 or (number == 0 and not zero)):
            what = "a negative quantity" if number else "a quantity of zero"
            raise ValueError(f"{what}; expected a quantity such as '5 {unit}'")
        return text

    return Annotated[str, BeforeValidator(check)]


def value_or_run(value_model, run_model) -> Any:
    """Type of a constant given either with its value or as the run that measured it."""
    return Annotated[
        Annotated[value_model, Tag("a value")] | Annotated[run_model, Tag("a run")],
        Discriminator(_value_or_run),
    ]


def _value_or_run(entry: Any) -> str:
    has_run = "run" in entry if isinstance(entry, dict) else hasattr(entry, "run")
    return "a run" if has_run else "a value"


def word_or(word: Any, model) -> Any:
    """Type of a key that holds a fixed word or a mapping."""
    return Annotated[
        Annotated[word, Tag("a word")] | Annotated[model, Tag("an assumption")],
        Discriminator(lambda v: "a word" if isinstance(v, str) else "an assumption"),
    ]


Identifier = Annotated[str, AfterValidator(_identifier)]
Flag = Annotated[bool, BeforeValidator(_boolean)]
Day = Annotated[date, BeforeValidator(_date)]

# names by which the validator calls the members of a union in an error's location
UNION_TAGS = {
    "competition_binding",
    "saturation_binding",
    "homologous_binding",
    "uptake_inhibition",
    "uptake_kinetics",
    "response",
    "forced_swim",
    "pca_depletion",
    "a value",
    "a run",
    "a word",
    "an assumption",
}


def problems_of(
    error: ValidationError, model: type[BaseModel], document: Document, prefix: tuple = ()
) -> list[Problem]:
    """Every error of a validation as a problem with its line.

    Parameters
    ----------
    error : ValidationError
    model : type
        The model that was validated, to name the keys it knows.
    document : Document
        Where the data came from.
    prefix : tuple
        Path of the validated data inside the document.
    """
    return [problem_of(details, model, document, prefix) for details in error.errors()]


def problem_of(
    details: ErrorDetails, model: type[BaseModel], document: Document, prefix: tuple = ()
) -> Problem:
    """One error of a validation as a problem; see :func:`problems_of`."""
    path = _path_in(_value_at(document.data, prefix), details["loc"])
    value = _value_at(document.data, prefix + path)
    key = ".".join(str(part) for part in path)
    line = document.line(prefix + path)
    kind = details["type"]
    if kind == "missing":
        message, remedy, value = "the key is missing", f"Add `{path[-1]}:` here.", None
    elif kind == "extra_forbidden":
        known = sorted(_known_keys(model, details["loc"][:-1]))
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        message = "unknown key"
        remedy = f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(known)}."
        value = None
    else:
        message = details["msg"].removeprefix("Value error, ").rstrip(".")
        message = message[:1].lower() + message[1:]
        remedy = "Mend the value."
        if kind == "union_tag_invalid":
            message = f"unknown {details['ctx']['discriminator'].strip(chr(39))}"
            value = details["ctx"]["tag"]
            remedy = f"Use one of {details['ctx']['expected_tags']}."
        elif kind == "union_tag_not_found":
            message, value = f"no {details['ctx']['discriminator'].strip(chr(39))} is given", None
            remedy = "Add it."
        elif kind in ("model_type", "model_attributes_type", "dict_type"):
            message, remedy = "expected keys with values", "Write `key: value` lines below it."
        elif kind == "list_type":
            message, remedy = "expected a list", "Begin each entry with `- `."
        elif kind == "literal_error":
            remedy = "Use one of the expected values."
        elif "unit" in message or "quantity" in message:
            remedy = "Write number and unit as text, for example `5.1 nM`."
    shown = value if isinstance(value, str) else ""
    return Problem(message, remedy, document.file, line, key, shown)


def _path_in(data, location: tuple) -> tuple:
    """An error's location without the parts that only say which member of a union was tried."""
    path = []
    for part in location:
        inside = isinstance(data, dict) and part in data
        inside |= isinstance(data, list) and isinstance(part, int) and part < len(data)
        if inside:
            data = data[part]
        elif part in UNION_TAGS:
            continue
        else:
            data = None
        path.append(part)
    return tuple(path)


def _value_at(data, path):
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _known_keys(model, path) -> set[str]:
    """Keys of the model reached by `path`; of all members where there is a choice."""
    models = _models_in(model)
    for part in path:
        if isinstance(part, int):
            continue
        if part in UNION_TAGS:
            models = {m for m in models if part in _kinds(m)} or models
            continue
        models = {
            inner
            for m in models
            for name, info in m.model_fields.items()
            if part in {name, info.alias}
            for inner in _models_in(info.annotation)
        } or models
    return {info.alias or name for m in models for name, info in m.model_fields.items()}


def _kinds(model) -> tuple:
    """The kinds of assay that a model is for."""
    return get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()


def _models_in(annotation) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    if get_origin(annotation) in (Union, types.UnionType, list, dict, tuple, typing.Annotated):
        return {m for arg in get_args(annotation) for m in _models_in(arg)}
    return set()
