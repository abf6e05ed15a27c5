"""Other processes that take work while this one goes on; for little work none is started."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

# A fresh process spends as long on its imports as on a handful of figures or pages.
LEAST = 8


def _pool(processes: int) -> ProcessPoolExecutor:
    # What the imports made need not be searched for the circles that work leaves behind.
    return ProcessPoolExecutor(processes, get_context("spawn"), initializer=gc.freeze)


def spread(function: Callable, tasks: Sequence, processes: int) -> Iterator:
    """The result of each task, in their order; the work begins at once.

    Parameters
    ----------
    function : callable
        Of one task.
    tasks : sequence
    processes : int
        That do them; with one, or few tasks, all is done here.
    """
    if processes < 2 or len(tasks) < LEAST:
        return map(function, tasks)
    pool = _pool(processes)
    return _closing(pool, pool.map(function, tasks))


def _closing(pool: ProcessPoolExecutor, results: Iterator) -> Iterator:
    with pool:
        yield from results


class Crew:
    """A context: what is handed over is done when it closes, in any order.

    Parameters
    ----------
    beside : int
        Processes that work beside this one; without any, all is done here, on closing.
    """

    def __init__(self, beside: int):
        self.beside = beside
        self._waiting: list[tuple] = []
        self._handed: list[Future] = []
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        return self

    def do(self, function: Callable, *arguments: object) -> None:
        """Hand over a call; its result is not kept."""
        self._waiting.append((function, *arguments))
        if not self.beside or (self._pool is None and len(self._waiting) < LEAST):
            return
        if self._pool is None:
            self._pool = _pool(self.beside)
        self._handed += [self._pool.submit(*call) for call in self._waiting]
        self._waiting.clear()

    def __exit__(self, kind, *_) -> None:
        try:
            if kind is None:
                for function, *arguments in self._waiting:
                    function(*arguments)
                for future in self._handed:
                    future.result()
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
