"""Well names and plate sizes: ``A1``, ``A01`` and ``A001`` are one well, row 0, column 0."""

from __future__ import annotations

import re

# (rows, columns) of the 24-, 96-, 384- and 1536-well plate.
PLATE_SIZES: frozenset[tuple[int, int]] = frozenset({(4, 6), (8, 12), (16, 24), (32, 48)})
MAX_ROWS, MAX_COLUMNS = max(PLATE_SIZES)

_WELL = re.compile(r"([A-Za-z]{1,2})([0-9]{1,3})")
_ROWS = [chr(65 + row) if row < 26 else "A" + chr(65 + row - 26) for row in range(MAX_ROWS)]
_ROW_NUMBER = {letters: row for row, letters in enumerate(_ROWS)}


def parse_well(name: str) -> tuple[int, int]:
    """Row and column, both from 0, of a well name.

    Parameters
    ----------
    name : str
        One or two row letters (``A`` to ``AF``, either case) and a column from 1 to 48,
        written with or without leading zeros: ``A1``, ``a01``, ``A001``, ``AF48``.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If `name` is not a well of a plate of up to 32 rows and 48 columns.
    """
    match = _WELL.fullmatch(name.strip())
    row = _ROW_NUMBER.get(match[1].upper()) if match else None
    column = int(match[2]) if match else 0
    if row is None or not 1 <= column <= MAX_COLUMNS:
        raise ValueError(f"{name!r} is not a well name between A1 and AF48")
    return row, column - 1


def well_name(row: int, column: int) -> str:
    """The shortest name of the well at `row` and `column`, both from 0: (0, 0) is ``A1``."""
    if not (0 <= row < MAX_ROWS and 0 <= column < MAX_COLUMNS):
        raise ValueError(f"no well at row {row}, column {column} of a 32 x 48 plate")
    return f"{_ROWS[row]}{column + 1}"


def row_letters(row: int) -> str:
    """The letters of a row from 0: 0 is ``A``, 31 is ``AF``."""
    return _ROWS[row]


def smallest_plate(rows: int, columns: int) -> tuple[int, int]:
    """The smallest standard plate with at least `rows` rows and `columns` columns."""
    return min(size for size in PLATE_SIZES if size[0] >= rows and size[1] >= columns)


def sizes_text() -> str:
    """The standard sizes in words, for messages: ``4 x 6, 8 x 12, 16 x 24, 32 x 48``."""
    return ", ".join(f"{rows} x {columns}" for rows, columns in sorted(PLATE_SIZES))
