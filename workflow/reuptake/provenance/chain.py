"""From a number back to its wells: experiments, curves, plates, raw files, settings, software."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from reuptake.drops.seal import sha256
from reuptake.potency import counted
from reuptake.problems import Problem, ProblemsError, printable
from reuptake.provenance import record
from reuptake.settings.model import Settings
from reuptake.settings.sections import section
from reuptake.tables import TABLES, read_csv

# the tables whose numbers can be followed, and the columns by which their rows are told apart
KEYS = {
    "selectivity": ("compound", "target", "species", "modality", "quantity", "simulated"),
    "potency": ("compound", "target", "species", "modality", "quantity", "assay", "simulated"),
    "experiments": (
        *("compound", "target", "species", "modality", "quantity", "assay", "experiment"),
        "simulated",
    ),
    "curves": ("drop", "run", "assay", "plate", "compound", "role"),
    "plates": ("drop", "run", "plate"),
    "wells": ("drop", "run", "assay", "plate", "well"),
}
_ORDER = tuple(KEYS)
_CONTROLS = ("total", "nonspecific", "blank", "total_added", "vehicle", "full_block")
_LIBRARIES = ("numpy", "scipy", "pandas")
MAX_CANDIDATES = 40


class UsageError(ValueError):
    """Raised where a table or a column is not one that there is."""


class NoSuchRowError(LookupError):
    """Raised where no row has what is asked for, or several have: with what there is."""


@dataclass(frozen=True)
class Node:
    """A step of the way: what it is, what is known of it, and what it was made from."""

    what: str
    facts: dict[str, str] = field(default_factory=dict)
    parts: list[Node] = field(default_factory=list)

    def as_text(self, depth: int = 0) -> str:
        """The steps as lines, each indented below what was made from it."""
        known = "; ".join(f"{key} {value}".strip() for key, value in self.facts.items() if value)
        line = printable(f"{self.what}: {known}" if known else self.what)
        return "\n".join([f"{'  ' * depth}{line}", *(p.as_text(depth + 1) for p in self.parts)])

    def as_json(self) -> str:
        """The same as JSON: ``what``, ``facts`` and ``from``."""
        return json.dumps(self._plain(), ensure_ascii=False, indent=1)

    def _plain(self) -> dict:
        facts = {key: value for key, value in self.facts.items() if value}
        return {"what": self.what, "facts": facts, "from": [p._plain() for p in self.parts]}


def parse(table: str, keys: Iterable[str]) -> dict[str, str]:
    """Column and value of each ``column=value``.

    Raises
    ------
    UsageError
        If the table cannot be followed, a key is not of this form or names no column.
    """
    if table not in KEYS:
        raise UsageError(f"{table!r} cannot be followed; the tables are {', '.join(KEYS)}")
    columns = [column.name for column in TABLES[table]]
    wanted = {}
    for key in keys:
        column, equals, value = key.partition("=")
        if not equals:
            raise UsageError(f"{key!r} is not of the form column=value")
        if column not in columns:
            raise UsageError(f"{table} has no column {column!r}; it has {', '.join(columns)}")
        wanted[column] = value
    return wanted


def why(results: Path, table: str, wanted: dict[str, str]) -> Node:
    """The way back from one row of a table.

    Parameters
    ----------
    results : Path
        Folder of the results.
    table : str
        One of :data:`KEYS`.
    wanted : dict
        Values of columns that together are those of one row.

    Raises
    ------
    NoSuchRowError
        If no row fits, or more than one does.
    ProblemsError
        If a table is not one that this version writes.
    """
    back = Way(results)
    row = _the_row(back.table(table), table, wanted)
    node = back.follow(table, row)
    return Node(node.what, node.facts, [*node.parts, *back.settings(), *back.software(table)])


def _the_row(frame: pd.DataFrame, table: str, wanted: dict[str, str]) -> pd.Series:
    found = frame
    for column, value in wanted.items():
        here = found[found[column] == value]
        if here.empty:
            there = sorted(set(found[column]))
            others = ", ".join(f"{c}={v}" for c, v in wanted.items() if c != column)
            where = f"{table}.csv" + (
                f" with {others}" if others and len(found) < len(frame) else ""
            )
            message = f"no row of {where} has the {column} {value!r}; there is:"
            raise NoSuchRowError(message + _listed(there))
        found = here
    if len(found) > 1:
        told = [c for c in KEYS[table] if len(set(found[c])) > 1] or list(KEYS[table])
        rows = [" ".join(f"{c}={_quoted(row[c])}" for c in told) for _, row in found.iterrows()]
        message = f"{len(found)} rows of {table}.csv fit; add what tells them apart:"
        raise NoSuchRowError(message + _listed(rows))
    return found.iloc[0]


def _listed(there: list[str]) -> str:
    named = [text or "(empty)" for text in there[:MAX_CANDIDATES]]
    more = len(there) - MAX_CANDIDATES
    return "".join(f"\n  {text}" for text in [*named, *([f"and {more} more"] if more > 0 else [])])


def _quoted(value: str) -> str:
    return f"'{value}'" if " " in value or not value else value


class Way:
    """The results of a run, read as they are needed."""

    def __init__(self, results: Path):
        self.results = results
        self._tables: dict[str, pd.DataFrame] = {}
        self._runs: dict[str, list[dict]] = {}
        self._assays: dict[str, str] = {}  # assays met on the way, with a drop of each
        self._changed: list[str] = []
        self._counted: set | None = None
        try:
            self.record: dict | None = record.read(results)
        except ProblemsError:
            self.record = None

    def table(self, name: str) -> pd.DataFrame:
        """A result table, every cell as the text that stands in it."""
        if name not in self._tables:
            path = self.results / "tables" / f"{name}.csv"
            try:
                frame = read_csv(path, TABLES[name])
            except KeyError as error:
                remedy = "Run the pipeline again (`make run`)."
                message = f"no column {error}: another version of reuptake wrote it"
                raise ProblemsError([Problem(message, remedy, str(path))]) from None
            for column in TABLES[name]:
                if column.kind != "text":
                    frame[column.name] = frame[column.name].map(_cell).astype("str")
            self._tables[name] = frame
            recorded = record.checksum_of(self.record, "tables", path.name) if self.record else ""
            if recorded and sha256(path) != recorded:
                self._changed.append(path.name)
        return self._tables[name]

    def rows(self, name: str, like: dict[str, str]) -> pd.DataFrame:
        """The rows of a table that have these values."""
        frame = self.table(name)
        for column, value in like.items():
            frame = frame[frame[column] == value]
        return frame

    def follow(self, table: str, row: pd.Series) -> Node:
        """The way back from a row."""
        steps: dict[str, Callable[[pd.Series], Node]] = {
            "selectivity": self._selectivity,
            "potency": self._potency,
            "experiments": self._experiment,
            "curves": self._curve,
            "plates": self._plate,
            "wells": self._well,
        }
        return steps[table](row)

    def _selectivity(self, row) -> Node:
        like = {c: row[c] for c in ("compound", "species", "modality", "quantity", "simulated")}
        parts = [
            self._potency(found)
            for target in (row["primary"], row["target"])
            for _, found in self.rows("potency", like | {"target": target}).iterrows()
        ]
        what = f"selectivity of {row['compound']} for {row['primary']} over {row['target']}"
        facts = {
            "": f"{row['modality']} {row['quantity']}, {row['species']}",
            "ratio": f"{row['qualifier']} {row['ratio']}" if row["qualifier"] else "none",
            "95 %": _interval(row["lower"], row["upper"]),
            "quotient of the points": row["ratio_point"],
            "statement": row["statement"],
            **_told(row),
        }
        return Node(what, facts, parts)

    def _potency(self, row) -> Node:
        same = ["compound", "target", "species", "modality", "quantity", "simulated"]
        like = {c: row[c] for c in [*same, *(["assay"] if row["assay"] else [])]}
        parts = [self._experiment(e) for _, e in self.rows("experiments", like).iterrows()]
        what = f"{row['quantity']} of {row['compound']} at {row['target']}"
        facts = {
            "": f"{row['modality']}, {row['species']}" + (f", {row['assay']}" * bool(row["assay"])),
            "value": _value(row["qualifier"], row["value_nM"]),
            "95 %": _interval(row["lower_nM"], row["upper_nM"], "nM"),
            "n": row["n_experiments"],
            "by": row["method"],
            **_told(row),
        }
        return Node(what, facts, parts)

    def _experiment(self, row) -> Node:
        curves = self.table("curves")
        same = ["compound", "target", "species", "assay", "experiment", "simulated"]
        mine = curves[(curves[same] == row[same]).all(axis=1)]
        if self._counted is None:
            self._counted = set(counted(curves).index)
        parts = [
            self._curve(curve, "" if i in self._counted else "not counted")
            for i, curve in mine.iterrows()
        ]
        facts = {
            "": row["assay"],
            row["quantity"]: _value(row["qualifier"], row["value_nM"]),
            "95 %": _interval(row["lower_nM"], row["upper_nM"], "nM"),
            "curves": row["n_curves"],
            **_told(row),
        }
        return Node(f"experiment {row['experiment']}", facts, parts)

    def _curve(self, row, remark: str = "") -> Node:
        place = {c: row[c] for c in ("drop", "run", "assay", "plate")}
        self._assays[row["assay"]] = row["drop"]
        mine = self.rows("wells", place | {"compound": row["compound"], "role": row["role"]})
        on_plate = self.rows("wells", place)
        controls = on_plate[on_plate["role"].isin(_CONTROLS)]
        parts = [self._run(row)]
        plates = self.rows("plates", {c: row[c] for c in ("drop", "run", "plate")})
        parts += [self._verdict(plate) for _, plate in plates.iterrows()]
        parts.append(Node("wells", {}, _doses(mine)))
        parts.append(Node("controls of the plate", {}, _roles(controls)))
        parts += self._files(pd.concat([mine, controls]))
        facts = {
            "": remark,
            "model": row["model"],
            "status": row["status"],
            "IC50": _value(row["ic50_qualifier"], row["ic50_nM"]),
            "95 %": _interval(row["ic50_lower_nM"], row["ic50_upper_nM"], "nM"),
            "Hill": row["hill"],
            "Ki": _value(row["ki_qualifier"], row["ki_nM"]),
            "Ki by": row["ki_method"] if row["ki_qualifier"] else "",
            "with L nM": row["ligand_nM"],
            "Kd nM": row["kd_nM"],
            "R_T nM": row["transporter_nM"],
            "plate": row["plate_verdict"],
            **_told(row),
        }
        kind = "reference curve" if row["role"] == "reference" else "curve"
        on = f", plate {row['plate']}" if row["plate"] else ""
        return Node(f"{kind} of drop {row['drop']}, run {row['run']}{on}", facts, parts)

    def _run(self, row) -> Node:
        """What drop.yaml says of the run."""
        drop = row["drop"]
        if drop not in self._runs:
            path = self.results / "drops" / drop / "verdict.json"
            known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            self._runs[drop] = known.get("runs", [])
        said = next(
            (r for r in self._runs[drop] if (r["run"], r["assay"]) == (row["run"], row["assay"])),
            {},
        )
        facts = {key: text for key, text in _leaves(said).items() if key not in ("run", "assay")}
        return Node(f"run {row['run']}, as drop.yaml describes it", facts)

    def _verdict(self, row) -> Node:
        facts = {
            "verdict": row["verdict"],
            "robust Z'": row["z_prime_robust"],
            "signal/background": row["signal_background"],
            "flagged wells": row["n_flagged"],
            "excluded wells": row["n_excluded"],
            "flags": row["flags"],
        }
        return Node(f"plate {row['plate']}", facts)

    def _plate(self, row) -> Node:
        self._assays[row["assay"]] = row["drop"]
        wells = self.rows("wells", {c: row[c] for c in ("drop", "run", "assay", "plate")})
        node = self._verdict(row)
        parts = [self._run(row), Node("wells", {}, _roles(wells)), *self._files(wells)]
        return Node(f"{node.what} of drop {row['drop']}, run {row['run']}", node.facts, parts)

    def _well(self, row) -> Node:
        self._assays[row["assay"]] = row["drop"]
        facts = {
            "role": row["role"],
            "compound": row["compound"],
            "nM": row["concentration_nM"],
            "counts": row["counts"],
            "signal": row["signal"],
            "unit": row["unit"],
            "excluded": row["reason"] if row["excluded"] == "true" else "",
            "note": row["note"],
            **_told(row),
        }
        parts = [self._run(row), *self._files(pd.DataFrame([row]))]
        on = f", plate {row['plate']}" if row["plate"] else ""
        what = f"well {row['well']} of drop {row['drop']}, run {row['run']}{on}"
        return Node(what, facts, parts)

    def _files(self, wells: pd.DataFrame) -> list[Node]:
        """The raw files of wells, with their lines and checksums."""
        nodes = []
        for (drop, name), mine in wells[wells["file"] != ""].groupby(["drop", "file"], sort=True):
            lines = [int(line) for line in mine["line"] if line]
            first_last = f"{min(lines)} to {max(lines)}" if lines else ""
            facts = {"lines": first_last, "sha256": "not recorded"}
            path = f"{drop}/{name}"
            if self.record:
                recorded = self.record["drops"].get(drop, {}).get("files", {})
                # of a workbook the sheet is named behind the file
                file = name if name in recorded else name.partition(", sheet ")[0]
                facts["sha256"] = recorded.get(file, "not recorded")
                path = str(record.folder_of(self.record, drop) / name)
            nodes.append(Node(f"raw file {path}", facts))
        return nodes

    def settings(self) -> list[Node]:
        """The values of the config that the assays on the way were analysed with."""
        if self.record is None:
            return []
        try:
            config = Settings.model_validate(self.record["config"])
        except ValueError:
            return [Node("the settings were recorded by another version of reuptake")]
        nodes = []
        for assay, drop in sorted(self._assays.items()):
            facts: dict[str, str] = {}
            for stage in ("ingest", "qc", "fit"):
                share = section(stage, config, drop, frozenset({assay}))
                facts |= _leaves(share["assays"].get(assay, {}))
            nodes.append(Node(f"config of assay {assay}", facts))
        limits = _leaves(self.record["config"]["config"]["limits"])
        return [*nodes, Node("config of the plate limits", limits)]

    def software(self, table: str) -> list[Node]:
        """The software that made the table, and whether what was read is what it made."""
        if self.record is None:
            return [Node("software, settings and checksums are not recorded: run the pipeline")]
        made = self.record["software"]
        libraries = {name: made["libraries"].get(name, "") for name in _LIBRARIES}
        facts = {"reuptake": made["reuptake"], "Python": made["python"], **libraries}
        commit = made["git"]["commit"]
        facts["commit"] = commit + (", with changes not committed" if made["git"]["dirty"] else "")
        facts["uv.lock sha256"] = made["lock_sha256"]
        rules = self.record["tables"].get(f"{table}.csv", {}).get("rules", [])
        stages = {rule.removesuffix("_drop") for rule in rules}
        code = {stage: made["stages"][stage] for stage in made["stages"] if stage in stages}
        nodes = [Node("software", facts), Node("code of the stages, by fingerprint", code)]
        if self._changed:
            names = ", ".join(self._changed)
            told = "changed since the run: `reuptake verify` tells what to do"
            nodes.append(Node(f"warning: {names}", {"": told}))
        return nodes


def _doses(wells: pd.DataFrame) -> list[Node]:
    """Counts of a compound's wells, a line a concentration."""
    order = wells.assign(nM=pd.to_numeric(wells["concentration_nM"])).sort_values(
        "nM", kind="stable"
    )
    return [
        Node(f"{mine['concentration_nM'].iloc[0]} nM", {"": _counts(mine)})
        for _, mine in order.groupby("nM", sort=True)
    ]


def _roles(wells: pd.DataFrame) -> list[Node]:
    """Counts of wells, a line a role."""
    return [
        Node(f"{role} ({len(mine)})", {"": _counts(mine)})
        for role, mine in wells.groupby("role", sort=False)
    ]


def _counts(wells: pd.DataFrame) -> str:
    texts = []
    for _, well in wells.iterrows():
        number = well["counts"] or well["signal"] or "none"
        remarks = [f"excluded: {well['reason']}"] if well["excluded"] == "true" else []
        remarks += [well["flags"]] if well["flags"] else []
        where = f"{well['well']}, line {well['line']}" if well["line"] else well["well"]
        if well["well"] == f"line {well['line']}":
            where = well["well"]
        texts.append(f"{number} ({'; '.join([where, *remarks])})")
    return ", ".join(texts)


def _cell(value) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}"


def _value(qualifier: str, value: str) -> str:
    return f"{qualifier} {value} nM" if qualifier else ""


def _interval(lower: str, upper: str, unit: str = "") -> str:
    return f"{lower} to {upper} {unit}".strip() if lower and upper else ""


def _told(row) -> dict[str, str]:
    return {"flags": row["flags"], "simulated": "yes" if row["simulated"] == "true" else ""}


def _leaves(data: dict, prefix: str = "") -> dict[str, str]:
    """What nested settings say, with dotted names; what is not set is left out."""
    out: dict[str, str] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            out |= _leaves(value, f"{prefix}{key}.")
        elif value is not None:
            out[f"{prefix}{key}"] = str(value)
    return out
