"""What moved since the previous successful run: cells, reasons, the store, the page."""

import csv
import json

import pytest

import recorded
from reuptake.provenance import changes, history
from reuptake.provenance.changes import NOT_KNOWN, against_interval, changes_between
from reuptake.provenance.history import Snapshot
from reuptake.report.changes import largest, script, sentence_of, write

EXCLUSION = {"drop": "D1", "run": "R", "plate": "P1", "well": "A1", "reason": "bubble", "by": "AB"}
CURVES = "drop,run,assay,plate,compound,role,ic50_nM\n"
POTENCY = "compound,target,species,modality,quantity,assay,simulated,value_nM,lower_nM,upper_nM\n"


def record(**changed) -> dict:
    base = {
        "config": {
            "config": {"title": "T", "limits": {"z_prime": {"warn": 0.5}}},
            "assays": {"sert": {"kd": {"value": "5.3 nM"}}, "dat": {"kd": {"value": "5 nM"}}},
            "exclusions": [],
        },
        "software": {
            "reuptake": "1",
            "python": "3.11",
            "libraries": {"numpy": "2.0"},
            "stages": {"fit": "a", "figures": "a"},
        },
        "drops": {"D1": {"status": "accepted", "files": {"raw.txt": "aa"}}},
        "tables": {
            "potency.csv": {"rules": ["fit_drop", "potency"]},
            "curves.csv": {"rules": ["fit_drop"]},
        },
        "volatile": {"finished": "2026-03-02T10:00:00+00:00"},
    }
    out = json.loads(json.dumps(base))
    for path, value in changed.items():
        *folders, last = path.split("__")
        place = out
        for name in folders:
            place = place[name]
        place[last] = value
    return out


def snapshot(made: dict, potency=(), curves=()) -> Snapshot:
    tables = dict.fromkeys(changes.COMPARED, b"")
    tables["curves"] = (CURVES + "".join(f"{row}\n" for row in curves)).encode()
    tables["potency"] = (POTENCY + "".join(f"{row}\n" for row in potency)).encode()
    return Snapshot(made, tables)


CURVE = "D1,R,sert,P1,c,sample,{}"
ANSWER = "c,SERT,human,binding,Ki,,false,{},2,8"


def moved(made: dict, before="4", after="4.4"):
    return changes_between(
        snapshot(record(), [ANSWER.format(before)], [CURVE.format(before)]),
        snapshot(made, [ANSWER.format(after)], [CURVE.format(after)]),
    )


def test_a_moved_value_has_its_fold_and_its_place_to_the_earlier_interval():
    first, second = moved(record(), "4", "4.4"), moved(record(), "4", "10")
    assert [(c.table, c.column, c.before, c.after) for c in first] == [
        ("potency", "value_nM", "4", "4.4"),
        ("curves", "ic50_nM", "4", "4.4"),
    ]
    assert first[0].key == (
        "compound=c; target=SERT; species=human; modality=binding; quantity=Ki; simulated=false"
    )
    assert first[0].against_interval == "× 1.10, inside the earlier interval"
    assert second[0].against_interval == "× 2.50, outside the earlier interval"


def test_another_processors_last_digits_have_not_moved():
    assert moved(record(), "4", "4.0000039") == []
    assert len(moved(record(), "4", "4.0000041")) == 2


def test_rows_that_come_and_go():
    both = [ANSWER.format(4)], [CURVE.format(4)]
    came = changes_between(snapshot(record()), snapshot(record(), *both))
    went = changes_between(snapshot(record(), *both), snapshot(record()))
    assert [(c.column, c.before, c.after) for c in came] == [("row", "", "present")] * 2
    assert [(c.column, c.before, c.after) for c in went] == [("row", "present", "")] * 2


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (record(), NOT_KNOWN),
        (
            record(drops={"D1": {"status": "accepted", "files": {"raw.txt": "bb"}}}),
            "drop D1 was sealed again with changed raw.txt",
        ),
        (
            record(drops={"D1": {"status": "rejected", "files": {"raw.txt": "aa"}}}),
            "drop D1 was accepted and is rejected",
        ),
        (record(config__exclusions=[EXCLUSION]), "well D1, R, P1, A1 is now excluded (bubble, AB)"),
        (
            record(config__assays__sert__kd__value="6 nM"),
            "config assays.sert.kd.value was 5.3 nM and is 6 nM",
        ),
        (
            record(config__config__limits__z_prime__warn=0.6),
            "config config.limits.z_prime.warn was 0.5 and is 0.6",
        ),
        (record(software__libraries__numpy="2.1"), "software numpy was 2.0 and is 2.1"),
        (record(software__stages__fit="b"), "the code of stage fit has changed"),
        (record(config__config__title="Other"), NOT_KNOWN),
    ],
)
def test_the_reason_is_what_has_changed(made, reason):
    assert {change.reason for change in moved(made)} == {reason}


def test_what_reaches_a_row_goes_before_what_does_not():
    """Another drop, another assay and the code of the figures cannot have moved it."""
    made = record(
        config__exclusions=[EXCLUSION],
        config__assays__dat__kd__value="9 nM",
        software__stages__figures="b",
    )
    made["drops"]["D2"] = {"status": "accepted", "files": {}}
    assert {change.reason for change in moved(made)} == {
        "well D1, R, P1, A1 is now excluded (bubble, AB)"
    }


def test_where_nothing_reaches_a_row_all_are_named():
    made = record(config__assays__dat__kd__value="9 nM")
    assert {change.reason for change in moved(made)} == {
        "one of: config assays.dat.kd.value was 5 nM and is 9 nM"
    }


def test_the_store_keeps_the_last_run_and_is_replaced_when_damaged(tmp_path):
    path = tmp_path / "changes" / "history.sqlite"
    assert history.read(path) is None
    for finished in ("1", "2"):
        history.write(path, Snapshot({"volatile": finished}, {"potency": finished.encode()}))
    assert history.read(path) == Snapshot({"volatile": "2"}, {"potency": b"2"})
    path.write_bytes(b"no database at all" * 100)
    assert history.read(path) is None
    history.write(path, Snapshot({"volatile": "3"}, {}))
    assert history.read(path) == Snapshot({"volatile": "3"}, {})


def told(report) -> dict:
    """What the script beside the first page holds."""
    before, _, text = (report / "changes.js").read_text(encoding="ascii").partition(" = ")
    assert before == "window.reuptakeChanges"
    return json.loads(text.removesuffix(";\n"))


def test_a_run_after_a_run(tmp_path, capsys):
    made = recorded.make(tmp_path)
    report = made.results / "report"
    page = report / "changes.html"
    assert changes.update(made.results) is None
    assert "nothing to compare with" in page.read_text()
    assert "nothing to compare with" in told(report)["sentence"]
    assert changes.update(made.results) == []
    assert "No number has moved since the run that finished 20" in page.read_text()
    assert told(report)["sentence"] in page.read_text()
    # what hangs on history is no result of the run
    assert made.command(capsys, "verify").code == 0
    # tables that no complete run has made leave the history alone
    kept = (made.results / "changes" / "history.sqlite").read_bytes()
    table = made.results / "tables" / "potency.csv"
    table.write_bytes(table.read_bytes().replace(b"binding", b"uptake"))
    assert changes.update(made.results) is None
    assert (made.results / "changes" / "history.sqlite").read_bytes() == kept
    with (made.results / "changes" / "changes.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [list(changes.COLUMNS)]


def change(name="c", column="value_nM", before="4", after="5", reason="why", **more):
    about = {"table": "potency", "key": f"compound={name}; simulated=false"} | more
    return changes.Change(column=column, before=before, after=after, reason=reason, **about)


THEN = "2026-03-02T10:00:00+00:00"
SINCE = "since the run that finished 2026-03-02 10:00:00 UTC"

MOVED = f"moved (none out of the interval before) {SINCE}"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([], f"No number has moved {SINCE}."),
        (
            [change(table="curves"), change(column="flags")],
            f"No potency and no ratio has moved {SINCE}; rows of other tables have changed.",
        ),
        ([change()], f"1 potency {MOVED}; the reason: why."),
        (
            [change(), change(column="n_experiments"), change(table="selectivity")],
            f"2 potencies and ratios {MOVED}; the reason: why.",
        ),
        (
            [change(), change("d"), change("e", "row", "", "present"),
             change("f", "row", "present", ""), change("g", "row", "present", "")],
            "2 potencies and ratios moved (none out of the interval before), 1 is new, 2 are gone "
            f"{SINCE}; the reason: why.",
        ),
        (
            [change("e", "row", "", "present"), change("f", "row", "", "present", "another")],
            f"2 potencies and ratios are new {SINCE}; the reasons stand beside them.",
        ),
        (
            [change(after="10", against_interval=against_interval("4", "10", "2", "8")),
             change("d", against_interval=against_interval("4", "5", "2", "8"))],
            f"2 potencies and ratios moved (1 out of the interval before) {SINCE}; "
            "the reason: why.",
        ),
        ([change(reason="x" * 161)],
         f"1 potency {MOVED}; the reasons stand beside them."),
        ([change(reason=NOT_KNOWN)], f"1 potency {MOVED}; the reason is {NOT_KNOWN}."),
        (
            [change(table="selectivity", column="row", before="", after="present")],
            f"1 ratio is new {SINCE}; the reason: why.",
        ),
    ],
)  # fmt: skip
def test_the_sentence(found, sentence):
    assert sentence_of(found, THEN) == sentence


def test_the_first_page_has_the_largest_changes_and_each_answer_once():
    found = [
        change("new", "row", "", "present"),
        change("up", after="5"),
        change("up", "n_experiments", "2", "3"),
        change("counted", "n_experiments", "2", "3"),
        change("down", after="1"),
        change("bound", after="5000"),
        change("bound", "qualifier", "=", ">"),
        change("lost", after=""),
        change("gone", "row", "present", ""),
    ]
    order = [c.key.split("; ")[0].removeprefix("compound=") for c in largest(found)]
    assert order == ["bound", "gone", "lost", "down", "up", "counted", "new"]
    assert [c.column for c in largest(found)][:2] == ["qualifier", "row"]
    many = [change(f"c{i}", after=str(5 + i)) for i in range(20)]
    rows = json.loads(script("", many).partition(" = ")[2].removesuffix(";\n"))["rows"]
    assert [row["cells"][3] for row in rows] == [[f"{x}.0"] for x in range(24, 16, -1)]


def test_hostile_names_are_text_on_the_page_and_in_the_script(tmp_path):
    bad = '</script><script>alert(1)</script>&\u2028\u2029"é'
    hostile = change(bad, reason=f"drop {bad}")
    write([hostile], bad, bad, tmp_path)
    html = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    text = (tmp_path / "changes.js").read_bytes()
    assert text.isascii()
    assert not set(b"<>&") & set(text)
    assert text.count(b"\n") == 1
    (row,) = told(tmp_path)["rows"]
    assert row["cells"][0] == [bad]
    assert bad in told(tmp_path)["sentence"]


def test_simulated_answers_are_marked(tmp_path):
    key = "compound=c; target=SERT; simulated=true"
    simulated = change(key=key, before="4.0001", reason="why; and more")
    write([simulated], "then", "T", tmp_path)
    html = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert "c, SERT (simulated)" in html
    assert "Every number on this page comes from simulated" in html
    (row,) = told(tmp_path)["rows"]
    cells = [["c, SERT (simulated)"], ["potency, value_nM"], ["4.00"], ["5.00"], ["–"]]
    assert row == {"cells": [*cells, ["why", "and more"]], "simulated": True}
    write([simulated, change()], "then", "T", tmp_path)
    html = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert "Some numbers on this page come from simulated" in html


def test_as_many_figures_as_tell_two_numbers_apart():
    found = [
        change(before="1180.4", after="1176.2"),
        change("d", before="4.00001", after="4.00002"),
    ]
    rows = json.loads(script("", found).partition(" = ")[2].removesuffix(";\n"))["rows"]
    assert [row["cells"][2:4] for row in rows] == [
        [["1,180"], ["1,176"]],
        [["4.00001"], ["4.00002"]],
    ]


def test_the_page_leads_to_the_pages_that_there_are(tmp_path):
    write([], "then", "T", tmp_path)
    assert "constants.html" not in (tmp_path / "changes.html").read_text(encoding="utf-8")
    for name in ("constants.html", "in-vivo.html"):
        (tmp_path / name).write_text("")
    write([], "then", "T", tmp_path)
    html = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert 'href="constants.html"' in html
    assert 'href="in-vivo.html"' in html
