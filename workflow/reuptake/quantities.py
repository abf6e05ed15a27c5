"""Quantities written with their unit, such as ``5.1 nM``, to plain numbers and back.

Only this module knows the unit library; the rest of the package carries plain floats
with the unit in the name.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

_QUANTITY = re.compile(
    r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s,].*?)?\s*$", re.ASCII
)
# words with small exponents: a unit cannot make the parser compute anything large
_UNIT = re.compile(r"[A-Za-zµμ%]+(?:\^?-?[0-9])?(?:\s*[/*. ]\s*[A-Za-zµμ%]+(?:\^?-?[0-9])?){0,5}")


class QuantityError(ValueError):
    """A quantity that cannot be read; the message says what is wrong with it."""


@lru_cache(maxsize=1)
def _registry():
    import pint

    return pint.UnitRegistry(cache_folder=":auto:")


def split(text: str) -> tuple[float, str]:
    """Number and unit of a quantity, without looking at what the unit means.

    Raises
    ------
    QuantityError
        If there is no number, or no unit behind it.
    """
    match = _QUANTITY.match(text)
    if not match:
        hint = " (decimals are written with a point)" if re.search(r"\d,\d", text) else ""
        raise QuantityError(f"not a number with a unit{hint}")
    number, unit = match.groups()
    if not unit:
        raise QuantityError("a number without a unit")
    if not math.isfinite(float(number)):
        raise QuantityError("a number too large for any quantity")
    return float(number), unit


@lru_cache(maxsize=1024)
def unit_factor(unit: str, to: str) -> float:
    """Factor from `unit` to the unit `to`.

    Raises
    ------
    QuantityError
        If the unit is unknown or measures something else.
    """
    import pint

    registry = _registry()
    if len(unit) > 40 or not _UNIT.fullmatch(unit.strip()):
        raise QuantityError("unknown unit")
    try:
        factor = registry.Quantity(1.0, unit.strip()).to(to).magnitude
    except pint.DimensionalityError:
        raise QuantityError(f"a unit that cannot be turned into {to}") from None
    except Exception as error:  # the unit parser raises many kinds for malformed text
        raise QuantityError("unknown unit") from error
    # prefixes are powers of ten: keep binary rounding out of 1 uM = 1000 nM
    return float(f"{factor:.13g}")


def parse(text: str, to: str) -> float:
    """The quantity `text` as a number in the unit `to`.

    Parameters
    ----------
    text : str
        Number and unit, such as ``"80 Ci/mmol"``.
    to : str
        Unit wanted, such as ``"Ci/mmol"``; ``"degC"`` for temperatures.

    Raises
    ------
    QuantityError
        If the number or the unit is missing, unknown, or of another dimension.
    """
    number, unit = split(text)
    if to == "degC":
        if unit not in {"degC", "°C", "celsius", "C"}:
            raise QuantityError("temperatures are written in degC")
        return number
    return float(f"{number * unit_factor(unit, to):.15g}")
