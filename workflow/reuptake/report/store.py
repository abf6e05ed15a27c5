"""Pages of compounds by the digest of what they show, so that few are made anew."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from reuptake.figures.contents import digest_of
from reuptake.tables import replacing

SOFTWARE = ("reuptake", "numpy", "scipy", "pandas", "matplotlib")


class Store:
    """A folder of finished pages.

    Parameters
    ----------
    folder : Path
    made_by : str
        Digest of the code and the settings that make the pages.
    """

    def __init__(self, folder: Path, made_by: str = ""):
        self.folder = Path(folder)
        self.made_by = [made_by, *((name, version(name)) for name in SOFTWARE)]
        self.used: set[str] = set()

    def page(self, content: object, make: Callable[[], str]) -> str:
        """The page that shows `content`, from the store or made and stored."""
        name = f"{digest_of(self.made_by, content)}.html"
        self.used.add(name)
        path = self.folder / name
        if not path.is_file():
            html = make()
            with replacing(path) as temporary:
                temporary.write_text(html, encoding="utf-8")
        return path.read_text(encoding="utf-8")

    def keep_only_used(self) -> None:
        """Remove every page that the present run did not use."""
        for path in self.folder.glob("*.html"):
            if path.name not in self.used:
                path.unlink()
