"""Pages of compounds by the digest of what they show, so that few are made anew."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from reuptake.figures.contents import digest_of

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

    def place(self, content: object) -> Path:
        """Where the page that shows `content` is kept, once it is made."""
        name = f"{digest_of(self.made_by, content)}.html"
        self.used.add(name)
        return self.folder / name

    def keep_only_used(self) -> None:
        """Remove every page that the present run did not use."""
        for path in self.folder.glob("*.html"):
            if path.name not in self.used:
                path.unlink()
