"""A simulated run as the files of a data drop: counter export, layout and drop.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from reuptake.simulation.plates import Run, simulate_run

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NM_PER_UNIT = {"nM": 1.0, "uM": 1000.0}


@dataclass(frozen=True)
class RunFiles:
    """How one run of a drop is written down.

    Attributes
    ----------
    run : Run
    counted : datetime
        When the counter started.
    radioligand : dict of str to str
        lot, specific_activity, reference_date, as drop.yaml has them.
    exports : dict of str to tuple of str
        Plates by export file name; several files are one run that was split.
    unit : str
        Unit of the layout's concentrations, nM or uM.
    dilution : float or None
        If given, the layout lists stocks that are diluted so many times in the well.
    measured : dict of str to str
        Values that override the assay's, as drop.yaml has them.
    """

    run: Run
    counted: datetime
    radioligand: dict[str, str]
    exports: dict[str, tuple[str, ...]]
    unit: str = "nM"
    dilution: float | None = None
    measured: dict[str, str] = field(default_factory=dict)


def microbeta_exports(
    folder: str, counted: datetime, name: str, exports: dict[str, dict[str, pd.DataFrame]]
) -> dict[str, bytes]:
    """MicroBeta2 plate exports of one counting run.

    Only the first file carries the run's information and only the last one its total; plates
    are numbered through.

    Parameters
    ----------
    folder : str
        Where the counter wrote its files, a Windows path; it stands in each file's first line.
    counted : datetime
    name : str
        The counting protocol's name.
    exports : dict of str to dict of str to DataFrame
        For each file the counted wells by plate.

    Returns
    -------
    dict of str to bytes
        Contents by file name: ISO-8859-1, CRLF.
    """
    date = f"{_DAYS[counted.weekday()]} {counted:%d}-{_MONTHS[counted.month - 1]}-{counted:%Y}"
    information = [
        "RUN INFORMATION:",
        "================",
        f"{'Counting protocol no: 31':<58}{date}  {counted:%H:%M}",
        f"Name: {name}",
        "Detector normalization protocol no: 1",
        "MicroBeta² serial number: 0000000",
        "",
        "*** PARALUX COUNTING",
        "",
        "PLATES:",
        "=======",
    ]
    contents, number, total = {}, 0, 0
    for file, plates in exports.items():
        lines = [rf"{folder}\{file}", *(information if not contents else [])]
        for plate, wells in plates.items():
            number += 1
            total += int(wells["counts"].sum())
            lines += [*_plate_block(number, plate, wells), ""]
        if len(contents) == len(exports) - 1:
            lines += [f"Total count rate: {total:10.1f} CCPM", "END"]
        else:
            lines.pop()
        contents[file] = "".join(f"{line}\r\n" for line in lines).encode("iso-8859-1")
    return contents


def _plate_block(number: int, plate: str, wells: pd.DataFrame) -> list[str]:
    n_rows, n_columns = wells["row"].max() + 1, wells["col"].max() + 1
    grid = np.zeros((n_rows, n_columns), dtype=int)
    grid[wells["row"], wells["col"]] = wells["counts"]
    return [
        f"Plate {number}",
        "Cassette information:",
        f"Assay:-/Prot:31/Cass:-/Func: -  /Cassette no:{number:4d}/"
        f"Shelf:{number:3d}/{n_rows}*{n_columns}",
        f"Plate ID: {plate} / _",
        "",
        "CCPM1",
        "",
        "".join(f"{cell}\t" for cell in [" ", *range(1, n_columns + 1)]),
        *(
            "".join(f"{cell}\t" for cell in [chr(ord("A") + row), *grid[row]])
            for row in range(n_rows)
        ),
        "",
        f"End of plate {number}",
    ]


def layout_rows(plate: str, wells: pd.DataFrame, unit: str, dilution: float | None) -> list[str]:
    """The wells of a plate as lines of layout.csv; empty wells are left out.

    Wells with a radioligand concentration of their own have three cells more.
    """
    factor = (dilution or 1.0) / _NM_PER_UNIT[unit]
    lines = []
    for well in wells[wells["role"] != "empty"].itertuples():
        dosed = not np.isnan(well.concentration_nM)
        amount = f"{well.concentration_nM * factor:.6g},{unit}" if dosed else ","
        line = f"{plate},{well.well},{well.role},{well.compound},{amount}"
        if "ligand_nM" in wells:
            ligand = "," if np.isnan(well.ligand_nM) else f"{well.ligand_nM:g},nM"
            line += f",{ligand},{'' if np.isnan(well.time_min) else f'{well.time_min:g}'}"
        lines.append(line)
    return lines


def drop_files(drop: str, runs: Sequence[RunFiles], seed: int) -> dict[str, bytes]:
    """Every file of a drop of plates, by its path inside the drop's folder.

    Parameters
    ----------
    drop : str
        The folder's name.
    runs : sequence of RunFiles
    seed : int

    Returns
    -------
    dict of str to bytes
        drop.yaml, layout.csv and the exports under raw/; the same seed gives the same bytes.
    """
    files = {}
    header = "plate,well,role,compound,concentration,unit"
    if any("ligand_nM" in wells for entry in runs for wells in entry.run.plates.values()):
        header += ",ligand_concentration,ligand_unit,time_min"
    layout = [header]
    for entry in runs:
        plates = simulate_run(entry.run, seed)
        exports = {
            file: {plate: plates[plate] for plate in names} for file, names in entry.exports.items()
        }
        name = f"SIMULATED H-3 {entry.run.assay}"
        raw = microbeta_exports(rf"c:\simulated\{drop}", entry.counted, name, exports)
        files |= {f"raw/{file}": content for file, content in raw.items()}
        for plate, wells in plates.items():
            layout += layout_rows(plate, wells, entry.unit, entry.dilution)
    files["layout.csv"] = "".join(f"{line}\n" for line in layout).encode()
    lines = [line for entry in runs for line in _run_yaml(entry)]
    files["drop.yaml"] = drop_yaml(drop, lines, seed)
    return files


def drop_yaml(drop: str, runs: Sequence[str], seed: int) -> bytes:
    """drop.yaml of a simulated drop from the lines of its runs."""
    head = [
        "schema: 1",
        f"drop: {drop}",
        f"source: simulated by reuptake.simulation, seed {seed}",
        "simulated: true",
        "runs:",
    ]
    return "".join(f"{line}\n" for line in [*head, *runs]).encode()


def _run_yaml(entry: RunFiles) -> list[str]:
    lines = [
        f"  - run: {entry.run.run}",
        f"    assay: {entry.run.assay}",
        f"    date: {entry.counted:%Y-%m-%d}",
        "    operator: simulated",
        f"    radioligand: {_flow(entry.radioligand)}",
    ]
    if entry.measured:
        lines.append(f"    measured: {_flow(entry.measured)}")
    stock = f"basis: stock, dilution: {entry.dilution:g}" if entry.dilution else "basis: final"
    lines += [f"    concentrations: {{{stock}}}", "    plates:"]
    files = [f"raw/{file}" for file in entry.exports]
    counts = files[0] if len(files) == 1 else f"[{', '.join(files)}]"
    for number, plate in enumerate((p for names in entry.exports.values() for p in names), start=1):
        lines.append(
            f"      - {{plate: {plate}, counts: {counts}, counts_plate: {number}, "
            "layout: layout.csv}"
        )
    return lines


def _flow(mapping: dict[str, str]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in mapping.items())}}}"


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write a drop's files into `folder`; a file that is already right is left alone."""
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
