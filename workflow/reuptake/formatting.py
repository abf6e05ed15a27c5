"""Numbers as text: three significant figures, bounds outward, never a false zero.

Tables carry unrounded numbers; only what a person reads goes through here.
"""

from __future__ import annotations

import hashlib
import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Literal

Direction = Literal["nearest", "down", "up"]
_ROUNDING = {"nearest": ROUND_HALF_EVEN, "down": ROUND_FLOOR, "up": ROUND_CEILING}

MISSING = "–"


def significant(value: float, digits: int = 3, direction: Direction = "nearest") -> str:
    """`value` with `digits` significant figures, as plain decimals.

    Parameters
    ----------
    value : float
    digits : int
    direction : {"nearest", "down", "up"}
        `down` for a lower and `up` for an upper bound, so that the printed bound never
        claims more than the number behind it (4299.87 becomes 4,290 as a lower bound).

    Returns
    -------
    str
        For example ``0.580``, ``1.24``, ``4,290``; ``–`` where there is no number,
        ``unbounded`` where it is infinite; powers of ten beyond 1e-4 and 1e9.
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "unbounded"
    number = Decimal(repr(float(value)))
    if number == 0:
        return "0"
    rounded = _round(number, digits, direction)
    exponent = rounded.adjusted()
    if exponent < -4 or exponent >= 9:
        return f"{rounded.scaleb(-exponent):.{digits - 1}f}e{exponent}"
    return f"{rounded:,.{max(digits - 1 - exponent, 0)}f}"


def _round(number: Decimal, digits: int, direction: Direction) -> Decimal:
    quantum = Decimal(1).scaleb(number.adjusted() - digits + 1)
    return number.quantize(quantum, rounding=_ROUNDING[direction])


def decimals(value: float, digits: int, direction: Direction = "nearest") -> str:
    """`value` to so many decimals, for a scale that is a logarithm: ``9.24``, ``5.00``."""
    quantum = Decimal(1).scaleb(-digits)
    return str(Decimal(repr(float(value))).quantize(quantum, rounding=_ROUNDING[direction]))


def bounded(qualifier: str, value: float, unit: str = "") -> str:
    """A value with its qualifier, rounded outward if it is a bound: ``> 4,290``, ``0.580 nM``."""
    if not qualifier or value is None or math.isnan(value):
        return MISSING
    direction: Direction = {"=": "nearest", ">": "down", "<": "up"}[qualifier]
    number = significant(value, direction=direction)
    text = number if qualifier == "=" else f"{qualifier} {number}"
    return f"{text} {unit}" if unit else text


def interval(lower: float, upper: float) -> str:
    """An interval rounded outward: ``0.267 to 1.55``; an open side is called unbounded."""
    if (lower is None or math.isnan(lower)) and (upper is None or math.isnan(upper)):
        return MISSING
    return f"{significant(lower, direction='down')} to {significant(upper, direction='up')}"


def p_value(p: float) -> str:
    """``p = 0.0020`` with two significant figures, or ``p < 0.0001``."""
    if math.isnan(p):
        return MISSING
    return "p < 0.0001" if p < 1e-4 else f"p = {significant(p, digits=2)}"


def slug(name: str) -> str:
    """A file name for `name`: safe on every file system and different for different names."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    if safe and safe == name and len(safe) <= 80:
        return safe
    return f"{safe[:60] or 'unnamed'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def join_words(words: list[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
