import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of outside data that tests compare with; not part of the project."""
    place = os.environ.get("REUPTAKE_SHARED")
    folder = Path(place) if place else Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"no outside data at {folder} (set REUPTAKE_SHARED)")
    return folder
