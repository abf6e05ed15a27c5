"""Bytes to text, text to rows, cells to numbers: what every text file needs.

Nothing here guesses: what can be read in two ways raises ValueError with the reason.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterable

from reuptake.readers.base import Row

DELIMITERS = ("\t", ";", ",")  # in this order: a decimal comma may stand in the first two
NOT_COUNTED = frozenset({"", "-", "n/a"})

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_WITH_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?")
_LIKE_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")


def decode(content: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16 (with byte order mark), else ISO-8859-1.

    Raises
    ------
    ValueError
        If the bytes are not text.
    """
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = content.decode("utf-16")
        elif content.startswith(codecs.BOM_UTF8):
            text = content.decode("utf-8-sig")
        else:
            text = _decode_unmarked(content)
    except UnicodeDecodeError as error:
        raise ValueError(f"not {error.encoding} text, though it begins as such") from None
    if "\0" in text:
        raise ValueError("binary content (NUL bytes), not text")
    return text


def _decode_unmarked(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("iso-8859-1")  # never fails: the MicroBeta² writes byte B2


def split_lines(text: str) -> list[str]:
    """The lines of a text. Unlike str.splitlines, only CR, LF and CRLF end one."""
    return re.split(r"\r\n|\n|\r", text)


def delimiter_of(text: str) -> str:
    """Tab, semicolon or comma: the first of them in the first line that has any, unquoted."""
    for line in split_lines(text):
        bare = re.sub(r'"[^"]*"', "", line)
        for delimiter in DELIMITERS:
            if delimiter in bare:
                return delimiter
    return ","


def read_rows(text: str, delimiter: str) -> list[Row]:
    """Every row of a delimited text with its line, cells stripped; blank rows are kept.

    Raises
    ------
    ValueError
        If the quoting is broken or a cell is beyond csv's limit (128 KiB).
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            rows.append(Row(line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"broken row from line {line}: {error}") from None
    return rows


def decimal_mark(cells: Iterable[str], delimiter: str) -> str:
    """The decimal mark of a raw file's numbers, ``.`` or ``,``.

    A comma can be one only where it does not delimit, that is in tab- and semicolon-delimited
    files. Where all marked numbers look like thousands (``1,976``; with semicolons, the sign
    of a comma locale, also ``1.976``), factor 1000 is at stake and nothing is assumed.

    Raises
    ------
    ValueError
        If both marks occur, or the mark may as well separate thousands.
    """
    if delimiter not in ("\t", ";"):
        return "."
    cells = list(cells)
    commas = [cell for cell in cells if _WITH_COMMA.fullmatch(cell)]
    points = [cell for cell in cells if _WITH_POINT.fullmatch(cell)]
    if commas and points:
        raise ValueError(
            f"decimal commas and decimal points side by side, such as {commas[0]} and {points[0]}"
        )
    marked = commas or (points if delimiter == ";" else [])
    if marked and all(_LIKE_THOUSANDS.fullmatch(cell) for cell in marked):
        raise ValueError(f"{marked[0]} may be a decimal number or one with a thousands separator")
    return "," if commas else "."


def number(text: str, decimal: str = ".") -> float:
    """A finite number written with digits, one decimal mark and an exponent at most.

    Parameters
    ----------
    text : str
    decimal : {".", ","}

    Raises
    ------
    ValueError
        For anything else: words, units, thousands separators, nan, inf, Excel errors.
    """
    plain = text.strip()
    if decimal == "," and "." not in plain:
        plain = plain.replace(",", ".")
    elif decimal == ",":
        plain = ""
    if not _NUMBER.fullmatch(plain):
        raise ValueError(_why_no_number(text.strip()))
    value = float(plain)
    if not math.isfinite(value):
        raise ValueError("the number is too large")
    return value


def _why_no_number(text: str) -> str:
    if text.startswith("#"):
        return "a spreadsheet error stands in place of a number"
    if text.lstrip("+-").casefold() in {"nan", "inf", "infinity"}:
        return "not a finite number"
    return "not a number"


def count(text: str, decimal: str = ".") -> float:
    """The counts in a raw file's cell; NaN for a well that was not counted (blank, -, N/A)."""
    if text.strip().casefold() in NOT_COUNTED:
        return math.nan
    return number(text, decimal)


def is_count(text: str) -> bool:
    """Whether a cell reads as counts with one decimal mark or the other."""
    for decimal in ".,":
        try:
            count(text, decimal)
        except ValueError:
            continue
        return True
    return False
