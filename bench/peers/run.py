"""Compare the curve engine with the programs that people use: `make bench ARGS=peers`.

Makes the other programs' environment, gives every program the same simulated curves, prints a
table for each topic and writes results.json. README.md tells the rules.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import design
import environment
import judge
import numpy as np
import pandas as pd
from design import Curves

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
# one thread, so that seconds of CPU are seconds of one core
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
PEERS = (
    "scipy",
    "lmfit",
    "lmfit_profile",
    "bindcurve",
    "neutcurve",
    "curve_curator",
    "best_of_ten",
)
# these see the clean set without controls alone
ALONE = ("lmfit_profile", "best_of_ten")
UGLY_PROGRAMS = ("ours", *(p for p in PEERS if p not in ALONE))
NAMES = {
    "ours": "reuptake",
    "ours_estimates": "reuptake, estimates and verdicts",
    "ours_profile": "reuptake, with profile intervals",
    "ours_told": "reuptake, told that controls are 100 and 0",
    "scipy": "scipy curve_fit",
    "lmfit": "lmfit",
    "lmfit_profile": "lmfit, with conf_interval of IC50",
    "bindcurve": "bindcurve",
    "neutcurve": "neutcurve",
    "curve_curator": "curve-curator",
    "best_of_ten": "scipy, best of ten random starts",
}
UNITS_nM = {"M": 1e9, "uM": 1e3, "nM": 1.0, "pM": 1e-3}


@dataclass(frozen=True)
class Size:
    """How many curves of each kind."""

    speed: int = 20_000
    clean: int = 5_000
    peers: int = 1_000
    profile: int = 100  # lmfit's conf_interval
    best: int = 500
    ugly: int = 20
    ugly_ours: int = 400
    unit: int = 50
    repeat: int = 3

    def of(self, program: str) -> int:
        """Curves of the clean set for a program."""
        return {"lmfit_profile": self.profile, "best_of_ten": self.best}.get(program, self.peers)


QUICK = Size(clean=2_000, peers=60, profile=10, best=30, ugly=2, ugly_ours=100, unit=5)


@dataclass
class Bench:
    """Jobs by name, each program's in a process of its own, with files between them."""

    python: Path
    folder: Path
    jobs: dict[tuple, dict] = field(default_factory=dict)

    def plan(self, key: tuple, program: str, curves: Curves, **settings) -> None:
        """Give `curves` to a program when the bench is run."""
        stem = self.folder / f"{len(self.jobs):03d}"
        files = {"wells": f"{stem}-wells.csv", "answers": f"{stem}.csv", "timing": f"{stem}.json"}
        defaults = {"controls": False, "unit_nM": 1.0, "repeat": 1}
        curve, concentration, response = curves.long()
        wells = {"curve": curve, "concentration_nM": concentration, "response": response}
        pd.DataFrame(wells).to_csv(files["wells"], index=False)
        self.jobs[key] = {"program": program} | files | defaults | settings

    def run(self) -> None:
        """Run every job.

        Raises
        ------
        SystemExit
            If a program's process dies, with the program's name.
        """
        for program in dict.fromkeys(job["program"] for job in self.jobs.values()):
            mine = [job for job in self.jobs.values() if job["program"] == program]
            file = self.folder / f"{program}.json"
            file.write_text(json.dumps(mine))
            if program.startswith("ours"):
                worker = [sys.executable, HERE / "ours.py"]
            else:
                worker = [self.python, HERE / "programs.py"]
            print(f"  {NAMES[program]} ...", flush=True)
            done = subprocess.run(
                [*worker, file],
                env=os.environ | ONE_THREAD,
                cwd=self.folder,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise SystemExit(f"{NAMES[program]} failed:\n{done.stderr[-2000:]}")

    def answers(self, *key) -> pd.DataFrame:
        """The answers of a job."""
        answers = pd.read_csv(self.jobs[key]["answers"])
        text = {name: answers[name].astype("object").fillna("") for name in ("qualifier", "error")}
        return answers.assign(**text)

    def rate(self, *key) -> dict:
        """Curves of a job, and how many of them the program does in a CPU-second."""
        timing = json.loads(Path(self.jobs[key]["timing"]).read_text())
        n = timing["curves"]
        return {"curves": n, "per_cpu_second": n / timing["cpu_seconds"]}


@dataclass(frozen=True)
class Sets:
    """All simulated curves of a comparison."""

    speed: Curves
    clean: dict[bool, Curves]  # by whether they have controls
    ugly: dict[str, Curves]
    many: dict[bool, dict[str, Curves]]
    unit: Curves


def simulate(size: Size) -> Sets:
    """Draw every set."""
    return Sets(
        speed=design.clean(design.stream(1), size.speed),
        clean={c: design.clean(design.stream(2, c), size.clean, controls=c) for c in (False, True)},
        ugly=design.ugly(size.ugly),
        many={c: design.ugly(size.ugly_ours, controls=c) for c in (False, True)},
        unit=design.clean(design.stream(4), size.unit),
    )


def told(curves: Curves) -> Curves:
    """The curves with a vehicle well of exactly 100 and a full-block well of exactly 0.

    As much as curve-curator is told: its control is one well of 100, and it lets no response
    be negative.
    """
    one = np.ones((len(curves), 1))
    return replace(curves, vehicle=100.0 * one, full_block=0.0 * one)


def plan(bench: Bench, sets: Sets, size: Size) -> None:
    """Every job of the comparison."""
    clean = sets.clean[False]
    bench.plan(("clean", "scipy"), "scipy", clean.first(size.peers), repeat=size.repeat)
    bench.plan(("speed", "estimates"), "ours_estimates", sets.speed, repeat=size.repeat)
    bench.plan(("speed", "profile"), "ours_profile", sets.speed)
    for program in PEERS:
        if program != "scipy":
            bench.plan(("clean", program), program, clean.first(size.of(program)))
        if program in ALONE:
            continue
        with_controls = sets.clean[True].first(size.peers)
        bench.plan(("controls", program), program, with_controls, controls=True)
        for name, curves in sets.ugly.items():
            bench.plan(("ugly", program, name), program, curves)
        for unit, nM in UNITS_nM.items():
            bench.plan(("unit", program, unit), program, sets.unit, unit_nM=nM)
    bench.plan(("told",), "ours", told(clean.first(size.peers)))
    for controls, curves in sets.clean.items():
        bench.plan(("ours", controls), "ours", curves)
        for name, ugly in sets.many[controls].items():
            bench.plan(("many", name, controls), "ours", ugly)
    for name, curves in sets.ugly.items():
        bench.plan(("ugly", "ours", name), "ours", curves)


def speed(bench: Bench) -> dict:
    """Curves per CPU-second, and as ratios to scipy and to lmfit's profile intervals."""
    rates = {
        "scipy": bench.rate("clean", "scipy"),
        "ours_estimates": bench.rate("speed", "estimates"),
        "ours_profile": bench.rate("speed", "profile"),
    }
    rates |= {p: bench.rate("clean", p) for p in PEERS if p not in ("scipy", "best_of_ten")}
    for row in rates.values():
        for of in ("scipy", "lmfit_profile"):
            row[f"times_{of}"] = row["per_cpu_second"] / rates[of]["per_cpu_second"]
    return rates


def accuracy(bench: Bench, sets: Sets, size: Size, controls: bool) -> dict:
    """Errors and coverage of every program on the same first curves of the clean set."""
    truth = sets.clean[controls].log10_ic50
    found = {"ours": bench.answers("ours", controls).head(size.peers)}
    if not controls:
        found["ours_told"] = bench.answers("told")
    for program in PEERS:
        if program != "best_of_ten" and not (controls and program in ALONE):
            found[program] = bench.answers("controls" if controls else "clean", program)
    rows = {}
    for name, answers in found.items():
        mine = truth[: len(answers)]
        outcomes = judge.outcome(answers, mine, unanswerable=False)
        rows[name] = judge.summary(answers, mine) | {"silent": int((outcomes == "silent").sum())}
    return rows


def ours_clean(bench: Bench, sets: Sets, controls: bool) -> dict:
    """Ours on the whole clean set, with its false flags and its sums of squares."""
    answers = bench.answers("ours", controls)
    row = judge.summary(answers, sets.clean[controls].log10_ic50) | flag_rates(answers)
    if not controls:
        best = bench.answers("clean", "best_of_ten").rss
        row |= {
            "rss_curves": len(best),
            "rss_as_good": judge.as_good(answers.rss.head(len(best)), best),
        }
    return row


def flag_rates(answers: pd.DataFrame) -> dict:
    """Share of the curves that carry our outlier and hook flags, in percent."""
    return {f"{flag}_pct": 100.0 * float(answers[flag].mean()) for flag in ("outlier", "hook")}


def tally(name: str, curves: Curves, answers: pd.DataFrame) -> dict[str, int]:
    """How many curves of a class come out how."""
    found = judge.outcome(answers, curves.log10_ic50, name in judge.UNANSWERABLE)
    return {outcome: int((found == outcome).sum()) for outcome in judge.OUTCOMES}


def ugly(bench: Bench, sets: Sets) -> dict:
    """Outcomes by class and program."""
    return {
        name: {p: tally(name, curves, bench.answers("ugly", p, name)) for p in UGLY_PROGRAMS}
        for name, curves in sets.ugly.items()
    }


def ugly_many(bench: Bench, sets: Sets) -> dict:
    """Outcomes and flags of ours by class, without and with controls."""
    rows = {}
    for controls, classes in sets.many.items():
        for name, curves in classes.items():
            answers = bench.answers("many", name, controls)
            key = f"{name}, controls" if controls else name
            rows[key] = tally(name, curves, answers) | flag_rates(answers)
    return rows


def units(bench: Bench, sets: Sets) -> dict:
    """What the unit of the input changes: our written files, the peers' IC50 in log10 units."""
    written = {written_by_ours(bench.folder, sets.unit, unit) for unit in UNITS_nM}
    changes: dict = {"ours_identical": len(written) == 1}
    for program in UGLY_PROGRAMS[1:]:
        answers = [bench.answers("unit", program, unit) for unit in UNITS_nM]
        fitted = np.array([judge.log10(a.estimate_nM) for a in answers])
        lost = np.isnan(fitted).any(axis=0)
        span = np.ptp(fitted[:, ~lost], axis=0)
        changes[program] = {
            "curves": len(lost),
            "largest_change": float(span.max()),
            "moved": int((span > 0.01).sum()),
            "not_in_every_unit": int((lost & ~np.isnan(fitted).all(axis=0)).sum()),
        }
    return changes


def written_by_ours(folder: Path, curves: Curves, unit: str) -> str:
    """The table that `reuptake fit` writes where the input is in a given unit."""
    from reuptake.stages.longtable import fit_long_table, read_long_table
    from reuptake.tables import write_csv

    shift = -round(np.log10(UNITS_nM[unit]))
    lines = ["curve,concentration,unit,response"]
    for curve, concentration, response in zip(*curves.long(), strict=True):
        moved = Decimal(repr(float(concentration))).scaleb(shift)
        lines.append(f"c{curve},{moved},{unit},{float(response)!r}")
    table = read_long_table("wells.csv", "\n".join(lines).encode())
    if table.problems:
        raise SystemExit(f"reuptake fit refuses the unit {unit}: {table.problems[0]}")
    write_csv(fit_long_table(table), folder / "written.csv")
    return (folder / "written.csv").read_text()


def bar(results: dict) -> list[dict]:
    """What is asked of the engine, and whether it is met."""
    plain, controls = results["clean"], results["clean_controls"]
    many, few = results["ugly_many"].values(), results["ugly"].values()
    p95 = {name: row["p95"] for name, row in results["accuracy"].items()}
    untold = min(p95[name] for name in UGLY_PROGRAMS[1:] if name != "curve_curator")
    estimates, profile = results["speed"]["ours_estimates"], results["speed"]["ours_profile"]
    silent, silent_many = (
        sum(row["silent"] for row in rows) for rows in ([r["ours"] for r in few], many)
    )
    raised = sum(row["exception"] for row in many)
    flagged = {
        flag: min(
            row[f"{flag}_pct"]
            for name, row in results["ugly_many"].items()
            if name.startswith(flag)
        )
        for flag in ("outlier", "hook")
    }
    unsaid = sum(row["left"] - row["left_told"] for row in (plain, controls))
    asked = [
        ("estimates, curves/CPU-s", estimates["per_cpu_second"], ">=", 20_000),
        ("estimates, x scipy", estimates["times_scipy"], ">=", 15),
        ("profile intervals, curves/CPU-s", profile["per_cpu_second"], ">=", 2_000),
        ("profile intervals, x lmfit's", profile["times_lmfit_profile"], ">=", 150),
        ("RSS within 1e-6 of the best of ten, %", 100 * plain["rss_as_good"], ">=", 99.5),
        ("p95 error with controls, log10", controls["p95"], "<=", 0.13),
        ("p95 error without, best peer told as little", p95["ours"], "<=", untold),
        ("p95 error without, curve-curator", p95["ours"], "<=", p95["curve_curator"]),
        ("p95 error told as much, curve-curator", p95["ours_told"], "<=", p95["curve_curator"]),
    ]
    for name, row in (("without", plain), ("with", controls)):
        asked += [
            (f"coverage {name} controls, %", 100 * row["coverage"], ">=", 94),
            (f"coverage {name} controls, %", 100 * row["coverage"], "<=", 96),
            (f"coverage {name}, top decade, %", 100 * row["coverage_top"], ">=", 93),
        ]
    asked += [
        ("clean, outside the range without > or <", unsaid, "<=", 0),
        (f"ugly, silently wrong ({results['size']['ugly']} each)", silent, "<=", 0),
        (f"ugly, silently wrong ({results['size']['ugly_ours']} each)", silent_many, "<=", 0),
        ("ugly, exceptions", raised, "<=", 0),
        ("outliers flagged, worst class, %", flagged["outlier"], ">=", 90),
        ("hooks flagged, worst class, %", flagged["hook"], ">=", 90),
        (
            "clean flagged as outlier, %",
            max(plain["outlier_pct"], controls["outlier_pct"]),
            "<=",
            3,
        ),
        ("clean flagged as hook, %", max(plain["hook_pct"], controls["hook_pct"]), "<=", 3),
        ("same file in M, uM, nM, pM", float(results["units"]["ours_identical"]), ">=", 1),
    ]
    return [
        {
            "asked": what,
            "value": float(value),
            "bar": f"{sign} {limit:.4g}",
            "met": bool(value >= limit if sign == ">=" else value <= limit),
        }
        for what, value, sign, limit in asked
    ]


def show(title: str, header: list[str], rows: list[list]) -> None:
    """Print a table: first column left, the others right."""
    cells = [header, *([str(cell) for cell in row] for row in rows)]
    width = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print(f"\n{title}")
    for i, row in enumerate(cells):
        rest = (cell.rjust(w) for cell, w in zip(row[1:], width[1:], strict=True))
        print("  " + "  ".join([row[0].ljust(width[0]), *rest]).rstrip())
        if not i:
            print("  " + "  ".join("-" * w for w in width))


def report(results: dict) -> None:
    """Print every table."""
    show(
        "Speed: clean curves, one core",
        ["program", "curves", "curves/CPU-s", "x scipy", "x lmfit conf_interval"],
        [
            [
                NAMES[name],
                f"{row['curves']:,}",
                f"{row['per_cpu_second']:,.0f}",
                f"{row['times_scipy']:.2f}",
                f"{row['times_lmfit_profile']:.1f}",
            ]
            for name, row in results["speed"].items()
        ],
    )
    for key, what in (("accuracy", "without"), ("accuracy_controls", "with")):
        show(
            f"Clean curves {what} control wells: |log10 error| of the IC50, 95 % intervals",
            [
                "program", "curves", "median", "p95", "p95 fitted", "no answer",
                "coverage", "top decade", "left the range", "and said so", "silent",
            ],
            [
                [
                    NAMES[name],
                    f"{row['curves']:,}",
                    f"{row['median']:.3f}",
                    f"{row['p95']:.3f}",
                    f"{row['p95_fitted']:.3f}",
                    row["no_answer"],
                    number(row["coverage"]),
                    number(row["coverage_top"]),
                    row["left"],
                    row["left_told"],
                    row["silent"],
                ]
                for name, row in results[key].items()
            ],
        )  # fmt: skip
    programs = UGLY_PROGRAMS
    show(
        f"Ugly curves, {results['size']['ugly']} each: {' / '.join(judge.OUTCOMES)}",
        ["class", *(NAMES[p].split()[0] for p in programs)],
        [
            [name, *("/".join(str(row[p][o]) for o in judge.OUTCOMES) for p in programs)]
            for name, row in results["ugly"].items()
        ],
    )
    show(
        f"Ours on {results['size']['ugly_ours']} of each",
        ["class", *judge.OUTCOMES, "outlier flag, %", "hook flag, %"],
        [
            [
                name,
                *(row[o] for o in judge.OUTCOMES),
                f"{row['outlier_pct']:.1f}",
                f"{row['hook_pct']:.1f}",
            ]
            for name, row in results["ugly_many"].items()
        ],
    )
    show(
        "The unit of the input (M, uM, nM, pM)",
        ["program", "largest change of log10 IC50", "curves moved over 0.01", "not in every unit"],
        [
            [NAMES[p], f"{r['largest_change']:.2g}", r["moved"], r["not_in_every_unit"]]
            for p in programs[1:]
            if (r := results["units"][p])
        ]
        + [["reuptake", "same file" if results["units"]["ours_identical"] else "differs", "", ""]],
    )
    show(
        f"The bar ({sum(row['met'] for row in results['bar'])} of {len(results['bar'])} met)",
        ["asked", "value", "bar", ""],
        [
            [row["asked"], f"{row['value']:,.4g}", row["bar"], "met" if row["met"] else "MISSED"]
            for row in results["bar"]
        ],
    )


def number(value: float) -> str:
    """Three decimals, or a dash where there is no number."""
    return "-" if np.isnan(value) else f"{value:.3f}"


def main() -> None:
    """Set up, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="fewer curves, about a minute; prints only"
    )
    quick = parser.parse_args().quick
    size = QUICK if quick else Size()
    python = environment.make()
    started = time.monotonic()
    sets = simulate(size)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(python, Path(folder))
        plan(bench, sets, size)
        bench.run()
        results = {
            "versions": environment.pins(),
            "size": vars(size),
            "speed": speed(bench),
            "accuracy": accuracy(bench, sets, size, controls=False),
            "accuracy_controls": accuracy(bench, sets, size, controls=True),
            "clean": ours_clean(bench, sets, controls=False),
            "clean_controls": ours_clean(bench, sets, controls=True),
            "ugly": ugly(bench, sets),
            "ugly_many": ugly_many(bench, sets),
            "units": units(bench, sets),
        }
    results["bar"] = bar(results)
    results["seconds"] = round(time.monotonic() - started)
    report(results)
    print(f"\n{results['seconds']} s")
    if not quick:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"written: {RESULTS}")


if __name__ == "__main__":
    main()
