"""A minimal archive for tests: own config files and a valid drop of one 96-well plate.

Every number is made up. A test writes the archive into its tmp_path, changes one thing, and
sees what ``reuptake register`` and the ingestion of a sealed drop say to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from reuptake import cli
from reuptake.settings.load import load_settings
from reuptake.settings.sections import section
from reuptake.stages import ingest

NAME = "2026-01-05-test"
DESCRIPTION = f"""\
schema: 1
drop: {NAME}
source: tests
simulated: true
runs:
  - run: A
    assay: binding
    date: 2026-01-05
    concentrations: {{basis: final}}
    plates:
      - {{plate: P1, counts: raw/p1.csv, layout: layout.csv}}
"""
RESPONSES_DESCRIPTION = f"""\
schema: 1
drop: {NAME}
simulated: true
runs:
  - run: R
    assay: partner
    date: 2026-01-05
    concentrations: {{basis: final}}
    responses: responses.csv
"""
ANIMALS_DESCRIPTION = f"""\
schema: 1
drop: {NAME}
simulated: true
runs:
  - run: F
    assay: swim
    date: 2026-01-05
    animals: swim.csv
    arrive: {{randomisation: by lot, blinding: scorer blinded}}
  - run: H
    assay: pca
    date: 2026-01-06
    animals: pca.csv
    calibration: calibration.csv
"""
ASSAYS = """\
binding:
  kind: competition_binding
  target: SERT
  species: human
partner:
  kind: response
  target: SERT
  species: human
swim:
  kind: forced_swim
  control_group: Vehicle
  test_length: 300 s
pca:
  kind: pca_depletion
  control_group: Vehicle
  challenge_group: PCA
"""
TARGETS = """\
SERT: {name: serotonin transporter, role: primary}
DAT: {name: dopamine transporter, role: off-target}
"""
EXCLUSIONS_HEADER = "drop,run,plate,well,reason,by,date\n"
CONCENTRATIONS_NM = ("0.1", "0.316", "1", "3.16", "10", "31.6", "100", "316", "1000", "3160")
COMPOUNDS = ("reference,ref-1", "sample,cmpd-1", "sample,cmpd-2", "sample,cmpd-3")
TOTAL, NONSPECIFIC = 2000, 100


def layout_csv() -> str:
    """Column 1 total, column 12 non-specific, between them two rows a compound.

    Well (row, column), both from 0, stands in line ``2 + 12 * row + column``.
    """
    lines = ["plate,well,role,compound,concentration,unit"]
    for row in range(8):
        letter = "ABCDEFGH"[row]
        lines.append(f"P1,{letter}1,total,,,")
        lines += [
            f"P1,{letter}{column},{COMPOUNDS[row // 2]},{concentration},nM"
            for column, concentration in enumerate(CONCENTRATIONS_NM, start=2)
        ]
        lines.append(f"P1,{letter}12,nonspecific,,,")
    return "\n".join(lines) + "\n"


def counts_csv() -> str:
    """A grid without letters and header: an IC50 of 10 nM in every row, a little scatter."""
    rows = []
    for row in range(8):
        scatter = 1 + 0.01 * (row % 3 - 1)
        cells = [TOTAL * scatter]
        for concentration in map(float, CONCENTRATIONS_NM):
            cells.append((NONSPECIFIC + (TOTAL - NONSPECIFIC) / (1 + concentration / 10)) * scatter)
        cells.append(NONSPECIFIC * scatter)
        rows.append(",".join(f"{cell:.0f}" for cell in cells))
    return "\n".join(rows) + "\n"


def responses_csv() -> str:
    """Two vehicle rows and one compound, in per cent of control; an IC50 of 10 nM."""
    lines = ["compound,concentration,unit,response", ",0,nM,101", ",0,nM,99"]
    for i, concentration in enumerate(CONCENTRATIONS_NM):
        response = 100 / (1 + float(concentration) / 10) + (0.5 if i % 2 else -0.5)
        lines.append(f"cmpd-1,{concentration},nM,{response:.1f}")
    return "\n".join(lines) + "\n"


SWIM_s = {"Vehicle": (200, 210, 190, 205, 195), "low": (150, 160, 140, 155, 145)}
# peak areas beside 1000 of the internal standard; the line is 10 per ng
PCA_AREAS = {"Vehicle": (800, 760, 840), "PCA": (300, 280, 320), "low + PCA": (540, 560, 550)}


def swim_csv() -> str:
    """Ten animals in two groups."""
    lines = ["animal,group,role,treatment,dose,unit,value,scorer"]
    for group, values in SWIM_s.items():
        cells = "vehicle,saline,," if group == "Vehicle" else "treated,cmpd-1,3,mg/kg"
        lines += [f"{group}-{i},{group},{cells},{v},AB" for i, v in enumerate(values)]
    return "\n".join(lines) + "\n"


def pca_csv() -> str:
    """Nine animals in three groups, as peak areas with tissue weights."""
    header = "animal,group,role,treatment,dose,unit,amount,amount_unit,tissue_mg,istd_response"
    cells = {"Vehicle": "vehicle,saline,,", "PCA": "challenge,PCA,,"}
    lines = [header]
    for group, areas in PCA_AREAS.items():
        who = cells.get(group, "treated,cmpd-1,3,mg/kg")
        lines += [f"{group}-{i},{group},{who},{a},area,50,1000" for i, a in enumerate(areas)]
    return "\n".join(lines) + "\n"


def calibration_csv() -> str:
    """Five standards on the line of 10 area units a ng."""
    lines = ["readout,amount,amount_unit,response,istd_response"]
    lines += [f"5-HT,{ng},ng,{10 * ng},1000" for ng in (5, 10, 20, 50, 100)]
    return "\n".join(lines) + "\n"


def write_animals(drop: Path) -> Path:
    """Turn the valid drop into one of animals."""
    for name in ("raw/p1.csv", "layout.csv"):
        (drop / name).unlink()
    description = ANIMALS_DESCRIPTION.replace(NAME, drop.name)
    (drop / "drop.yaml").write_text(description, encoding="utf-8")
    for name, text in (
        ("swim.csv", swim_csv()),
        ("pca.csv", pca_csv()),
        ("calibration.csv", calibration_csv()),
    ):
        (drop / name).write_text(text, encoding="utf-8")
    return drop


@dataclass(frozen=True)
class Outcome:
    """Exit status and text of a command."""

    code: int
    text: str


@dataclass(frozen=True)
class Archive:
    """A folder with config files and drops."""

    folder: Path

    @property
    def config(self) -> Path:
        """The config file on top of the project's."""
        return self.folder / "config.yaml"

    @property
    def exclusions(self) -> Path:
        """The exclusions file."""
        return self.folder / "exclusions.csv"

    def drop(self, name: str = NAME) -> Path:
        """Folder of a drop."""
        return self.folder / "drops" / name

    def register(self, capsys, name: str = NAME) -> Outcome:
        """``reuptake register`` on a drop, in this process."""
        return command(capsys, "register", self.drop(name), "--config", self.config)

    def ingest(self, name: str = NAME) -> dict:
        """The verdict on a sealed drop, as a run of the workflow gives it."""
        results = self.folder / "results" / name
        settings = load_settings([self.config])
        share = section("ingest", settings, name, frozenset(settings.assays))
        verdict = results / "verdict.json"
        wells, animals = results / "wells.parquet", results / "animals.parquet"
        ingest.run(self.drop(name), share, verdict, wells, animals)
        return json.loads(verdict.read_text(encoding="utf-8"))


def write_archive(folder: Path) -> Archive:
    """Config files and the valid drop, not sealed."""
    archive = Archive(folder)
    files = {name: folder / f"{name}.yaml" for name in ("assays", "targets")}
    files |= {name: folder / f"{name}.csv" for name in ("compounds", "exclusions")}
    files["assays"].write_text(ASSAYS, encoding="utf-8")
    files["targets"].write_text(TARGETS, encoding="utf-8")
    files["compounds"].write_text("compound,name,synonyms\n", encoding="utf-8")
    files["exclusions"].write_text(EXCLUSIONS_HEADER, encoding="utf-8")
    places = files | {"drops": folder / "drops", "results": folder / "results"}
    lines = [f"{key}: {json.dumps(str(path))}\n" for key, path in places.items()]
    archive.config.write_text("".join(lines), encoding="utf-8")
    write_drop(archive.drop())
    return archive


def write_drop(drop: Path) -> Path:
    """The valid drop, under the name of its folder."""
    (drop / "raw").mkdir(parents=True)
    (drop / "raw/p1.csv").write_text(counts_csv(), encoding="utf-8")
    (drop / "layout.csv").write_text(layout_csv(), encoding="utf-8")
    description = DESCRIPTION.replace(NAME, drop.name)
    (drop / "drop.yaml").write_text(description, encoding="utf-8")
    return drop


def edit(file: Path, old: str, new: str) -> None:
    """Replace the one place where `old` stands."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def seal_by_hand(drop: Path) -> None:
    """What ``sha256sum`` writes, made without the project's own code."""
    lines = []
    for path in sorted(drop.rglob("*")):
        if path.is_file() and path.name != "SHA256SUMS":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(os.fsencode(f"{digest}  {path.relative_to(drop).as_posix()}\n"))
    (drop / "SHA256SUMS").write_bytes(b"".join(lines))


def command(capsys, *words) -> Outcome:
    """A command of reuptake in this process, with what it printed on both streams."""
    before = sys.argv
    sys.argv = ["reuptake", *map(str, words)]
    capsys.readouterr()
    try:
        cli.main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = before
    printed = capsys.readouterr()
    return Outcome(code, printed.out + printed.err)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every regular file below a folder and its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
