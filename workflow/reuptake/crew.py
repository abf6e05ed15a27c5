"""Other processes that take work while this one goes on; for little work none is started.

Of what waits for them only a little is held: who hands over faster than they work, waits.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

# A fresh process spends as long on its imports as on a handful of figures or pages.
LEAST = 8
# So many calls for each process are handed over, not done.
AHEAD = 16


class Crew:
    """A context: what is handed over is done when it closes, in any order.

    Parameters
    ----------
    processes : int
        That work beside this one; with one, or for little work, all is done here.
    """

    def __init__(self, processes: int):
        self.processes = processes
        self._waiting: list[tuple] = []
        self._handed: set[Future] = set()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        return self

    @property
    def is_at_work(self) -> bool:
        """Whether other processes have been started."""
        return self._pool is not None

    def do(self, function: Callable, *arguments: object) -> None:
        """Hand over a call; its result is not kept."""
        self._waiting.append((function, *arguments))
        if self._pool is None:
            if len(self._waiting) < LEAST:
                return
            if self.processes == 1:
                self._do_here()
                return
            # What the imports made need not be searched for the circles that work leaves behind.
            spawn = get_context("spawn")
            self._pool = ProcessPoolExecutor(self.processes, spawn, initializer=gc.freeze)
        self._handed |= {self._pool.submit(*call) for call in self._waiting}
        self._waiting.clear()
        while len(self._handed) >= AHEAD * self.processes:
            done, self._handed = wait(self._handed, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()

    def _do_here(self) -> None:
        while self._waiting:
            function, *arguments = self._waiting.pop(0)
            function(*arguments)

    def __exit__(self, kind, *_) -> None:
        try:
            if kind is None:
                self._do_here()
                for future in self._handed:
                    future.result()
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
