"""The report: what it says, that nothing hostile comes alive, and that it stands alone."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pandas as pd
import pytest
import report_tables
from report_tables import LONG, SCRIPT

from reuptake.figures.build import build_figures
from reuptake.published import read_affinities
from reuptake.report import build, wells_pages
from reuptake.report import pages as report_pages
from reuptake.report.build import build_report
from reuptake.report.cards import make_cards, p_of
from reuptake.report.elements import page_of
from reuptake.report.limitations import limitations
from reuptake.report.pages import ReportSettings
from reuptake.report.sections import _far_from
from reuptake.report.store import Store
from reuptake.stages import guides
from reuptake.tables import RUN_AGREEMENT, RUNCHARTS, SELECTIVITY_WINDOWS, typed

GUIDE = "Sert-IN-2"
SETTINGS = ReportSettings(
    title="Transporter <selectivity>",
    guide_compound=GUIDE,
    limits={"z_prime": {"warn": 0.5, "fail": 0.4}, "bound_pct": {"warn": 10, "fail": None}},
)
RAW_SHA256 = "ab" * 32
SEALS = {report_tables.REAL_DROP: {"raw/<b>.txt": RAW_SHA256}}
FIXED = {
    "index.html",
    "report-single-file.html",
    "guides.html",
    "qc.html",
    "methods.html",
    "provenance.html",
    "changes.html",
}


class Page(HTMLParser):
    """Tags with their attributes, and the text, of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self._skipping = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._skipping = tag in ("script", "style")

    def handle_endtag(self, tag):
        self._skipping = False
        self.text += " " if tag in ("td", "th", "a", "p", "li") else ""

    def handle_data(self, data):
        if not self._skipping:
            self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Builds figures (those of the archive are drawn once) and report from result tables."""
    drawn = tmp_path_factory.mktemp("drawn")
    report_tables.write(report_tables.archive(), drawn / "tables")
    published = read_affinities(write_reference(drawn))
    made = drawn / "tables", drawn / "tables" / "wells.parquet"
    build_figures(*made, published, drawn / "figures", drawn / "cache", 2)

    def build(folder: Path, tables: dict[str, pd.DataFrame]) -> dict[str, Page]:
        shutil.copytree(drawn / "cache", folder / "cache", dirs_exist_ok=True)
        return build_pages(folder, tables)

    return build


def write_reference(folder: Path) -> Path:
    """The folder of two published values."""
    reference = folder / "reference"
    reference.mkdir(parents=True, exist_ok=True)
    (reference / "affinities.csv").write_text(
        "compound,target,species,modality,quantity,value_nM,sd_nM,source,status\n"
        f"{GUIDE},SERT,not specified,uptake,IC50,0.58,,vendor page <b>,secondary\n"
        "citalopram,SERT,human,binding,Ki,1.2,,Tatsumi 1997,secondary\n"
    )
    return reference


def build_pages(folder: Path, tables: dict[str, pd.DataFrame]) -> dict[str, Page]:
    """The pages by their path relative to the report."""
    reference = write_reference(folder)
    report_tables.write(tables, folder / "tables")
    made = folder / "tables", folder / "tables" / "wells.parquet"
    build_figures(*made, read_affinities(reference), folder / "figures", folder / "cache", 1)
    guides.run(folder / "tables", {"reference": str(reference), "guide_compound": GUIDE})
    out = folder / "report"
    store = Store(folder / "pages")
    places = *made, folder / "figures", reference, out
    paths = build_report(*places, SETTINGS, store, SEALS)
    return {p.relative_to(out).as_posix(): Page(p.read_text(encoding="utf-8")) for p in paths}


@pytest.fixture(scope="module")
def pages(make, tmp_path_factory) -> dict[str, Page]:
    return make(tmp_path_factory.mktemp("report"), report_tables.archive())


@pytest.fixture(scope="module")
def real_only(make, tmp_path_factory) -> dict[str, Page]:
    return make(tmp_path_factory.mktemp("real"), report_tables.archive(simulated=False))


def test_hostile_text_is_shown_and_never_alive(pages):
    for name, page in pages.items():
        loaded = [tag["src"] for tag in page.all("script") if "src" in tag]
        assert loaded == (["changes.js"] if name == "index.html" else []), name
        assert len(page.all("script")) == 1 + len(loaded), name
        assert "alert(1)" not in re.search("<script>(.*?)</script>", page.html, re.S).group(1)
        assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs), name
        assert not page.all("b"), name
    index = pages["index.html"]
    assert SCRIPT in index.text
    assert "=cmd()" in index.text
    assert LONG in index.text
    assert "Transporter <selectivity>" in index.text


def test_a_page_needs_nothing_from_outside(pages):
    for name, page in pages.items():
        for _, attrs in page.tags:
            for key in ("src", "href", "srcset", "data", "action", "xlink:href"):
                target = attrs.get(key) or ""
                assert not re.match(r"(?i)[a-z]+://|//|javascript:|file:", target), (name, target)
        assert "@import" not in page.html
        assert not re.search(r"url\((?!%23)", page.html)  # in figures, of their own parts
        assert not page.all("link")
        for image in page.all("img"):
            kind, _, svg = image["src"].partition(",")
            assert kind == "data:image/svg+xml"
            assert ElementTree.fromstring(unquote(svg)).tag.endswith("svg")
            assert image["alt"]


def test_the_policy_lets_exactly_the_pages_own_script_and_style_run(pages):
    for page in pages.values():
        policy = next(
            m["content"] for m in page.all("meta") if "content" in m and "src" in m["content"]
        )
        assert policy.startswith("default-src 'none'")
        for tag, directive in (("script", "script-src"), ("style", "style-src")):
            body = re.search(f"<{tag}>(.*?)</{tag}>", page.html, re.S).group(1)
            digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
            assert f"{directive} 'sha256-{digest}'" in policy
        assert "unsafe" not in policy
        # the first page alone may load what changed, from beside it
        assert ("'self'" in policy) == (page is pages["index.html"])
        assert not any("style" in attrs for _, attrs in page.tags)


def test_nothing_is_said_of_changes_before_they_are_known(make, tmp_path):
    """A report that is made anew does not tell what the last run found of another one."""
    for folder in ("report", "report/compounds"):
        (tmp_path / folder).mkdir()
        for name in ("changes.html", "changes.js"):
            (tmp_path / folder / name).write_text("1 potency moved")
    pages = make(tmp_path, report_tables.empty())
    assert "Not compared yet" in pages["changes.html"].words
    assert "Not compared yet" in (tmp_path / "report" / "changes.js").read_text()
    assert not (tmp_path / "report" / "compounds" / "changes.html").exists()
    words = pages["index.html"].words
    assert "What moved since the previous successful run, how far and why, stands on" in words


def test_every_compound_has_a_page_and_every_link_arrives(pages):
    compounds = {"citalopram", "compound A", SCRIPT, LONG, GUIDE}
    others = FIXED | {"constants.html", "selectivity.html"}
    assert set(pages) - {"selectivity.html"} == others - {"selectivity.html"} | {
        page_of(name) for name in compounds
    }
    linked = {a["href"] for a in pages["index.html"].all("a") if "href" in a}
    assert {page_of(name) for name in compounds} <= linked
    assert_links_arrive(pages)


def assert_links_arrive(pages: dict[str, Page]) -> None:
    ids = {
        name: {attrs["id"] for _, attrs in page.tags if attrs.get("id")}
        for name, page in pages.items()
    }
    for name, page in pages.items():
        listed = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
        assert len(listed) == len(set(listed)), f"an id occurs twice in {name}"
        for link in page.all("a"):
            path, _, fragment = link["href"].partition("#")
            if link["href"].startswith("data:text/csv;"):
                assert link["download"].endswith(".csv")
                continue
            if path == "tables.xlsx":  # whether it is there, another test tells
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path or ""))
            target = target if path else name
            assert target in pages, (name, link)
            assert not fragment or fragment in ids[target], (name, link)


def test_the_one_file_needs_no_other(pages):
    page = pages["report-single-file.html"]
    for link in page.all("a"):
        assert link["href"].startswith(("#", "data:text/csv;")), link
    for compound in ("citalopram", "compound A", SCRIPT, LONG, GUIDE):
        assert compound in page.text
    assert "0.58 [1]" in page.words
    figures = [image["alt"] for image in page.all("img")]
    assert any(caption.startswith("compound A, binding") for caption in figures)
    assert "Some numbers on this page come from simulated wells" in page.words


def test_the_csv_of_a_guide_table_is_the_file_of_the_results(make, tmp_path):
    page = make(tmp_path, report_tables.archive())["guides.html"]
    links = {a["download"]: a["href"] for a in page.all("a") if "download" in a}
    assert len(links) == 4
    for name, href in links.items():
        held = base64.b64decode(href.partition("base64,")[2], validate=True)
        assert held == (tmp_path / "tables" / name).read_bytes()


def test_a_published_value_says_what_it_is(real_only):
    for name in ("guides.html", "report-single-file.html"):
        words = real_only[name].words
        assert f"{GUIDE} IC50 0.58 nM literature, uptake IC50 [1] Not Specified" in words
        assert "hSERT 0.58 [1] literature, uptake IC50 [1] Data not available" in words


def test_wells_name_their_raw_file_with_its_checksum(make, tmp_path):
    tables = report_tables.archive(simulated=False)
    tables["wells"] = tables["wells"].assign(file="raw/<b>.txt", line=14)
    pages = make(tmp_path, tables)
    page = pages[page_of("compound A")]
    assert "raw/<b>.txt: 14" in page.words
    assert f"SHA-256 {RAW_SHA256}" in page.words
    assert RAW_SHA256 in pages["provenance.html"].words


def test_the_workbook_beside_the_pages_is_linked(make, tmp_path):
    links = [a["href"] for a in make(tmp_path, report_tables.empty())["index.html"].all("a")]
    assert "tables.xlsx" in links
    assert (tmp_path / "report" / "tables.xlsx").is_file()


def test_columns_are_explained_in_the_words_of_the_dictionary(pages):
    assert "geometric mean over experiments, or the bound" in pages["index.html"].words
    assert "Kd, or Km of the substrate, used for the Ki" in pages[page_of("citalopram")].words
    for name in ("index.html", page_of("citalopram"), "qc.html"):
        page = pages[name]
        explained = {attrs["title"] for attrs in page.all("th") if attrs.get("title")}
        assert explained, name
        assert all(text in page.words for text in explained)


def test_each_curve_leads_to_its_wells_and_its_plate(pages):
    page = pages[page_of("citalopram")]
    wells = [a["href"] for a in page.all("a") if a["href"].startswith("#wells-")]
    curves = set(wells) - {"#wells-simulated"}  # a link of the navigation
    assert len(curves) == 3 + 3 + 3 + 2 + 3
    assert any(a["href"].startswith("../qc.html#plate-") for a in page.all("a"))


def test_many_curves_stand_on_pages_of_their_own(make, tmp_path, monkeypatch, pages):
    monkeypatch.setattr(wells_pages, "CURVES_A_PAGE", 4)
    tables = report_tables.archive()
    made = make(tmp_path, tables)
    assert_links_arrive(made)
    further = [name for name in made if name.startswith("wells/citalopram-")]
    page, before = made[page_of("citalopram")], pages[page_of("citalopram")]

    def fits(page):
        return {a["href"] for a in page.all("a") if "#fit-" in a["href"]}

    # the same experiments, each a page away, and every one of these pages is in use
    assert {link.partition("#")[2] for link in fits(page)} == {link[1:] for link in fits(before)}
    assert {link.partition("#")[0] for link in fits(page)} == {f"../{name}" for name in further}
    kept = [attrs["id"] for tag, attrs in before.tags if tag == "details" and attrs.get("id")]
    ids = []
    for name in further:
        mine = [attrs["id"] for tag, attrs in made[name].tags if attrs.get("id")]
        ids += (here := [name for name in mine if name in kept])
        assert 1 <= len(here) <= 4
    assert sorted(ids) == sorted(kept)
    assert not any(attrs.get("id") in kept for _, attrs in page.tags)
    # measured and simulated curves share no page
    assert 0 < sum("Simulated data." in made[name].text for name in further) < len(further)


def test_a_new_drop_leaves_earlier_pages_of_wells_as_they_are():
    curves = pd.DataFrame(
        {
            "drop": [f"d{i}" for i in range(9)],
            **dict.fromkeys(("run", "assay", "plate", "role"), "x"),
            "compound": "c",
            "simulated": [False] * 7 + [True] * 2,
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wells_pages, "CURVES_A_PAGE", 3)
        found = wells_pages.page_of_curves(curves, "c").tolist()
        fewer = wells_pages.page_of_curves(curves[:7], "c").tolist()
    numbers = [1, 1, 1, 2, 2, 2, 3, 4, 4]
    assert found == [f"wells/c-{n}.html" for n in numbers]
    assert fewer == found[:7]
    assert wells_pages.page_of_curves(curves, "c").tolist() == [""] * 9


def test_the_mark_of_simulated_data_is_there_exactly_when_needed(pages, real_only):
    assert "Some numbers on this page" in pages["index.html"].words
    assert "Every number on this page" in pages[page_of(GUIDE)].words
    assert "Some numbers on this page" in pages[page_of("citalopram")].words
    for name in (page_of("compound A"), page_of(LONG)):
        assert "imulated" not in pages[name].words.replace("Measured and simulated data", "")
    for name, page in real_only.items():
        assert "tag-simulated" not in re.sub("<style>.*?</style>", "", page.html, flags=re.S), name
        assert "on this page come" not in page.words


def test_all_simulated_is_said_so(make, tmp_path):
    pages = make(tmp_path, report_tables.archive(real=False))
    published = {"guides.html", "report-single-file.html"}
    for name in pages.keys() - {"provenance.html", "changes.html"}:  # which have no numbers
        but = " but the published ones" if name in published else ""
        assert f"Every number on this page{but} comes from simulated wells" in pages[name].words
    marked = f"{report_tables.SIMULATED_DROP}: accepted, 0 sealed files simulated"
    assert marked in pages["provenance.html"].words


def test_a_card_never_mixes_measured_and_simulated():
    cards = make_cards(report_tables.archive(), GUIDE)
    citalopram = [card for card in cards if card.compound == "citalopram"]
    assert [card.simulated for card in citalopram] == [False, True]
    assert [len(card.groups) for card in citalopram] == [2, 1]
    assert cards[0].compound == GUIDE


def test_cards_answer_in_one_line():
    cards = {(c.compound, c.simulated): c for c in make_cards(report_tables.archive(), GUIDE)}
    card = cards[("compound A", False)]
    # SERT Ki 0.48, 0.58, 0.95: geometric mean 0.641895, pKi 9.192536 (a published worked number).
    line = card.groups[0].lines[0]
    assert (line.target, line.p_text, line.n_text) == ("SERT", "9.19", "n = 3")
    assert line.value_text == "Ki 0.642 nM"
    assert card.groups[0].statement.startswith("SERT Ki 0.642 nM, 95 % CI 0.320 to 1.29 nM, n = 3;")
    assert "> 42,800-fold over NET (one-sided 95 %)" in card.groups[0].statement
    net = card.groups[0].lines[2]
    # Ki > 50,000 nM is pKi < 4.30103, rounded up.
    assert (net.p_text, net.scale["arrow"]) == ("< 4.31", "left")
    hostile = cards[(SCRIPT, False)]
    assert "95 % CI of the fit 12.4 to unbounded nM, n = 1" in hostile.groups[0].statement
    assert hostile.groups[0].statement.endswith("NET not tested.")
    assert hostile.groups[0].lines[0].scale["open"] == "left"
    assert cards[(LONG, False)].groups[0].lines[0].p_text == "> 6.67"


def test_quality_light_is_the_worst_plate_in_words():
    cards = {(c.compound, c.simulated): c for c in make_cards(report_tables.archive(), GUIDE)}
    light = cards[("citalopram", False)].light
    assert light.verdict == "fail"
    assert light.text == "11 plates: 9 pass, 1 warn, 1 fail; failed plates are left out"
    assert cards[(LONG, False)].light.verdict == "pass"


def test_p_is_minus_log10_of_molar():
    assert p_of(1.0) == 9
    assert p_of(0.58) == pytest.approx(9.236572, abs=1e-6)
    assert p_of(0.0) == float("inf")
    assert p_of(float("inf")) == float("-inf")


def test_rejected_and_unregistered_drops_stand_before_the_details(pages):
    words = pages["index.html"].words
    assert "1 rejected" in words
    assert "1 not registered" in words
    assert words.index("a count is not a number") < words.index("Potency over independent")


@pytest.mark.parametrize(
    ("qualifier", "value", "note"),
    [
        ("=", 12.1, "10.1-fold above what is published"),
        ("=", 11.9, None),
        ("=", 0.0119, "10.1-fold below what is published"),
        ("=", 0.121, None),
        (">", 12.1, "10.1-fold above what is published"),
        (">", 0.01, None),
        ("<", 0.0119, "10.1-fold below what is published"),
        ("<", 100.0, None),
        ("", 100.0, None),
    ],
)
def test_a_value_over_tenfold_from_all_published_ones_is_noted(qualifier, value, note):
    """The published ones are 0.12 and 1.2 nM."""
    row = pd.Series({"qualifier": qualifier, "value_nM": value})
    assert _far_from(row, ["0.12", "1.2"]) == ((note,) if note else ())
    assert _far_from(row, []) == ()


def test_run_charts_and_the_class_of_a_ratio_are_told(make, tmp_path):
    tables = report_tables.archive(simulated=False)
    tables["selectivity"]["selectivity_class"] = "highly selective"
    tables["selectivity"]["method"] = "Welch"
    runs = {"assay": "binding", "compound": "citalopram", "quantity": "Ki", "simulated": False}
    rows = [
        runs | {"experiment": f"D/{day}", "date": f"2026-03-0{day}", "p_potency": 8 + day / 50}
        for day in range(1, 4)
    ]
    charts = pd.DataFrame(rows).assign(verdict="not established", rules="", n_history=0)
    tables["runcharts"] = typed(charts, RUNCHARTS)
    tables["potency"]["msr"] = 2.05
    tables["potency"]["indistinguishable_from"] = "paroxetine; DEMO-9"
    window = {
        "compound": "citalopram",
        "primary": "SERT",
        "species": "human",
        "modality": "binding",
        "quantity": "Ki",
        "n_off_targets": 2,
        "narrowest_target": "NET",
        "lower_bound": 87.66,
        "not_beyond_100_fold": "NET",
        "simulated": False,
    }
    tables["selectivity_windows"] = typed(pd.DataFrame([window]), SELECTIVITY_WINDOWS)
    pair = {
        "assay": "binding",
        "quantity": "Ki",
        "simulated": True,
        "first_experiment": "D/1",
        "second_experiment": "D/2",
        "n_compounds": 24,
        "mean_ratio": 1.25,
        "mean_ratio_lower": 1.1,
        "mean_ratio_upper": 1.42,
        "lower": 0.8,
        "upper": 1.95,
        "msr": 1.56,
        "notes": SCRIPT,
    }
    tables["run_agreement"] = typed(pd.DataFrame([pair]), RUN_AGREEMENT)
    pages = make(tmp_path, tables)
    page = pages["index.html"]
    assert "not told apart from paroxetine, DEMO-9: closer than the minimum" in page.words
    assert "> 87.6 NET NET" in page.words  # a bound is rounded outward
    assert "highly selective" in page.words
    assert "Welch" in page.words
    assert "1 run chart of reference compounds; no run out of control" in page.words
    page = pages["qc.html"]
    assert "Some numbers on this page come from simulated" in page.words
    assert f"D/2 24 1.25 1.10 to 1.42 0.800 to 1.95 1.56 {SCRIPT}" in page.words
    assert any("Run chart of citalopram" in image["alt"] for image in page.all("img"))


def test_guide_tables_stand_in_the_report(real_only):
    words = real_only["guides.html"].words
    assert "Data not available Data not available Data not available" in words
    assert "hDAT Data not available Data not available - -" in words
    assert "uptake IC50 at SERT: vendor page <b>" in words
    assert f"{GUIDE} + PCA 10 Data not available Data not available" in words


def titles(tables, compound=None) -> dict[str, tuple[str, ...]]:
    return {item.title: item.subjects for item in limitations(tables, GUIDE, compound)}


def test_what_is_not_shown_follows_the_data():
    found = titles(report_tables.archive())
    assert found["One experiment only"] == (
        f"{SCRIPT} at SERT (binding, IC50)",
        f"{SCRIPT} at SERT (binding, Ki)",
    )
    assert found["Depletion not assessable"] == (f"{LONG} at SERT",)
    assert found["Curves without a fit"] == (f"{SCRIPT} at NET",)
    assert found["Ambiguous curves"] == (f"{SCRIPT} at SERT",)
    assert "Simulated data" in found
    assert "Equilibrium not demonstrated" in found
    assert "No in-vivo data" in found
    assert len(found["Failed plates are left out"]) == 2
    assert "Simulated data" not in titles(report_tables.archive(simulated=False))


def test_a_rule_without_its_cause_is_silent():
    tables = report_tables.archive(simulated=False)
    exact = tables["potency"][tables["potency"]["n_experiments"] == 3]
    tables |= {"potency": exact, "curves": tables["curves"].iloc[:0]}
    tables |= {"plates": tables["plates"].iloc[:0], "drops": tables["drops"].iloc[:0]}
    found = titles(tables)
    for silent in ("One experiment only", "Two experiments only", "Depletion not assessable",
                   "Curves without a fit", "Failed plates are left out", "Simulated data",
                   "Drops that are not in these numbers"):  # fmt: skip
        assert silent not in found
    assert "Equilibrium not demonstrated" not in titles(report_tables.empty())


def test_the_tight_binding_floor_is_named_only_near_it():
    # Half of 0.415 nM transporter is 0.2075 nM: 0.58 lies within a factor of three, 0.71 does not.
    tables = report_tables.archive(simulated=False)
    assert "Close to the tight-binding floor" not in titles(tables)
    curves = tables["curves"].copy()
    uptake = curves.index[curves["kind"] == "uptake_inhibition"][0]
    curves.loc[uptake, "ic50_nM"] = 0.58
    found = titles(tables | {"curves": curves})
    assert found["Close to the tight-binding floor"] == (
        f"{curves.loc[uptake, 'compound']} at SERT",
    )
    curves["transporter_nM"] = float("nan")
    assert "Close to the tight-binding floor" not in titles(tables | {"curves": curves})


def test_a_transporter_without_a_curve_is_not_tested():
    found = titles(report_tables.archive())["Not tested"]
    assert f"{LONG} at DAT or NET" in found
    assert f"{GUIDE} at NET (simulated)" in found
    assert not [name for name in found if name.startswith("compound A")]


def test_an_exact_ki_says_why_cheng_and_prusoff_are_not_used():
    tables = report_tables.archive(simulated=False)
    assert "Cheng-Prusoff not used" not in titles(tables)
    curves = tables["curves"].copy()
    row = curves.index[curves["compound"] == "compound A"][0]
    guards = ["ki_method", "depletion_competitor_pct", "depletion_bias_pct"]
    curves.loc[row, guards] = ["exact", 20.0, 27.8]
    (told,) = [
        each
        for each in limitations(tables | {"curves": curves}, GUIDE)
        if each.title == "Cheng-Prusoff not used"
    ]
    assert told.subjects == (f"compound A at {curves.loc[row, 'target']}",)
    assert "guard G2, up to 20.0 %" in told.text
    assert "off by up to 27.8 % (guard G5)" in told.text


def test_a_compounds_limitations_are_its_own():
    tables = report_tables.archive()
    assert "Curves without a fit" not in titles(tables, "compound A")
    assert "Simulated data" not in titles(tables, "compound A")
    assert titles(tables, "compound A")["Two experiments only"]


def test_no_drop_at_all_gives_a_report_that_says_so(make, tmp_path):
    pages = make(tmp_path, report_tables.empty())
    assert set(pages) == FIXED
    assert "No drop was accepted, so there is no result." in pages["index.html"].words
    assert "0.58 [1]" in pages["guides.html"].words


def test_the_page_of_a_compound_that_is_gone_goes(make, tmp_path):
    make(tmp_path, report_tables.archive(simulated=False))
    assert len(list((tmp_path / "report/compounds").iterdir())) == 4
    make(tmp_path, report_tables.empty())
    assert not list((tmp_path / "report/compounds").iterdir())


def test_tables_are_accessible(pages):
    for page in pages.values():
        assert page.all("html")[0]["lang"] == "en"
        assert all(th.get("scope") for th in page.all("th"))
        assert len(page.all("caption")) == len(page.all("table"))
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_same_tables_give_the_same_pages(make, pages, tmp_path):
    again = make(tmp_path, report_tables.archive())
    assert {n: p.html for n, p in again.items()} == {n: p.html for n, p in pages.items()}


def test_limits_in_force_are_printed(pages):
    assert "Z′ (robust) 0.500 0.400" in pages["qc.html"].words
    assert "radioligand bound (%) 10.0 –" in pages["qc.html"].words


def test_pages_that_have_not_changed_come_from_the_store(make, tmp_path, monkeypatch):
    """After one well of one compound has changed, its page alone is made again."""
    tables = report_tables.archive()
    make(tmp_path, tables)
    pages = tmp_path / "report" / "compounds"
    before = {path.name: path.read_bytes() for path in pages.iterdir()}
    made = []
    compound_page = build.compound_page

    def told(part, own, *more):
        made.append(own["compound"])
        return compound_page(part, own, *more)

    monkeypatch.setattr(build, "compound_page", told)
    make(tmp_path, tables)
    assert made == []
    wells = tables["wells"].copy()
    well = wells.index[wells["compound"] == "citalopram"][0]
    wells.loc[well, "reason"] = "a reason of its own"
    make(tmp_path, tables | {"wells": wells})
    assert made == ["citalopram"]
    after = {path.name: path.read_bytes() for path in pages.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"citalopram.html"}
    assert len(list((tmp_path / "pages").iterdir())) == len(after)


def test_long_tables_of_answers_have_a_page_of_their_own(make, tmp_path, monkeypatch, pages):
    assert "answers.html" not in pages
    monkeypatch.setattr(report_pages, "MOST_ROWS_FIRST", 0)
    tables = report_tables.archive()
    made = make(tmp_path, tables)
    index, answers = made["index.html"], made["answers.html"]
    for name in ("selectivity", "potency"):
        assert f'href="answers.html#{name}"' in index.html
        assert f'<section id="{name}">' in answers.html
    claims = [text for text in tables["selectivity"]["statement"] if text]
    assert claims
    for claim in claims:
        assert claim in pages["index.html"].text
        assert claim in answers.text
        assert claim not in index.text


def test_many_heat_maps_stand_beside_the_report(make, tmp_path, monkeypatch):
    monkeypatch.setattr(report_pages, "HEAT_MAPS_INSIDE", 0)
    make(tmp_path, report_tables.archive())
    text = (tmp_path / "report" / "qc.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="\.\./figures/(plates-[^"]*)"', text))
    drawn = {path.name for path in (tmp_path / "figures").glob("plates-*.svg")}
    assert linked == drawn != set()
