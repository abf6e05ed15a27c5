"""The pages of runs with animals: what they say, what they link to, and their marks."""

from __future__ import annotations

import pandas as pd
import pytest
import report_tables
from animal_sets import JUDGES, PCA, SWIM, SWIM_S, PCA_ng_per_g, file_of, frame
from test_report import GUIDE, build_pages

from reuptake.report.elements import page_of
from reuptake.report.limitations import limitations
from reuptake.stages.animals import tables_of
from reuptake.tables import TABLES, typed

ASSAYS = {"swim": SWIM, "pca": PCA}


def with_animals(simulated: bool = False, treatment: str = GUIDE) -> dict[str, pd.DataFrame]:
    """The archive of wells with the two worked experiments in animals."""
    # two scorers: the second sees 2 s more
    text = file_of(SWIM_S, scorer=lambda group, i: "AB")
    second = file_of(
        {group: [value + 2 for value in values] for group, values in SWIM_S.items()},
        scorer=lambda group, i: "CD",
    )
    swim = frame(text + second.partition("\n")[2], SWIM)
    found = pd.concat(
        [
            swim.assign(run="F", assay="swim"),
            frame(file_of(PCA_ng_per_g), PCA).assign(run="H", assay="pca"),
        ],
        ignore_index=True,
    )
    found["simulated"] = simulated
    found["treatment"] = found["treatment"].replace(GUIDE, treatment)
    found = typed(found, TABLES["animals"])
    declared = [
        {"run": "F", "assay": "swim", "date": "2026-01-05", "arrive": {"blinding": "<b>yes</b>"}},
        {"run": "H", "assay": "pca", "date": "2026-01-06"},
    ]
    wells = report_tables.archive(simulated=False)
    return wells | tables_of(found, ASSAYS, declared) | {"animals": found}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return build_pages(tmp_path_factory.mktemp("in-vivo"), with_animals())


def test_the_first_page_tells_every_comparison_interval_first(pages):
    words = pages["index.html"].words
    # the scorers' mean lies 1 s above the worked numbers: 100 (1 - 166.2/207.0) = 19.7
    said = "3: -40.8 s against Vehicle (simultaneous 95 % CI -67.9 to -13.7 s; p = 0.0020; n = 10)"
    assert f"{said}, a reduction of 19.7 %" in words
    assert "3: antagonism 50.0 % (95 % CI 42.5 to 57.5 %; against the challenge p < 0.0001" in words
    assert f"ED50 of {GUIDE}: 3.02 mg/kg (95 % CI 2.52 to 3.64 mg/kg)." in words


def test_each_run_has_its_figures_and_tables(pages):
    page = pages["in-vivo.html"]
    captions = [image["alt"] for image in page.all("img")]
    for start in ("Forced swim test, rat: F.", "Antagonism of PCA, rat: H."):
        assert any(caption.startswith(start) for caption in captions)
    words = page.words
    for heading in ("Analysis of variance and tests", "Every comparison", "Agreement of scorers",
                    "Every animal", "Dose of half protection"):  # fmt: skip
        assert heading in words
    assert "AB and CD" in words


def test_what_is_blank_is_said_to_be_not_recorded(pages):
    words = pages["in-vivo.html"].words
    for item in ("Study design", "Sample size", "Inclusion and exclusion criteria",
                 "Randomisation", "Blinding", "Outcome measures", "Statistical methods",
                 "Experimental animals", "Experimental procedures", "Results"):  # fmt: skip
        assert item in words
    assert "4. Randomisation not recorded" in words
    assert "Rationale not recorded." in words
    assert "<b>yes</b>" in words  # as text
    assert not pages["in-vivo.html"].all("b")


def test_the_compound_has_its_section_and_links_to_the_run(pages):
    page = pages[page_of(GUIDE)]
    assert "In vivo" in page.words
    assert "by Dunnett's test" in page.words
    links = {a["href"] for a in page.all("a")}
    assert any(link.startswith("../in-vivo.html#animals-") for link in links)
    ids = {attrs["id"] for _, attrs in pages["in-vivo.html"].tags if attrs.get("id")}
    for link in links:
        path, _, fragment = link.partition("#")
        if path == "../in-vivo.html" and fragment:
            assert fragment in ids


def test_the_guide_tables_are_filled(pages):
    words = pages["guides.html"].words
    assert f"{GUIDE} + PCA 3 548 50.0" in words
    assert "Vehicle - 207 - 10" in words


def test_antagonism_stands_beside_the_ki_of_the_same_kind_of_data(tmp_path):
    tables = with_animals(treatment="compound A")
    page = build_pages(tmp_path, tables)[page_of("compound A")]
    assert "Antagonism of PCA in vivo beside affinity for SERT in vitro" in page.words
    assert "human 0.642" in page.words


def test_simulated_animals_never_stand_beside_a_measured_ki(tmp_path):
    pages = build_pages(tmp_path, with_animals(simulated=True, treatment="compound A"))
    page = pages[page_of("compound A")]
    assert "beside affinity" not in page.words
    assert "Some numbers on this page" in page.words
    marked = [a for tag, a in page.tags if tag == "figure" and a.get("class") == "simulated"]
    assert len(marked) == 3
    assert "Some numbers on this page" in pages["index.html"].words


def test_what_is_not_shown_speaks_of_animals_where_there_are_some():
    titles = {item.title for item in limitations(with_animals(), GUIDE)}
    assert {"Immobility alone", "Occupancy by way of depletion"} <= titles
    assert "No in-vivo data" not in titles
    assert "No in-vivo data" in {i.title for i in limitations(report_tables.archive(), GUIDE)}
    other = {i.title for i in limitations(with_animals(), GUIDE, "citalopram")}
    assert "No in-vivo data" in other


def test_two_scorers_agree_as_published():
    """Shrout & Fleiss 1979: ICC(2,1) of their table is 0.29."""
    rows = [
        f"V{i},Vehicle,vehicle,saline,,,{score},J{j}"
        for i, scores in enumerate(JUDGES)
        for j, score in enumerate(scores)
    ]
    text = "animal,group,role,treatment,dose,unit,value,scorer\n" + "\n".join(rows) + "\n"
    found = frame(text, SWIM)
    tables = tables_of(found.assign(assay="swim"), ASSAYS, [{"run": "r", "assay": "swim",
                                                             "date": "2026-01-05"}])  # fmt: skip
    assert tables["scorer_agreement"].icc.iloc[0] == pytest.approx(0.2897638, rel=1e-6)
    assert tables["animal_runs"].n_scorers.item() == 4
