"""A table larger than memory should hold: read part by part, and sorted out on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile, gettempdir

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.parquet import ParquetFile, ParquetWriter

from reuptake.tables import replacing

# with their wells some tens of megabytes
CURVES_AT_ONCE = 4_000


def read(file: Path, columns: list[str] | None = None) -> pa.Table:
    """One small parquet file: threads would cost more than they save."""
    return ParquetFile(file).read(columns=columns, use_threads=False)


def join(files: Iterable[Path], path: Path) -> None:
    """Write parquet files of the same columns below each other, each a part of the whole.

    Parameters
    ----------
    files : iterable of Path
        At least one; they are read one after another.
    path : Path
    """
    with ExitStack() as stack:
        temporary = stack.enter_context(replacing(path))
        writer = None
        for file in files:
            table = read(file)
            if writer is None:
                writer = stack.enter_context(ParquetWriter(temporary, table.schema))
            writer.write_table(table, row_group_size=max(table.num_rows, 1))


@dataclass(frozen=True)
class Parts:
    """The frames of a file that :func:`join` wrote, one after another, as often as is asked."""

    path: Path

    def __iter__(self) -> Iterator[pd.DataFrame]:
        with ParquetFile(self.path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, use_threads=False).to_pandas()

    @property
    def n_rows(self) -> int:
        """Of all parts together."""
        with ParquetFile(self.path) as file:
            return file.metadata.num_rows


def batches(compounds: pd.Series) -> list[list[str]]:
    """The compounds of curves in the order of their names, some at a time.

    Parameters
    ----------
    compounds : Series of str
        Of each curve. A compound with more than `CURVES_AT_ONCE` has a batch of its own.
    """
    out, room = [], 0
    for name, n_rows in compounds.value_counts().sort_index().items():
        if n_rows > room:
            out.append([])
            room = CURVES_AT_ONCE
        out[-1].append(name)
        room -= n_rows
    return out


# where temporary files lie in memory, little is taken
_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")


@contextmanager
def _naming_the_folder() -> Iterator[None]:
    """A write that fails, on a full disk, is told with its folder: the file has no name."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = f"{gettempdir()} (temporary files; TMPDIR names another folder)"
        raise


@contextmanager
def sorted_out(frames: Iterable[tuple[pd.DataFrame, np.ndarray | pd.Series]]) -> Iterator[Callable]:
    """Rows of many frames by a number of each row, held on disk meanwhile.

    The files have no name, so that nothing of them is left, however the process ends.

    Parameters
    ----------
    frames : iterable of (DataFrame, array_like of int)
        Rows, all of the same columns, and the number of each; they keep their order.

    Yields
    ------
    callable
        Gives the rows of a number; without any, an empty frame.

    Raises
    ------
    OSError
        Where the temporary files cannot be written, with their folder.
    """
    with ExitStack() as stack:
        files, writers, empty = {}, {}, pd.DataFrame()
        for frame, numbers in frames:
            empty = frame.iloc[:0]
            for number, rows in frame.groupby(np.asarray(numbers)):
                table = pa.Table.from_pandas(rows, preserve_index=False)
                with _naming_the_folder():
                    if number not in files:
                        files[number] = stack.enter_context(TemporaryFile())
                        writers[number] = pa.ipc.new_stream(
                            files[number], table.schema, options=_PACKED
                        )
                    writers[number].write_table(table)
        with _naming_the_folder():
            for number, writer in writers.items():
                writer.close()
                files[number].flush()

        def rows_of(number: int) -> pd.DataFrame:
            if number not in files:
                return empty
            files[number].seek(0)
            return pa.ipc.open_stream(files[number]).read_pandas()

        yield rows_of
