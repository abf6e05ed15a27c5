"""A column of a result table, as the data dictionary describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "integer", "boolean"]


@dataclass(frozen=True)
class Column:
    """Name, type, definition and unit of a column."""

    name: str
    kind: Kind
    definition: str
    unit: str = ""
