"""The record of a run: config, software, the checksums of what went in and of what came out.

Same inputs, config and software give the same record but for its block ``volatile``: when,
where, by whom and how it was made.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from os.path import normpath
from pathlib import Path

from reuptake.drops import seal
from reuptake.drops.folder import SEAL, is_junk
from reuptake.problems import Problem, ProblemsError
from reuptake.provenance.change import PAGE, SCRIPT
from reuptake.provenance.software import software
from reuptake.runfile import RunFile
from reuptake.settings.load import resolve
from reuptake.tables import replacing

RECORD = Path("provenance") / "run.json"
SCHEMA = 1
# the folders of what a run answers with
KINDS = ("tables", "figures", "report")
# of the report, what is replaced after the run, once it is compared with the run before
OF_HISTORY = (PAGE, SCRIPT)


def without_drops(paths: Iterable[str], per_drop: str) -> list[str]:
    """Paths of a rule with * in place of the drop's name, each once.

    Parameters
    ----------
    paths : iterable of str
    per_drop : str
        The folder that holds a folder for each drop.
    """
    out = set()
    per_drop = normpath(per_drop)
    for path in map(normpath, paths):
        drop, _, rest = path.removeprefix(f"{per_drop}/").partition("/")
        out.add(f"{per_drop}/*/{rest}" if rest and path == f"{per_drop}/{drop}/{rest}" else path)
    return sorted(out)


def behind(rule: str, rules: dict) -> tuple[list[str], list[str]]:
    """What stands behind a rule's outputs.

    Parameters
    ----------
    rule : str
    rules : dict
        ``{rule: {"inputs": [...], "outputs": [...]}}``.

    Returns
    -------
    rules, files : list of str
        All rules on the way, `rule` included, and the files that no rule makes; sorted.
    """
    makers = {path: name for name, files in rules.items() for path in files["outputs"]}
    todo, seen, given = [rule], set(), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for path in rules[name]["inputs"]:
            if path in makers:
                todo.append(makers[path])
            else:
                given.add(path)
    return sorted(seen), sorted(given)


def build(run: RunFile) -> dict:
    """The record of a finished run.

    Nothing of the raw data is read: their checksums are those of the seals, which the
    ingestion has verified.
    """
    config = run.settings.config
    results = Path(config.results)
    drops = _drops(run, results / "tables" / "drops.csv")
    accepted = [name for name, drop in drops.items() if drop["status"] == "accepted"]
    drop_files = normpath(f"{config.drops}/*")
    files: set[str] = set()
    tables = {}
    for rule, made in run.rules.items():
        for output in made["outputs"]:
            name = output.removeprefix(f"{results}/tables/")
            if name == output:
                continue
            rules, given = behind(rule, run.rules)
            given = [path for path in given if path != drop_files]
            files.update(given)
            tables[name] = {
                "sha256": seal.sha256(Path(output)),
                "rule": rule,
                "inputs": [path.removeprefix(f"{results}/") for path in made["inputs"]],
                "rules": rules,
                "drops": list(drops) if name == "drops.csv" else accepted,
                "files": given,
            }
    return {
        "schema": SCHEMA,
        "config": run.settings.model_dump(mode="json"),
        "software": software([rule.removesuffix("_drop") for rule in run.rules]),
        "drops": drops,
        "files": {path: seal.sha256(Path(path)) for path in sorted(files)},
        "tables": dict(sorted(tables.items())),
        "figures": _checksums(results / "figures", _figures(results / "figures")),
        "report": _checksums(results / "report", _pages(results / "report")),
        "volatile": run.call | {"finished": datetime.now(UTC).isoformat(timespec="seconds")},
    }


def _drops(run: RunFile, table: Path) -> dict:
    out = {}
    for row in rows(table):
        name = row["drop"].removeprefix("'")
        entry: dict = {"status": row["status"]}
        if name in run.sealed:
            folder = run.folder(name)
            entry["simulated"] = row["simulated"] == "true"
            # a drop may vanish while the run goes on; the next run leaves it out
            if (folder.path / SEAL).is_file():
                entry |= {
                    "seal_sha256": seal.sha256(folder.path / SEAL),
                    "state": folder.state,
                    "files": dict(sorted(seal.checksums(folder.path).items())),
                }
        out[name] = entry
    return dict(sorted(out.items()))


def rows(table: Path) -> list[dict]:
    """The rows of a small table, as text."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _figures(figures: Path) -> list[str]:
    drawn = [row["file"] for row in rows(figures / "index.csv")]
    return ["index.csv", *(f"{name}{suffix}" for name in drawn for suffix in (".svg", ".png"))]


def _pages(report: Path) -> Iterator[str]:
    # the report removes the pages of what is gone
    return (name for name in found(report) if Path(name).suffix in (".html", ".xlsx"))


def _checksums(folder: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: seal.sha256(folder / name) for name in sorted(names)}


def found(folder: Path) -> list[str]:
    """The files below a folder of results, but those of the operating system and of history."""
    names = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir() and not is_junk(path.name)
    )
    return sorted(name for name in names if folder.name != "report" or name not in OF_HISTORY)


def checksum_of(record: dict, kind: str, name: str) -> str:
    """The recorded SHA-256 of a table, figure or page; empty where it is not recorded."""
    entry = record[kind].get(name, "")
    return entry["sha256"] if isinstance(entry, dict) else entry


def write(record: dict, results: Path) -> Path:
    """Write the record below `results`, keys sorted."""
    with replacing(results / RECORD) as temporary:
        text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, default=str)
        temporary.write_text(f"{text}\n", encoding="utf-8")
    return results / RECORD


def read(results: Path) -> dict:
    """The record of the results in a folder.

    Raises
    ------
    ProblemsError
        If there is none, or it cannot be read.
    """
    remedy = "Run the pipeline (`make run`), or name the folder of the results with --results."
    try:
        record = json.loads((results / RECORD).read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the record of the run cannot be read: {error.strerror}"
        raise ProblemsError([Problem(message, remedy, str(results / RECORD))]) from None
    except ValueError:
        record = None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        message = "not a record of a run that this version knows"
        raise ProblemsError([Problem(message, remedy, str(results / RECORD))])
    return record


def folder_of(record: dict, drop: str) -> Path:
    """The folder of a drop, where the recorded config says it is."""
    return resolve(record["config"]["config"]["drops"]) / drop
