"""The lock, environment.yml and the table of conda names say the same."""

import csv
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lock():
    return tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def names():
    with (ROOT / "workflow/environment_names.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def generator():
    return runpy.run_path(str(ROOT / "workflow/scripts/environment.py"))


def index_packages(lock):
    return [package for package in lock["package"] if package["name"] != "reuptake"]


def test_environment_holds_every_pin_of_the_lock_and_no_other(lock, names):
    pypi_name = {row["conda"]: row["pypi"] for row in names}
    document = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pins = set()
    for entry in document["dependencies"]:
        if isinstance(entry, dict):
            pins |= {tuple(line.split("==")) for line in entry["pip"]}
        elif "==" in entry:
            conda, version = entry.split("::")[1].split("==")
            pins.add((pypi_name[conda], version))
        else:
            assert entry in {"conda-forge::python=3.12", "conda-forge::pip"}
    assert pins == {(package["name"], package["version"]) for package in index_packages(lock)}


def test_environment_is_what_the_generator_writes(lock, names, generator):
    text = generator["environment"](generator["locked"](lock), names)
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == text, "run: make environment"


def test_table_of_names_has_one_row_per_locked_package(lock, names):
    assert sorted(row["pypi"] for row in names) == sorted(
        package["name"] for package in index_packages(lock)
    )
    for row in names:
        assert row["channel"] in {"conda-forge", "bioconda", "pypi"}, row
        assert bool(row["conda"]) == (row["channel"] != "pypi"), row
        assert row["checked"], row


@pytest.mark.parametrize(
    ("pypi", "conda", "channel"),
    [
        # Bioconda's snakemake adds storage clients and graph drawing; snakemake-minimal is the
        # package of that name on PyPI. matplotlib adds Qt to matplotlib-base.
        ("snakemake", "snakemake-minimal", "bioconda"),
        ("matplotlib", "matplotlib-base", "conda-forge"),
        ("typing-extensions", "typing_extensions", "conda-forge"),
        ("tzdata", "python-tzdata", "conda-forge"),  # conda's tzdata is not the Python package
    ],
)
def test_names_that_differ(names, pypi, conda, channel):
    assert [(r["conda"], r["channel"]) for r in names if r["pypi"] == pypi] == [(conda, channel)]


def test_every_locked_file_has_a_hash_and_comes_from_pypi(lock):
    for package in index_packages(lock):
        assert package["source"] == {"registry": "https://pypi.org/simple"}
        files = package.get("wheels", []) + ([package["sdist"]] if "sdist" in package else [])
        assert files, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]


def test_locked_versions_satisfy_the_project(lock, project):
    locked = {package["name"]: package["version"] for package in index_packages(lock)}
    groups = project["dependency-groups"].values()
    for line in project["project"]["dependencies"] + [line for group in groups for line in group]:
        requirement = Requirement(line)
        assert requirement.name in locked, f"{line}: run uv lock and make environment"
        assert requirement.specifier.contains(locked[requirement.name]), line


def test_one_range_of_uv_locks_builds_and_installs(project):
    ranges = {
        project["tool"]["uv"]["required-version"],
        *(str(Requirement(r).specifier) for r in project["build-system"]["requires"]),
        *(str(Requirement(r).specifier) for r in project["dependency-groups"]["bootstrap"]),
    }
    assert {frozenset(text.split(",")) for text in ranges} == {frozenset({">=0.13", "<0.14"})}


def test_two_versions_of_one_package_are_refused(generator):
    source = {"registry": "https://pypi.org/simple"}
    packages = [
        {"name": "numpy", "version": version, "source": source} for version in ("2.4.6", "2.5.5")
    ]
    with pytest.raises(ValueError, match="numpy is locked at two versions"):
        generator["locked"]({"package": packages})


def test_a_name_without_a_row_or_a_row_without_a_package_is_refused(generator):
    rows = [{"pypi": "gone", "conda": "gone", "channel": "conda-forge", "checked": "listing"}]
    with pytest.raises(ValueError, match=r"add \['new'\], remove \['gone'\]"):
        generator["environment"]({"new": "1.0"}, rows)
