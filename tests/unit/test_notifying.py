"""Telling somebody about a run: what counts as news, what the command gets, how it may fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from reuptake import notifying
from reuptake.problems import ProblemsError
from reuptake.settings.load import ROOT, load_settings
from reuptake.settings.sections import digest, section

HEADER = "drop,status,simulated,n_runs,n_plates,n_wells,reasons\n"
KEEPS_IT = """
import os, shutil, sys
folder = sys.argv[1]
open(f"{folder}/text", "a").write(sys.stdin.read())
open(f"{folder}/status", "w").write(os.environ["REUPTAKE_STATUS"])
shutil.copy(os.environ["REUPTAKE_NEWS"], f"{folder}/news.json")
"""


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    (folder / "tables").mkdir(parents=True)
    write(folder, "drops", f"{HEADER}a,accepted,false,1,1,96,\n")
    write(folder, "potency", "compound,value_nM\nX,1.5\n")
    return folder


@pytest.fixture
def reader(tmp_path):
    """A command that keeps what it is told, and what it was told since the last look."""

    class Reader:
        def __init__(self):
            self.folder = tmp_path / "told"
            self.folder.mkdir()
            # what a shell would act on stays an argument
            self.command = (sys.executable, "-c", KEEPS_IT, str(self.folder), "; echo $HOME > oops")

        def text(self) -> str:
            path = self.folder / "text"
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            path.unlink(missing_ok=True)
            return text

        def news(self) -> dict:
            return json.loads((self.folder / "news.json").read_text(encoding="utf-8"))

    return Reader()


def write(results: Path, table: str, text: str) -> None:
    (results / "tables" / f"{table}.csv").write_text(text, encoding="utf-8")


def test_the_first_run_is_news_and_the_next_without_change_is_none(results, reader):
    notifying.notify(reader.command, results, 0, "drops: 1 accepted")
    assert reader.text() == (
        "The run ended well. Drops with news: a (accepted). "
        "Changed tables: drops.csv, potency.csv.\ndrops: 1 accepted\n"
    )
    assert reader.news()["drops"] == {"a": {"status": "accepted", "reasons": ""}}
    assert reader.news()["report"].endswith("/results/report/index.html")
    assert (reader.folder / "status").read_text() == "0"
    notifying.notify(reader.command, results, 0, "drops: 1 accepted")
    assert reader.text() == ""


def test_new_rejected_and_vanished_drops_and_changed_tables_are_news(results, reader):
    notifying.notify(reader.command, results, 0, "")
    reader.text()
    write(results, "drops", f"{HEADER}b,rejected,false,1,0,0,no seal\n")
    notifying.notify(reader.command, results, 0, "")
    assert "news: a (gone), b (rejected). Changed tables: drops.csv." in reader.text()
    assert reader.news()["changed_drops"] == ["a", "b"]
    assert reader.news()["drops"]["b"]["reasons"] == "no seal"
    write(results, "potency", "compound,value_nM\nX,1.6\n")
    notifying.notify(reader.command, results, 0, "")
    assert "news: none. Changed tables: potency.csv." in reader.text()


def test_a_failed_run_is_news_every_time(results, reader):
    for _ in range(2):
        notifying.notify(reader.command, results, 1, "why")
        assert reader.text().startswith("The run failed.")
        assert (reader.folder / "status").read_text() == "1"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("no-such-program",), "no-such-program: No such file or directory"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "non-zero exit status 3"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "timed out after"),
        (("null\0byte",), "null byte"),
    ],
)
def test_a_command_that_fails_is_told_and_started_again(
    results, reader, command, reason, capsys, monkeypatch
):
    monkeypatch.setattr(notifying, "TIME_LIMIT_S", 1)
    notifying.notify(command, results, 0, "")
    error = capsys.readouterr().err
    assert error.startswith("notify: nobody was told, ")
    assert reason in error
    assert not list(results.glob(".*"))
    monkeypatch.undo()
    notifying.notify(reader.command, results, 0, "")
    assert "a (accepted)" in reader.text()


def test_a_command_that_does_not_read_is_no_failure(results, capsys):
    notifying.notify((sys.executable, "-c", ""), results, 0, "x" * 10**6)
    assert capsys.readouterr().err == ""


def test_a_state_that_cannot_be_read_is_as_none(results, reader):
    (results / notifying.STATE).write_text("{half")
    notifying.notify(reader.command, results, 0, "")
    assert "a (accepted)" in reader.text()


def test_nothing_is_recorded_of_the_command(tmp_path, monkeypatch):
    """Not in the record of the run, where others would read it, nor in any rule's digest."""
    monkeypatch.chdir(ROOT)
    plain = load_settings(units=False)
    told = load_settings(overrides={"notify": ["mail", "a@b.example", 5]}, units=False)
    assert told.config.notify == ("mail", "a@b.example", "5")
    assert "notify" not in told.model_dump()["config"]
    digests = [digest(section("provenance", settings)) for settings in (plain, told)]
    assert digests[0] == digests[1]


@pytest.mark.parametrize("wrong", ["mail a@b.example", [""], {"mail": "x"}])
def test_a_command_is_a_list_of_words(wrong):
    with pytest.raises(ProblemsError, match="notify"):
        load_settings(overrides={"notify": wrong}, units=False)
