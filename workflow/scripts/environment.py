"""Write environment.yml: every pin of uv.lock under its conda name.

The names stand in workflow/environment_names.csv, one row per locked package: ``pypi``,
``conda``, ``channel`` (conda-forge, bioconda; pypi where no conda package is known, which pip
then installs) and ``checked``, how the name is known: ``recipe: X``, from a recipe of X that
builds or requires it; ``listing``, from a published export of a conda environment that holds
Snakemake; ``assumed``, not looked up. No conda solver takes part.
"""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "3.12"
HEADER = """\
# Written from uv.lock by `make environment`; do not edit.
# The pins are those of the lock, under their conda names. No conda solver has seen this file.
#   conda env create -f environment.yml && conda activate reuptake
#   uv pip install --no-deps --editable .
"""


def locked(lock: dict) -> dict[str, str]:
    """Name and version of every package that the lock takes from an index.

    Parameters
    ----------
    lock : dict
        The parsed uv.lock.

    Returns
    -------
    dict
        Version by PyPI name, in the lock's order.

    Raises
    ------
    ValueError
        If a package is locked at two versions: a conda environment has one.
    """
    pins: dict[str, str] = {}
    for package in lock["package"]:
        if "registry" not in package["source"]:
            continue
        if package["name"] in pins:
            raise ValueError(f"{package['name']} is locked at two versions; conda takes one")
        pins[package["name"]] = package["version"]
    return pins


def environment(pins: dict[str, str], names: list[dict[str, str]]) -> str:
    """The text of environment.yml.

    Parameters
    ----------
    pins : dict
        Version by PyPI name.
    names : list of dict
        Rows of environment_names.csv.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the names are not exactly those of the pins.
    """
    by_name = {row["pypi"]: row for row in names}
    missing, extra = sorted(pins.keys() - by_name), sorted(by_name.keys() - pins)
    if missing or extra:
        raise ValueError(
            "workflow/environment_names.csv and uv.lock disagree: "
            f"add {missing or 'nothing'}, remove {extra or 'nothing'}"
        )
    conda, pip = [], []
    for name, version in pins.items():
        row = by_name[name]
        if row["channel"] == "pypi":
            pip.append(f"      - {name}=={version}")
        else:
            conda.append(f"  - {row['channel']}::{row['conda']}=={version}")
    lines = [
        "name: reuptake",
        "channels:",
        "  - conda-forge",
        "  - bioconda",
        "  - nodefaults",
        "dependencies:",
        f"  - conda-forge::python={PYTHON}",
        "  - conda-forge::pip",
        *sorted(conda),
    ]
    if pip:
        lines += ["  - pip:", *sorted(pip)]
    return HEADER + "\n".join(lines) + "\n"


def main() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    with (ROOT / "workflow/environment_names.csv").open(encoding="utf-8", newline="") as file:
        names = list(csv.DictReader(file))
    (ROOT / "environment.yml").write_text(environment(locked(lock), names), encoding="utf-8")


if __name__ == "__main__":
    main()
