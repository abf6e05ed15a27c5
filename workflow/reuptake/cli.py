"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

# a job's matrices are 4 x 4: threads would only cost time (set before numpy is imported)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer

from reuptake import __version__
from reuptake.problems import ProblemsError

app = typer.Typer(
    name="reuptake",
    help="From raw counts to transporter selectivity.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ResultsOption = Annotated[
    Path | None, typer.Option("--results", help="Folder of the results.", file_okay=False)
]
RunOption = Annotated[Path, typer.Option("--run", help="Frozen config and drops of the run.")]


def main() -> None:
    """Entry point: bad data end with their messages and status 1, never with a traceback."""
    try:
        app()
    except ProblemsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        from reuptake import disk

        place = error.filename2 or error.filename or "input or output"
        text = f"{place}: {error.strerror or error}. {disk.remedy(error)}"
        print(text.rstrip(". "), file=sys.stderr)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print it.")] = False):
    if version:
        print(f"reuptake {__version__}")
        raise typer.Exit


@app.command()
def register(
    drop: Annotated[
        Path, typer.Argument(help="Folder of the data drop.", exists=True, file_okay=False)
    ],
    config: Annotated[
        list[Path] | None,
        typer.Option(help="Config file on top of config/config.yaml.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Check a drop completely and, if nothing is wrong, seal it."""
    from reuptake.drops import seal
    from reuptake.drops.check import check_drop
    from reuptake.settings.load import load_settings
    from reuptake.settings.sections import highest_activity

    settings = load_settings(config)
    folder = drop.resolve()
    assays = {
        key: assay.model_dump(mode="json") | {"highest_activity": highest_activity(assay)}
        for key, assay in settings.assays.items()
    }
    exclusions = [e for e in settings.exclusions if e.drop == folder.name]
    known = f"; known are {', '.join(assays)}" if assays else ""
    checked = check_drop(folder, assays, exclusions, date.today(), known)
    if checked.problems:
        for problem in checked.problems:
            print(f"{folder.name}: {problem}", file=sys.stderr)
        n = len(checked.problems)
        print(f"{folder.name}: {n} problem{'s' * (n > 1)}, not sealed", file=sys.stderr)
        raise typer.Exit(1)
    seal.write(folder)
    wells = sum(len(data.wells) for data in checked.plates)
    points = sum(len(points) for _, points in checked.responses)
    what = f"{len(checked.plates)} plates, {wells} wells"
    if points:
        what += f", {points} responses"
    if checked.animals:
        what += f", {checked.n_animals} animals"
    print(f"{folder.name}: sealed ({len(checked.drop.runs)} runs, {what})")
    for note in checked.notes:
        print(f"{folder.name}: {note}")


@app.command()
def fit(
    file: Annotated[
        Path,
        typer.Argument(
            help="Long table: curve, concentration, unit, response.", exists=True, dir_okay=False
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Table to write.", dir_okay=False)],
    model: Annotated[
        Literal["auto", "3PL", "4PL", "5PL", "two-site", "gain-loss"],
        typer.Option(help="Curve to fit; auto chooses 3PL, 4PL or own plateau by rule."),
    ] = "auto",
    weights: Annotated[
        Literal["constant", "counting", "sd"],
        typer.Option(help="Wells alike, by counting error of counts, or by the column sd."),
    ] = "constant",
    count_time: Annotated[
        str, typer.Option(metavar="TIME", help="Counting time, '1 min', of responses in CPM.")
    ] = "",
    interval: Annotated[
        Literal["profile", "plateaus", "wald", "none"],
        typer.Option(help="95 % limits: profile likelihood, also of plateaus, Wald, or none."),
    ] = "profile",
    plot: Annotated[
        Path | None, typer.Option(help="PDF to draw every curve in.", dir_okay=False)
    ] = None,
) -> None:
    """Fit the curves of a long table, without the pipeline."""
    from reuptake.stages import longtable

    if out.resolve() == file.resolve():
        raise typer.BadParameter("the table to write is the one to read", param_hint="--out")
    if plot is not None and plot.suffix.lower() != ".pdf":
        raise typer.BadParameter("the name of a PDF ends in .pdf", param_hint="--plot")
    if plot is not None and plot.resolve() in (file.resolve(), out.resolve()):
        raise typer.BadParameter("the PDF needs a name of its own", param_hint="--plot")
    failed = longtable.run(
        file,
        out,
        model=model,
        weights=weights,
        count_time_min=_minutes(count_time, weights),
        interval=interval,
        plot=plot,
    )
    if failed:
        what = "1 curve" if failed == 1 else f"{failed} curves"
        print(f"{what} could not be fitted; see status and flags", file=sys.stderr)
        raise typer.Exit(1)


def _minutes(count_time: str, weights: str) -> float | None:
    """The counting time in minutes; none where it is not given."""
    if not count_time:
        return None
    from reuptake.quantities import QuantityError, parse

    hint = "--count-time"
    if weights != "counting":
        raise typer.BadParameter("it belongs to --weights counting", param_hint=hint)
    try:
        minutes = parse(count_time, "min")
    except QuantityError as error:
        raise typer.BadParameter(f"{error}; write it as '1 min'", param_hint=hint) from None
    if minutes <= 0:
        raise typer.BadParameter("a counting time is above zero", param_hint=hint)
    return minutes


@app.command()
def power(
    difference: Annotated[
        float, typer.Option(help="Smallest difference from control worth finding.")
    ],
    sd: Annotated[float, typer.Option(help="SD within a group, in the same unit.")],
    groups: Annotated[
        int, typer.Option(min=1, help="Groups compared with the control, itself not counted.")
    ],
    power: Annotated[
        float, typer.Option(help="Wanted probability of finding that difference.")
    ] = 0.8,
    alpha: Annotated[float, typer.Option(help="Family-wise error, two-sided.")] = 0.05,
) -> None:
    """Animals a group that Dunnett's test needs to find a difference from control."""
    import math

    from reuptake.animals import dunnett

    for value, right, hint, words in (
        (difference, math.isfinite(difference) and difference != 0, "--difference", "not zero"),
        (sd, math.isfinite(sd) and sd > 0, "--sd", "above zero"),
        (power, 0 < power < 1, "--power", "between 0 and 1"),
        (alpha, 0 < alpha < 1, "--alpha", "between 0 and 1"),
    ):
        if not right:
            raise typer.BadParameter(f"{value:g} is not {words}", param_hint=hint)
    if power <= alpha:
        raise typer.BadParameter("the power is above alpha", param_hint="--power")
    try:
        n = dunnett.animals_per_group(difference, sd, groups, power, 1 - alpha)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--difference") from None
    one = [difference] + [0.0] * (groups - 1)
    reached = dunnett.power(one, sd, [n] * groups, n, 1 - alpha)[1][0]
    fewer = dunnett.power(one, sd, [n - 1] * groups, n - 1, 1 - alpha)[1][0] if n > 2 else None
    print(f"{n} animals in each group, {n * (groups + 1)} in {groups + 1} groups")
    print(
        f"Dunnett's test, two-sided, family-wise error {alpha:g}, {groups} "
        f"group{'s' * (groups > 1)} against one control of the same size: a difference of "
        f"{abs(difference):g} at SD {sd:g} is found with probability {_rounded_down(reached)}"
    )
    if fewer is not None:
        print(f"with {n - 1} a group: {_rounded_down(fewer)}")


def _rounded_down(probability: float) -> str:
    """Three decimals, never more than there is."""
    return f"{int(probability * 1000) / 1000:.3f}"


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(context: typer.Context) -> None:
    """Run the workflow; all options are passed to Snakemake."""
    from reuptake import running

    raise typer.Exit(running.run(context.args))


@app.command()
def verify(results: ResultsOption = None) -> None:
    """Check that results, drops, config and software are those that the run recorded."""
    from reuptake.provenance import record
    from reuptake.provenance.verify import differences, summary

    folder = results or _results()
    recorded = record.read(folder)
    found = differences(recorded, folder)
    for problem in found:
        print(problem)
    if found:
        print(f"{len(found)} difference{'s' * (len(found) > 1)} from the record of the run")
        raise typer.Exit(1)
    print(summary(recorded))


@app.command()
def why(
    table: Annotated[str, typer.Argument(help="Table of the number: potency, selectivity, ...")],
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY...", help="Its row: compound=X target=SERT ...")
    ],
    results: ResultsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Follow a number back: to experiments, curves, plates, wells, raw files and settings."""
    from reuptake.provenance import chain

    try:
        row = chain.parse(table, keys)
    except chain.UsageError as error:
        raise typer.BadParameter(str(error)) from None
    try:
        node = chain.why(results or _results(), table, row)
    except chain.NoSuchRowError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    print(node.as_json() if as_json else node.as_text())


def _results() -> Path:
    from reuptake.settings.load import load_settings, resolve

    return resolve(load_settings(units=False).config.results)


stage = typer.Typer(help="One stage of the workflow, as its rule calls it.", hidden=True)
app.add_typer(stage, name="stage")


@stage.command("ingest")
def _ingest(drop: str, verdict: Path, wells: Path, animals: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import ingest

    frozen = runfile.read(run)
    share = frozen.section("ingest", drop)
    ingest.run(frozen.folder(drop).path, share, verdict, wells, animals)


@stage.command("qc")
def _qc(drop: str, ingested: Path, plates: Path, wells: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import qc

    qc.run(ingested, runfile.read(run).section("qc", drop), plates, wells)


@stage.command("constants")
def _constants(
    drop: str, verdict: Path, wells: Path, constants: Path, isotherms: Path, run: RunOption
) -> None:
    from reuptake import runfile
    from reuptake.stages import constants as stage_constants

    section = runfile.read(run).section("constants", drop)
    stage_constants.run(verdict, wells, section, constants, isotherms)


@stage.command("fit")
def _fit(
    drop: str,
    verdict: Path,
    wells: Path,
    plates: Path,
    curves: Path,
    run: RunOption,
    constants: Annotated[list[Path] | None, typer.Argument()] = None,
) -> None:
    from reuptake import runfile
    from reuptake.stages import fit

    section = runfile.read(run).section("fit", drop)
    fit.run(verdict, wells, plates, constants or [], section, curves)


@stage.command("animals")
def _animals(drop: str, verdict: Path, animals: Path, out: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import animals as stage_animals

    stage_animals.run(verdict, animals, runfile.read(run).section("animals", drop), out)


@stage.command("accept")
def _accept(accepted: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import accept

    accept.run(runfile.read(run).per_drop("verdict.json"), accepted)


@stage.command("listing")
def _listing(accepted: Path, drops: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import listing

    frozen = runfile.read(run)
    others = [frozen.folder(name) for name in frozen.other]
    listing.run(accepted, others, frozen.section("listing"), drops)


@stage.command("collect")
def _collect(
    accepted: Path,
    per_drop: Path,
    tables: Path,
    wells: Path,
    cache: Path,
    processes: int,
    run: RunOption,
) -> None:
    from reuptake import runfile
    from reuptake.stages import collect

    frozen = runfile.read(run)
    section = frozen.section("collect")
    collect.run(accepted, per_drop, frozen.measuring, section, tables, wells, cache, processes)


@stage.command("in-vivo")
def _in_vivo(accepted: Path, per_drop: Path, tables: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import in_vivo

    in_vivo.run(accepted, per_drop, runfile.read(run).section("in_vivo"), tables)


@stage.command("potency")
def _potency(tables: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import potency

    potency.run(tables, runfile.read(run).section("potency"))


@stage.command("selectivity")
def _selectivity(tables: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import selectivity

    selectivity.run(tables, runfile.read(run).section("selectivity"))


@stage.command("guides")
def _guides(tables: Path, run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import guides

    guides.run(tables, runfile.read(run).section("guides"))


@stage.command("figures")
def _figures(
    tables: Path, wells: Path, figures: Path, cache: Path, processes: int, run: RunOption
) -> None:
    from reuptake import runfile
    from reuptake.stages import figures as stage_figures

    section = runfile.read(run).section("figures")
    stage_figures.run(tables, wells, figures, cache, section, processes)


@stage.command("report")
def _report(
    tables: Path,
    wells: Path,
    figures: Path,
    report: Path,
    store: Path,
    made_by: str,
    processes: int,
    run: RunOption,
) -> None:
    from reuptake import runfile
    from reuptake.drops import seal
    from reuptake.report.store import Store
    from reuptake.stages import report as stage_report

    frozen = runfile.read(run)
    seals = {name: seal.checksums(frozen.folder(name).path) for name in frozen.sealed}
    section = frozen.section("report")
    kept = Store(store, made_by)
    stage_report.run(tables, wells, figures, section, seals, report, kept, processes)


@stage.command("provenance")
def _provenance(run: RunOption) -> None:
    from reuptake import runfile
    from reuptake.stages import provenance

    provenance.run(runfile.read(run))


@stage.command("strict")
def _strict(drops: Path) -> None:
    """Fail if a drop was rejected."""
    from reuptake import running

    rejected = [row["drop"] for row in running.drops_table(drops) if row["status"] == "rejected"]
    if rejected:
        print(f"strict: {len(rejected)} drops rejected: {', '.join(rejected)}", file=sys.stderr)
        raise typer.Exit(1)
