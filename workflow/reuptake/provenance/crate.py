"""The results folder as a research object: RO-Crate with the profile Workflow Run Crate.

The root of the crate is the results folder, so its metadata file stands there and not beside
the record. Tables, figures and pages are its files; a drop is named by the SHA-256 of its
seal, for it lies elsewhere and may be moved.

References
----------
RO-Crate 1.1, https://w3id.org/ro/crate/1.1; Workflow Run Crate 0.5,
https://w3id.org/ro/wfrun/workflow/0.5; the arcp URI scheme, draft-soilandreyes-arcp-03;
named information, RFC 6920.
"""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

from reuptake.drops.seal import sha256
from reuptake.provenance.record import KINDS, RECORD, checksum_of, rows
from reuptake.tables import TABLES

METADATA = "ro-crate-metadata.json"
# where the copy of the workflow's rules stands in the results
SOURCE = Path("provenance") / "workflow"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_FORMATS = {
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".html": "text/html",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".txt": "text/plain",
    ".tsv": "text/tab-separated-values",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".smk": "text/plain",
}
_LIBRARIES = ("snakemake", "numpy", "scipy", "pandas", "pyarrow", "matplotlib")
# a term of the profile's vocabulary that RO-Crate 1.1 lacks
_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}


def crate_of(record: dict, results: Path) -> dict:
    """The crate's metadata as JSON-LD.

    Parameters
    ----------
    record : dict
        The record of the run.
    results : Path
        The folder of the results, with the record and the copy of the workflow in it.
    """
    # costs 0.4 s, and only this job needs it
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms = dict(_TERMS)

    def entity(identifier: str, kind: str, **properties):
        return crate.add(ContextEntity(crate, identifier, {"@type": kind, **properties}))

    def file(path: Path, **properties):
        size = str((results / path).stat().st_size)
        known = {
            "name": path.name,
            "encodingFormat": _FORMATS.get(path.suffix),
            "contentSize": size,
        }
        known = {key: value for key, value in (known | properties).items() if value}
        return crate.add_file(results / path, dest_path=path, properties=known)

    profiles = [
        entity(uri, "CreativeWork", name=name, version=version)
        for uri, (name, version) in _PROFILES.items()
    ]
    call, software = record["volatile"], record["software"]
    made = _made(record, results, file)
    used = _used(record, crate)
    workflow = crate.add_workflow(
        results / SOURCE / "Snakefile",
        dest_path=SOURCE / "Snakefile",
        main=True,
        lang="snakemake",
        lang_version=software["libraries"].get("snakemake"),
        properties={
            "name": "reuptake",
            "version": software["git"]["commit"] or software["reuptake"],
            "conformsTo": {"@id": _BIOSCHEMAS},
        },
    )
    pages = {name: f"https://pypi.org/project/{name}/" for name in _LIBRARIES}
    pages |= {"python": "https://www.python.org/", "reuptake": "#reuptake"}
    versions = software["libraries"] | {key: software[key] for key in ("reuptake", "python")}
    workflow["softwareRequirements"] = [
        entity(page, "SoftwareApplication", name=name, softwareVersion=versions[name])
        for name, page in pages.items()
        if name in versions
    ]
    workflow["hasPart"] = [
        file(
            SOURCE / name,
            **{"@type": ["File", "SoftwareSourceCode"]},
            sha256=checksum,
            version=workflow["version"],
        )
        for name, checksum in software["workflow"].items()
        if name != "Snakefile"
    ]
    agent = entity("#user", "Person", name=call.get("user") or "unknown")
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=used,
        result=made,
        properties={
            "name": "Run of reuptake",
            "description": call.get("command") or "not recorded",
            **({"startTime": call["started"]} if call.get("started") else {}),
            "endTime": call["finished"],
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    action["agent"] = agent
    config = record["config"]["config"]
    crate.name = config["title"]
    drops = [drop for drop in record["drops"].values() if drop["status"] == "accepted"]
    simulated = any(drop["simulated"] for drop in drops)
    crate.description = (
        f"Tables, figures and report, made by reuptake {software['reuptake']} from {len(drops)}"
        " data drops" + (", simulated ones among them" if simulated else "")
    )
    crate.license = "No licence is stated: the rights are those of the data's sources."
    crate.datePublished = call["finished"]
    crate.root_dataset["conformsTo"] = profiles
    crate.root_dataset["mentions"] = [action]
    record_file = file(
        RECORD,
        sha256=sha256(results / RECORD),
        description="Software, configuration, checksums and input lists",
    )
    crate.root_dataset["subjectOf"] = record_file
    return crate.metadata.generate()


def _made(record: dict, results: Path, file) -> list:
    """Entities of tables, figures and pages."""
    captions = {row["file"]: row["caption"] for row in rows(results / "figures" / "index.csv")}
    out = []
    for folder in KINDS:
        for name in record[folder]:
            path = Path(folder) / name
            said = captions.get(path.stem, "") if folder == "figures" else ""
            if folder == "tables" and path.stem in TABLES:
                said = f"table of columns {', '.join(c.name for c in TABLES[path.stem])}"
            out.append(file(path, sha256=checksum_of(record, folder, name), description=said))
    return out


def _used(record: dict, crate) -> list:
    """Entities of the accepted drops, with their files, and of the other files that were read."""
    out = []
    for name, drop in record["drops"].items():
        if drop["status"] != "accepted" or "files" not in drop:
            continue
        base = f"arcp://ni,{_named(drop['seal_sha256'])}/"
        files = [
            crate.add_file(f"{base}{quote(path)}", properties=_outside(path, checksum))
            for path, checksum in drop["files"].items()
        ]
        said = "simulated" if drop["simulated"] else "measured"
        properties = {"name": f"data drop {name}", "description": f"{said} data as delivered"}
        dataset = crate.add_dataset(base, properties=properties)
        dataset["hasPart"] = files
        out.append(dataset)
    for path, checksum in record["files"].items():
        properties = _outside(Path(path).name, checksum)
        out.append(crate.add_file(f"ni:///{_named(checksum)}", properties=properties))
    return out


def _outside(name: str, checksum: str) -> dict:
    """Properties of a file that lies outside of the crate."""
    properties = {"name": name, "sha256": checksum}
    known = _FORMATS.get(Path(name).suffix.lower())
    return properties | {"encodingFormat": known} if known else properties


def _named(sha256: str) -> str:
    """A SHA-256 as RFC 6920 writes it."""
    text = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode("ascii").rstrip("=")
    return f"sha-256;{text}"
