"""The report of a large archive: seconds and megabytes of its pages, and their loading."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import scale

from reuptake import runfile
from reuptake.drops import seal
from reuptake.report import build
from reuptake.report.store import Store
from reuptake.simulation.demonstration import TARGETS, binding_runs
from reuptake.simulation.files import drop_files, write_files
from reuptake.stages import report

COMPOUNDS, RUNS, MANY = 100, 3, 500
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def measure() -> dict:
    """Analyse 100 compounds at three targets in three runs, then time the pages alone."""
    with tempfile.TemporaryDirectory(prefix="reuptake-report-") as folder:
        archive = scale.Archive(Path(folder))
        for number in range(RUNS):
            add(archive, number)
        print(f"analysing {COMPOUNDS} compounds at {len(TARGETS)} targets in {RUNS} runs ...")
        archive.run()
        results = archive.folder / "results"
        frozen = runfile.read(results / "run.json")
        settings = frozen.section("report")
        settings["reference"] = archive.folder / settings["reference"]
        seals = {}
        out = {"compounds": COMPOUNDS, "runs": RUNS}

        def pages(store: str, tables: Path, to: Path) -> float:
            start = time.perf_counter()
            wells = results / "drops" / "wells.parquet"
            places = tables, wells, results / "figures", settings, seals, to
            report.run(*places, Store(Path(folder) / store))
            return time.perf_counter() - start

        fresh = Path(folder) / "report"
        out["all_pages_s"] = pages("store", results / "tables", fresh)
        out["pages_again_s"] = pages("store", results / "tables", fresh)
        out["report_MB"] = sum(f.stat().st_size for f in fresh.rglob("*") if f.is_file()) / 1e6
        out["index_MB"] = (fresh / "index.html").stat().st_size / 1e6
        out["one_file_MB"] = (fresh / "report-single-file.html").stat().st_size / 1e6
        many = multiplied(results / "tables", Path(folder) / "many")
        with mock.patch.object(build, "compound_page", return_value=""):
            out["pages_of_many_s"] = pages("other", many, Path(folder) / "large")
        large = Path(folder) / "large" / "index.html"
        out |= {"many": MANY, "index_of_many_MB": large.stat().st_size / 1e6}
        out["index_of_many_loads_s"] = loading(large)
    show(out)
    return out


def add(archive: scale.Archive, number: int) -> None:
    """Write and seal a drop: every compound at every target, on one day."""
    day = scale.FIRST_DAY + timedelta(days=7 * number)
    ki_nM = 10 ** np.random.default_rng(scale.SEED).uniform(0, 3, (COMPOUNDS, len(TARGETS)))
    truth = {}
    for column, target in enumerate(TARGETS):
        truth[target] = {f"CMPD-{c + 1:03}": float(ki_nM[c, column]) for c in range(COMPOUNDS)}
        truth[target][archive.assays[f"{target.lower()}_binding"]["reference_compound"]] = 5.0
    name = scale.name_of(number)
    runs = binding_runs(archive.assays, truth, f"{day}-{number:04}")
    folder = archive.folder / "data" / "drops" / name
    write_files(folder, drop_files(name, runs, scale.SEED + number))
    seal.write(folder)


def multiplied(tables: Path, folder: Path) -> Path:
    """The tables with every compound's answers under so many further names as make `MANY`."""
    shutil.copytree(tables, folder)
    for name in ("potency", "selectivity"):
        frame = pd.read_csv(tables / f"{name}.csv", dtype="str", keep_default_na=False)
        copies = [
            frame.assign(compound=frame["compound"] + suffix)
            for suffix in ("", *(f"-{i}" for i in range(1, MANY // COMPOUNDS)))
        ]
        pd.concat(copies).to_csv(folder / f"{name}.csv", index=False)
    return folder


def loading(page: Path) -> float | None:
    """Seconds from opening a page in Chromium until it can be read; the lower of three."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        print("no browser on PATH: loading is not measured", file=sys.stderr)
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        seconds = []
        for _ in range(3):
            opened = browser.new_page()
            start = time.perf_counter()
            opened.goto(page.as_uri(), wait_until="load")
            # two frames later what is in the window has been painted
            opened.evaluate(
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            seconds.append(time.perf_counter() - start)
            opened.close()
        browser.close()
    return min(seconds)


def show(out: dict) -> None:
    """Print the measures."""
    loads = out["index_of_many_loads_s"]
    print(
        f"{out['compounds']} compounds, {out['runs']} runs: all pages {out['all_pages_s']:.1f} s, "
        f"unchanged {out['pages_again_s']:.1f} s; {out['report_MB']:.1f} MB, of these the first "
        f"page {out['index_MB']:.2f} and the one file {out['one_file_MB']:.1f}\n"
        f"{out['many']} compounds: first page {out['index_of_many_MB']:.2f} MB, loads in "
        + ("– (no browser)" if loads is None else f"{loads:.2f} s")
    )


if __name__ == "__main__":
    measure()
