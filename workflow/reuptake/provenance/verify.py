"""Whether results, drops, config and software are still those that the run recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from reuptake.drops import seal
from reuptake.drops.folder import SEAL, contents, path_fault
from reuptake.drops.scan import Folder, scan
from reuptake.problems import Problem, ProblemsError, shown
from reuptake.provenance.record import KINDS, checksum_of, found
from reuptake.provenance.software import software
from reuptake.settings.load import load_settings, resolve

_RUN = "Run the pipeline again (`make run`)"
_OUTPUTS = {"figures": "figures/index.csv", "report": "report/index.html"}
MAX_NAMED = 8


def differences(record: dict, results: Path) -> list[Problem]:
    """Everything that is not as recorded: first what came out, then what went in.

    Parameters
    ----------
    record : dict
        The record of the run.
    results : Path
        The folder of the results.
    """
    return [
        *(problem for kind in KINDS for problem in result_faults(record, results, kind)),
        *drop_faults(record),
        *file_faults(record),
        *config_faults(record),
        *software_faults(record["software"], software(list(record["software"]["stages"]))),
    ]


def summary(record: dict) -> str:
    """What was found to be as recorded."""
    drops = [drop for drop in record["drops"].values() if drop["status"] == "accepted"]
    counts = ", ".join(f"{kind} ({len(record[kind])} files)" for kind in KINDS)
    files = sum(len(drop.get("files", ())) for drop in drops)
    return (
        f"all as recorded on {record['volatile']['finished']}: {counts}, "
        f"drops ({len(drops)} with {files} files), config and software"
    )


def result_faults(record: dict, results: Path, kind: str) -> Iterator[Problem]:
    """Tables, figures or pages that were changed, are missing, or that the run did not make."""
    folder = results / kind
    there = set(found(folder)) if folder.is_dir() else set()
    for name in sorted(there | set(record[kind])):
        place = f"{kind}/{name}"
        # Snakemake sees by this file whether it has to make the others
        output = _OUTPUTS.get(kind, place)
        again = f"Delete {output} and run the pipeline again (`make run`)."
        recorded = checksum_of(record, kind, name)
        if not recorded:
            remedy = "Move it out of the results: the run did not make it."
            yield Problem("an extra file, which is not in the record", remedy, place)
        elif name not in there:
            remedy = f"{_RUN}." if output == place else again
            yield Problem("missing since the run", remedy, place)
        elif seal.sha256(folder / name) != recorded:
            yield Problem("changed since the run that made it", again, place)


def drop_faults(record: dict) -> Iterator[Problem]:
    """Drops whose files are not those that were analysed, and drops that came or went."""
    drops = resolve(record["config"]["config"]["drops"])
    now = {folder.name: folder for folder in scan(drops)}
    for name, drop in record["drops"].items():
        folder = now.get(name)
        if folder is None:
            if drop["status"] != "unregistered":
                remedy = "Put it back, or run the pipeline again (`make run`) to answer without it."
                yield Problem("the drop is not there any more", remedy, str(drops / name))
        elif drop["status"] == "accepted" and "files" in drop:
            yield from _file_faults(drop, folder)
        elif folder.sealed and folder.state != drop.get("state"):
            yield Problem(
                f"the drop was {drop['status']} and has changed since", f"{_RUN}.", str(folder.path)
            )
    for name in sorted(now.keys() - record["drops"].keys()):
        if now[name].sealed:
            yield Problem("a drop that came after the run", f"{_RUN}.", str(drops / name))


def _file_faults(drop: dict, folder: Folder) -> Iterator[Problem]:
    remedy = (
        "Put the file back as it was delivered; if the change is meant, run `reuptake register`"
    )
    remedy += " on the drop and the pipeline again."
    there = set(contents(folder.path))
    for name in sorted(there | set(drop["files"])):
        place = str(folder.path / name)
        recorded = drop["files"].get(name)
        try:
            if recorded is None:
                yield Problem("a file that was not there in the run", remedy, place)
            elif fault := path_fault(folder.path, name):
                yield Problem(f"analysed in the run, but now {fault}", remedy, place)
            elif seal.sha256(folder.path / name) != recorded:
                yield Problem("changed since the run", remedy, place)
        except OSError as error:
            fault = f"cannot be read: {error.strerror}"
            yield Problem(fault, "Check the file's permissions.", place)
    path = folder.path / SEAL
    if not folder.sealed:
        yield Problem("the drop's seal is gone", remedy, str(path))
    elif seal.sha256(path) != drop["seal_sha256"]:
        yield Problem("the drop was sealed again since the run", f"{_RUN}.", str(path))


def file_faults(record: dict) -> Iterator[Problem]:
    """Other files that were read: published values."""
    for name, recorded in record["files"].items():
        path = resolve(name)
        if not path.is_file():
            yield Problem("read in the run, and missing now", "Put it back.", name)
        elif seal.sha256(path) != recorded:
            yield Problem("changed since the run", f"Put it back, or: {_RUN}.", name)


def config_faults(record: dict) -> Iterator[Problem]:
    """Keys of the config that are not as recorded, the command line of the run included."""
    call = record["volatile"]
    files = [Path(path) for path in call.get("configfiles", [])]
    try:
        settings = load_settings(files, call.get("config", {}), units=False)
    except ProblemsError as error:
        yield from error.problems
        return
    before, after = flat(record["config"]), flat(settings.model_dump(mode="json"))
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now:
            message = f"config {key} was {_value(was)} in the run and is {_value(now)} now"
            yield Problem(message, f"Put it back, or: {_RUN}.")


def flat(data, prefix: str = "") -> dict:
    """Nested mappings as one, with dotted keys; what is not set is left out."""
    if isinstance(data, list):
        data = {str(i): value for i, value in enumerate(data, start=1)}
    if not isinstance(data, dict):
        return {} if data is None else {prefix: data}
    out: dict = {}
    for key, value in data.items():
        out |= flat(value, f"{prefix}.{key}" if prefix else key)
    return out


def _value(value) -> str:
    return "not set" if value is None else shown(value)


def software_faults(recorded: dict, now: dict) -> Iterator[Problem]:
    """Versions, lock and code that are not as recorded.

    Another commit alone is none: what counts is whether the code of a stage is another.
    """
    commit = recorded["git"]["commit"]
    back = f"Check out commit {commit[:12]}" if commit else "Use the version that made the results"
    if recorded["git"]["dirty"]:
        back += " (with the changes that were not committed)"
    again = f"{back}, or: {_RUN}."
    for key in ("reuptake", "python"):
        if recorded[key] != now[key]:
            yield Problem(f"{key} was {recorded[key]} in the run and is {now[key]} now", again)
    locked = recorded["lock_sha256"] == now["lock_sha256"]
    if not locked:
        yield Problem("the lock of the environment is not that of the run", again, "uv.lock")
    before, after = recorded["libraries"], now["libraries"]
    changed = [
        f"{name} {before.get(name, 'none')} (now {after.get(name, 'none')})"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    if changed:
        message = f"the libraries of the run were others: {_several(changed)}"
        remedy = "Remove .venv and call `make setup`, which installs those of the lock."
        yield Problem(message, remedy if locked else again)
    for key, what in (("stages", "the code of stage"), ("workflow", "the workflow's file")):
        before, after = recorded[key], now[key]
        names = [n for n in sorted(before.keys() | after.keys()) if before.get(n) != after.get(n)]
        if names:
            yield Problem(f"{what} {_several(names)} is not that of the run", again)


def _several(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
