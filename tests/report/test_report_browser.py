"""The pages in a real browser: quiet, linked, sortable, readable by everybody, and harmless."""

from __future__ import annotations

import csv
import io
import posixpath
from urllib.parse import unquote

import pytest
from report_tables import SCRIPT
from reportpages import FORMULA, LONG, NAMES, QUOTES, RIGHT_TO_LEFT

from reuptake.report.elements import page_of

NAMED = (
    "index.html",
    "report-single-file.html",
    "guides.html",
    "selectivity.html",
    "in-vivo.html",
    "qc.html",
    "constants.html",
    "methods.html",
    "provenance.html",
    "changes.html",
)
KINDS = (*NAMED, page_of(QUOTES))
COMPOUNDS = (*NAMES.values(), SCRIPT, "Sert-IN-2")
# every fold, but of the many alike on the page of methods the first alone
OPEN_ALL = """document.querySelectorAll('details:not(#columns details + details)')
    .forEach(part => { part.open = true })"""


def test_every_page_is_quiet_and_every_link_arrives(visit, report):
    """No message, no error, no request (the fixture watches), and no anchor that is not there."""
    names = sorted(path.relative_to(report).as_posix() for path in report.rglob("*.html"))
    assert set(names) == {*NAMED, *map(page_of, COMPOUNDS)}
    page = visit("index.html")
    ids, links = {}, {}
    for name in names:
        page.goto((report / name).as_uri())
        ids[name] = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        links[name] = page.evaluate(
            "[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"
        )
        assert len(ids[name]) == len(set(ids[name])), name
    for name, found in links.items():
        assert found, name
        for href in found:
            path, _, anchor = unquote(href).partition("#")
            if path.startswith("data:"):
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            target = target if path else name
            assert (report / target).is_file(), (name, href)
            assert not anchor or anchor in ids[target], (name, href)


# the rules of axe-core; in the dark only the one that depends on it
RULES = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}


@pytest.mark.parametrize("scheme", RULES)
def test_nothing_seriously_inaccessible(visit, report, scheme):
    """No serious or critical violation of axe-core's rules, with every fold open."""
    from axe_playwright_python.sync_playwright import Axe

    page = visit("index.html", scheme=scheme)
    options = RULES[scheme] | {"resultTypes": ["violations"]}
    for name in KINDS:
        page.goto((report / name).as_uri())
        page.evaluate(OPEN_ALL)
        found = [
            (each["id"], [node["html"][:200] for node in each["nodes"][:3]])
            for each in Axe().run(page, options=options).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert found == [], name


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(visit, report, width):
    page = visit("index.html", width)
    for name in (*NAMED, *map(page_of, COMPOUNDS)):
        page.goto((report / name).as_uri())
        page.evaluate(OPEN_ALL)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, name


def test_columns_are_sorted_by_their_numbers(visit):
    page = visit("index.html")
    table = page.locator("#potency table")

    def values():
        keys = table.locator("tbody tr td:nth-child(5)").evaluate_all(
            "cells => cells.map(cell => cell.dataset.sort ?? '')"
        )
        return [float(key) for key in keys if key]

    before = values()
    button = table.get_by_role("button", name="Value (nM)")
    button.focus()
    page.keyboard.press("Enter")
    assert values() == sorted(before) != before
    assert table.locator("th[aria-sort=ascending]").count() == 1
    button.click()
    assert values() == sorted(before, reverse=True)


def test_rows_are_filtered_by_all_words(visit):
    page = visit("index.html")
    rows = page.locator("#potency tbody tr")
    everything = rows.count()
    page.locator("#potency").get_by_label("Filter rows").fill("sert UPTAKE")
    shown = [row.inner_text().lower() for row in rows.all() if row.is_visible()]
    assert 0 < len(shown) < everything
    assert all("sert" in text and "uptake" in text for text in shown)
    assert page.locator("#potency [role=status]").inner_text() == f"{len(shown)} of {everything}"


def test_the_csv_is_of_the_rows_shown_and_runs_nothing(visit):
    page = visit("index.html")
    page.locator("#potency").get_by_label("Filter rows").fill("HYPERLINK")
    with page.expect_download() as told:
        page.locator("#potency").get_by_role("button", name="CSV of the rows shown").click()
    text = told.value.path().read_text(encoding="utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert header[0] == "Compound"
    assert header[-1] == "simulated"
    assert len(rows) == 1
    assert rows[0][header.index("Flags")] == f"'{FORMULA}"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in rows[0])


@pytest.mark.parametrize("name", COMPOUNDS)
def test_a_name_is_text_and_nothing_else(visit, name):
    page = visit(page_of(name))
    assert page.locator("h1").text_content() == name
    assert page.locator("script").count() == 1
    assert page.locator("img[src='x']").count() == 0
    assert page.title().startswith(" ".join(name.split()))


def test_hostile_cells_are_text(visit):
    page = visit("qc.html")
    assert page.get_by_text(FORMULA).count()
    assert page.get_by_text(LONG).count()
    page = visit("index.html")
    for name in (QUOTES, RIGHT_TO_LEFT, SCRIPT):
        assert name in page.locator("#answer").text_content()
    assert page.locator("script").count() == 2


def test_the_first_page_tells_what_changed(visit):
    """The largest eight of nine, as text; to the page of all of them leads a link."""
    page = visit("index.html")
    place = page.locator("#changes")
    said = place.locator(".sentence").inner_text()
    assert said.startswith("9 potencies and ratios moved (none out of the interval before) since")
    assert 'the run that finished "quoted"' in said
    assert f"the reason: {SCRIPT}" in said
    rows = place.locator("tbody tr")
    assert rows.count() == 8
    after = rows.locator("td:nth-child(4)").all_inner_texts()
    assert after == ["10.0", "9.00", "8.00", "7.00", "6.00", "5.00", "4.00", "3.00"]
    assert FORMULA in rows.nth(6).inner_text()
    assert f"{RIGHT_TO_LEFT} (simulated)" in rows.nth(7).text_content()
    assert rows.locator("script").count() == 0
    place.get_by_role("link", name="All changes since the previous run").click()
    assert page.url.endswith("/changes.html")
    assert page.locator("tbody tr").count() == 9


def test_what_changed_is_a_link_where_no_script_runs(visit):
    page = visit("index.html", java_script_enabled=False)
    place = page.locator("#changes")
    assert place.get_by_text("stands on a page of its own").is_visible()
    assert place.get_by_text("Largest changes").is_hidden()
    place.get_by_role("link", name="All changes since the previous run").click()
    assert page.url.endswith("/changes.html")


def test_a_link_to_folded_wells_unfolds_them(visit):
    page = visit(page_of(QUOTES))
    link = page.locator("a[href^='#wells-']").filter(has_text="wells").first
    target = link.get_attribute("href")[1:]
    fold = page.locator(f"details[id='{target}']")
    assert not fold.evaluate("part => part.open")
    link.click()
    page.wait_for_function("id => document.getElementById(id).open", arg=target)
    assert fold.get_by_text("raw/p<1>.txt", exact=True).is_visible()
    assert fold.get_by_text("ab" * 32).is_visible()


def test_further_columns_of_a_guide_table_fold_out_without_script(visit):
    page = visit("guides.html", java_script_enabled=False)
    table = page.locator("#guide-a")
    assert table.get_by_text("Data not available").first.is_visible()
    assert table.locator("th.more").first.is_hidden()
    table.get_by_label("Further columns").check()
    assert table.locator("th.more").first.is_visible()


def test_figures_of_every_kind_have_their_place(visit):
    for name, captions in {
        "index.html": ["heatmap-binding", "selectivity-SERT-Ki"],
        "selectivity.html": ["selectivity-SERT-IC50"],
        "in-vivo.html": ["agreement-F", "diagram-pca_timeline", "diagram-forced_swim_timeline"],
        "guides.html": ["diagram-cgmp_pkg", "diagram-uptake_workflow"],
        "provenance.html": ["diagram-pipeline"],
    }.items():
        page = visit(name)
        alts = page.locator("figure img").evaluate_all("all => all.map(img => img.alt)")
        for caption in captions:
            assert f"Shows {caption.partition('-')[2]}." in alts, (name, caption)
    page = visit(page_of(QUOTES))
    alts = page.locator("figure img").evaluate_all("all => all.map(img => img.alt)")
    assert alts[:2] == [f"curves of {QUOTES}", f"forest of {QUOTES}"]
    assert {f"profiles of {QUOTES}", f"depletion of {QUOTES}"} <= set(alts)


def test_pictures_are_drawn(visit):
    """Chromium takes the addresses that the pictures are packed into."""
    page = visit(page_of(QUOTES))
    page.evaluate("document.querySelectorAll('img').forEach(img => { img.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(img => img.complete)")
    widths = page.evaluate("[...document.images].map(img => img.naturalWidth)")
    assert widths
    assert all(width > 0 for width in widths)


def test_the_keyboard_reaches_the_content_first(visit):
    page = visit("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_paper_has_no_navigation(visit):
    page = visit(page_of(QUOTES))
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("nav.site").is_hidden()
    assert page.locator("details.columns").first.is_hidden()
    ink, paper = page.evaluate(
        "(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))"
    )
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
