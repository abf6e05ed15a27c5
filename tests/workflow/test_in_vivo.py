"""Runs with animals through the whole graph: the demonstration's, and a published mouse test."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats
from workingfolder import BINDING, IN_VIVO, PARTNER, Working, in_vivo_drop, prepare

pytestmark = pytest.mark.workflow

MOUSE = "fst-mouse-fluoxetine"
MOUSE_ASSAY = {
    "kind": "forced_swim",
    "species": "mouse",
    "control_group": "WT_Control_Vehicle",
    "test_length": "300 s",
}


@pytest.fixture(scope="session")
def finished_animals(once, checkout, drop_contents, finished_folder) -> Path:
    """A finished run on a drop of animals and one of responses."""

    def make(folder: Path) -> None:
        drops = {IN_VIVO: in_vivo_drop(), PARTNER: drop_contents[PARTNER]}
        prepare(folder, checkout, drops, finished_folder).run()

    return once("animals", make)


@pytest.fixture
def animals(tmp_path, checkout, finished_animals) -> Working:
    return Working(shutil.copytree(finished_animals, tmp_path / "work"), checkout)


def test_only_drops_with_animals_have_a_job_for_them(animals):
    folders = animals.folder / "results" / "drops"
    assert (folders / IN_VIVO / "forced_swim.parquet").exists()
    assert not (folders / PARTNER / "forced_swim.parquet").exists()
    assert set(animals.table("forced_swim")["drop"]) == {IN_VIVO}
    assert animals.plan().jobs == []


def test_every_table_has_its_rows_and_says_that_they_are_simulated(animals):
    for name in ("animals", "animal_runs", "forced_swim", "forced_swim_tests", "pca_antagonism",
                 "forced_swim_contrasts", "pca_tests", "pca_contrasts", "pca_ed50",
                 "scorer_agreement"):  # fmt: skip
        table = animals.table(name)
        assert len(table), name
        assert set(table.simulated) == {"true"}, name
    assert set(animals.table("drops").reasons) == {""}


def test_the_true_effects_are_found(animals):
    """ED50 2 mg/kg; at 10 mg/kg 100/(1 + 2/10) = 83.3 % of the depletion is prevented."""
    (half,) = animals.table("pca_ed50").to_dict("records")
    assert float(half["ed50_lower_mg_per_kg"]) < 2.0 < float(half["ed50_upper_mg_per_kg"])
    pca = animals.table("pca_antagonism").set_index("group")
    top = pca.loc["DEMO-1 10 + PCA"]
    assert float(top.antagonism_lower_pct) < 83.33 < float(top.antagonism_upper_pct)


def test_report_and_guide_tables_speak_of_them(animals):
    report = animals.folder / "results" / "report"
    index = (report / "index.html").read_text(encoding="utf-8")
    assert "Forced swim test, rat" in index
    assert (report / "compounds" / "fluoxetine.html").exists()
    table = animals.table("guide_table_b")
    assert set(table["compound"]) == {"Sert-IN-2", "DEMO-1", "fluoxetine"}
    mine = table[table["compound"] == "Sert-IN-2"]
    assert set(mine["Immobility Time (seconds)"]) == {"Data not available"}


def test_the_plan_of_a_trend_spares_the_wells(animals):
    animals.configure("assays.yaml", lambda a: a["forced_swim_rat"].update(trend=False))
    plan = animals.plan()
    assert plan.rules == {"animals_drop", "in_vivo", "guides", "figures", "report", "provenance"}
    assert plan.drops == {IN_VIVO}


def test_a_new_drop_of_wells_compares_no_animals_again(animals, drop_contents):
    animals.add(BINDING, drop_contents[BINDING])
    assert "animals_drop" not in animals.plan().rules


@pytest.mark.slow
def test_a_removed_drop_leaves_nothing_behind(animals):
    shutil.rmtree(animals.drops / IN_VIVO)
    animals.run()
    assert animals.table("forced_swim").empty
    figures = animals.folder / "results" / "figures"
    assert not [path for path in figures.iterdir() if path.name.startswith("forced_swim")]
    assert "Forced swim test, rat" not in (
        animals.folder / "results" / "report" / "index.html"
    ).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def finished_mice(once, checkout, shared, finished_folder) -> Path:
    """A finished run on the published mouse test, registered by the command line."""
    source = shared / "real-drops" / MOUSE
    if not source.is_dir():
        pytest.skip(f"no real drop at {source}")

    def make(folder: Path) -> None:
        mice = prepare(folder, checkout, {}, finished_folder)
        text = yaml.safe_dump({"forced_swim_mouse": MOUSE_ASSAY})
        (mice.folder / "config" / "assays.yaml").write_text(text)
        shutil.copytree(source, mice.drops / MOUSE)
        done = mice.command("reuptake", "register", str(mice.drops / MOUSE))
        assert done.returncode == 0, done.stdout
        mice.run()

    return once("mice", make)


@pytest.fixture
def mice(tmp_path, checkout, finished_mice) -> Working:
    return Working(shutil.copytree(finished_mice, tmp_path / "work"), checkout)


def test_mice_are_compared_as_scipy_compares_them(mice):
    with (mice.drops / MOUSE / "animals.csv").open(encoding="utf-8", newline="") as file:
        groups: dict[str, list[float]] = {}
        for row in csv.DictReader(file):
            groups.setdefault(row["group"], []).append(float(row["value"]))
    table = mice.table("forced_swim").set_index("group")
    assert set(table.index) == set(groups)
    assert {group: int(n) for group, n in table["n"].items()} == {
        g: len(v) for g, v in groups.items()
    }
    for group, values in groups.items():
        assert float(table.mean_s[group]) == pytest.approx(np.mean(values), rel=1e-9)
        assert float(table.sd_s[group]) == pytest.approx(np.std(values, ddof=1), rel=1e-9)
    tests = mice.table("forced_swim_tests").set_index("test")
    residuals = np.concatenate([np.array(v) - np.mean(v) for v in groups.values()])
    for name, theirs in (
        ("anova", stats.f_oneway(*groups.values())),
        ("welch", stats.f_oneway(*groups.values(), equal_var=False)),
        ("kruskal", stats.kruskal(*groups.values())),
        ("brown_forsythe", stats.levene(*groups.values(), center="median")),
        ("shapiro", stats.shapiro(residuals)),
    ):
        assert float(tests.statistic[name]) == pytest.approx(theirs.statistic, rel=1e-6)
        assert float(tests.p[name]) == pytest.approx(theirs.pvalue, rel=1e-6)
    control = MOUSE_ASSAY["control_group"]
    # as the data set states them
    assert float(table.mean_s[control]) == pytest.approx(51.2, abs=0.05)
    assert float(table.sd_s[control]) == pytest.approx(38.9267, abs=5e-5)
    others = [group for group in groups if group != control]
    found = stats.dunnett(
        *(groups[group] for group in others), control=groups[control], rng=np.random.default_rng(1)
    )
    for group, p in zip(others, found.pvalue, strict=True):
        assert float(table.p_dunnett[group]) == pytest.approx(p, abs=2e-4)  # scipy's is randomised
    assert table.p_dunnett[control] == ""


def test_mice_without_doses_are_flagged_and_stay_out_of_the_table_of_rats(mice):
    table = mice.table("forced_swim").set_index("group")
    assert "dose not recorded" in table["flags"]["WT_Stress_Fluoxetine"]
    assert set(table.dose_mg_per_kg) == {""}
    assert set(table.simulated) == {"false"}
    cells = mice.table("guide_table_b")["Immobility Time (seconds)"]
    assert set(cells) == {"Data not available"}


def test_mice_have_their_page(mice):
    report = mice.folder / "results" / "report"
    index = (report / "index.html").read_text(encoding="utf-8")
    page = (report / "compounds" / "fluoxetine.html").read_text(encoding="utf-8")
    for text in (index, page):
        assert "Forced swim test, mouse" in text
        assert "tag-simulated" not in text.partition("</style>")[2]
    assert not (report / "compounds" / "vehicle.html").exists()
    details = (report / "in-vivo.html").read_text(encoding="utf-8")
    assert "Randomisation" in details
    assert "not recorded" in details
