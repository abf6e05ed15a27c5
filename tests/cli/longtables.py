"""Long tables for the tests of ``reuptake fit``: text of known curves."""

HEADER = "curve,concentration,unit,response\n"
DOSES_NM = [0.1, 0.316, 1, 3.16, 10, 31.6, 100, 316, 1000, 3160, 10_000]
UNITS = {"nM": 1.0, "uM": 1e-3, "M": 1e-9}


def rows(curve: str, doses_nM, responses, unit: str = "nM") -> str:
    """Rows of one curve, the concentrations written in `unit`."""
    factor = UNITS[unit]
    return "".join(
        f"{curve},{dose * factor:.12g},{unit},{response}\n"
        for dose, response in zip(doses_nM, responses, strict=True)
    )


def logistic(doses_nM, ic50_nM: float, top=100.0, bottom=0.0, hill=1.0) -> list[float]:
    """Error-free responses by the textbook equation."""
    return [bottom + (top - bottom) / (1 + (dose / ic50_nM) ** hill) for dose in doses_nM]


def with_cells(table: str, name: str, *cells: str) -> str:
    """The table with one more column; the last of `cells` fills the remaining rows."""
    header, *lines = table.splitlines()
    filled = [*cells, *[cells[-1]] * (len(lines) - len(cells))]
    rest = "".join(f"{line},{cell}\n" for line, cell in zip(lines, filled, strict=True))
    return f"{header},{name}\n{rest}"


# Competition binding, log10 M -11 to -5.5, simulated with -8.9, top 4800 and bottom 600 cpm.
COMPETITION_CPM = [4815, 4627, 4581, 3878, 2985, 1751, 1091, 768, 639, 635, 599, 602]
COMPETITION_NM = [10 ** (x / 2 + 9) for x in range(-22, -10)]
GOOD = rows("good", DOSES_NM, logistic(DOSES_NM, 10))
