"""What moved since the previous successful run: cells, reasons, the store, the page."""

import csv
import json

import pytest

import recorded
from reuptake.provenance import changes, history
from reuptake.provenance.changes import NOT_KNOWN, changes_between
from reuptake.provenance.history import Snapshot
from reuptake.report.changes import write_page

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


def test_a_run_after_a_run(tmp_path):
    made = recorded.make(tmp_path)
    assert changes.update(made.results) is None
    page = made.results / "changes" / "index.html"
    assert "nothing to compare with" in page.read_text()
    assert changes.update(made.results) == []
    assert "No number has moved" in page.read_text()
    # tables that no complete run has made leave the history alone
    kept = (made.results / "changes" / "history.sqlite").read_bytes()
    table = made.results / "tables" / "potency.csv"
    table.write_bytes(table.read_bytes().replace(b"binding", b"uptake"))
    assert changes.update(made.results) is None
    assert (made.results / "changes" / "history.sqlite").read_bytes() == kept
    with (made.results / "changes" / "changes.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [list(changes.COLUMNS)]


def test_hostile_names_are_text_on_the_page(tmp_path):
    bad = "<script>alert(1)</script>"
    change = changes.Change("potency", f"compound={bad}", "value_nM", "4", "5", f"drop {bad}")
    html = write_page([change], bad, bad, tmp_path).read_text()
    assert bad not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4


def test_simulated_answers_are_marked(tmp_path):
    key = "compound=c; target=SERT; simulated=true"
    change = changes.Change("potency", key, "value_nM", "4.0001", "5", "why")
    html = write_page([change], "then", "T", tmp_path).read_text()
    assert "c, SERT (simulated)" in html
    assert "4.00" in html
