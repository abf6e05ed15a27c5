"""Snakemake's own report after a run: categories, captions and files, without a network."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from workingfolder import ROOT, Working

pytestmark = pytest.mark.workflow

CAPTIONS = {path.stem: path for path in (ROOT / "workflow" / "report" / "captions").iterdir()}
CATEGORIES = {
    "Answers": {"In vitro", "In vivo"},
    "Diagrams": {"Other"},
    "Guide tables": {"Other"},
    "Quality": {"Other"},
    "Report": {"Other"},
}


@pytest.fixture(scope="module")
def working(undisturbed, tmp_path_factory) -> Working:
    folder = shutil.copytree(undisturbed.folder, tmp_path_factory.mktemp("reported") / "work")
    return Working(folder, undisturbed.checkout)


@pytest.fixture(scope="module")
def archive(working) -> Path:
    working.snakemake("--report", "out.zip")
    return working.folder / "out.zip"


@pytest.fixture(scope="module")
def page(archive) -> str:
    with zipfile.ZipFile(archive) as files:
        (name,) = [name for name in files.namelist() if name.endswith("report.html")]
        return files.read(name).decode()


def variable(page: str, name: str):
    """What the page holds in a variable of its script."""
    start = re.search(rf"<script id=\"[\w-]+\">\s*var {name} = ", page).end()
    return json.JSONDecoder().raw_decode(page, start)[0]


def test_results_stand_in_their_categories(page):
    found = variable(page, "categories")
    assert {name: set(parts) for name, parts in found.items()} == CATEGORIES
    results = variable(page, "results")
    what = {results[path]["labels"]["what"]: path for path in found["Answers"]["In vitro"]}
    assert what == {
        name: f"results/tables/{name}.csv"
        for name in ("potency", "selectivity", "experiments", "curves", "constants")
    }


def test_every_caption_is_with_a_result(page):
    captions = " ".join(result["caption"] for result in variable(page, "results").values())
    words = " ".join(re.sub("<[^>]+>", "", captions).split())
    for name, path in CAPTIONS.items():
        first = path.read_text(encoding="utf-8").replace("`", "").split("*")[0].split(".")[0]
        assert " ".join(first.replace("’", "'").split()) in words, name


def test_the_files_are_those_of_the_run(archive, working):
    with zipfile.ZipFile(archive) as files:
        inside = {files.read(name) for name in files.namelist()}
    names = ("tables/potency.csv", "report/index.html", "report/tables.xlsx")
    for name in (*names, "report/report-single-file.html", "figures/diagram-pipeline.svg"):
        assert (working.folder / "results" / name).read_bytes() in inside


def test_nothing_is_loaded_from_elsewhere(page):
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(https?:)?//", page)


def test_one_page_works_too_and_nothing_is_run_for_it(working):
    before = working.answers
    working.snakemake("--report", "out.html")
    text = (working.folder / "out.html").read_text(encoding="utf-8")
    about = " ".join(variable(text, "workflow_desc").split())
    assert "the selectivity of compounds for the serotonin, dopamine and norepinephrine" in about
    assert working.answers == before
