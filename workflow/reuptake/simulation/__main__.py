"""Write the demonstration drops: ``python -m reuptake.simulation data/drops``.

Run it in the project's root: truth and wells are read from data/reference and config.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from reuptake.simulation.demonstration import demonstration_drops
from reuptake.simulation.files import write_files


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m reuptake.simulation", description=__doc__)
    parser.add_argument("drops", type=Path, help="folder that takes the drops")
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument("--reference", type=Path, default=Path("data/reference"))
    arguments = parser.parse_args()
    drops = demonstration_drops(arguments.config, arguments.reference)
    for drop, files in sorted(drops.items()):
        write_files(arguments.drops / drop, files)
        print(f"{arguments.drops / drop}: {len(files)} files")


if __name__ == "__main__":
    main()
