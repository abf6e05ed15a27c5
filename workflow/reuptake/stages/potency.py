"""Curves to runcharts.csv, run_agreement.csv, experiments.csv and potency.csv."""

from __future__ import annotations

from pathlib import Path

from reuptake.pooling import join_flags
from reuptake.potency import combine_experiments, experiments_of, potencies_of, usable
from reuptake.published import note_of, published_values, read_affinities
from reuptake.qc.replicates import run_agreement_of
from reuptake.qc.runchart import (
    MIN_HISTORY,
    MIN_RUNS_FOR_MSR,
    between_run_sd,
    run_flags,
    runcharts_of,
)
from reuptake.tables import CURVES, read_csv, records, write_csv


def run(tables: Path, section: dict) -> None:
    """Chart the reference compounds, combine curves to experiments and these to potencies."""
    curves = read_csv(tables / "curves.csv", CURVES)
    used = usable(curves)
    references = combine_experiments(used[used.role == "reference"])
    charts = runcharts_of(references)
    experiments = experiments_of(curves)
    flags = run_flags(charts)
    keys = zip(
        experiments.assay,
        experiments.quantity,
        experiments.experiment,
        experiments.simulated,
        strict=True,
    )
    experiments["flags"] = [
        join_flags(old, flags.get(key, ""))
        for old, key in zip(experiments["flags"], keys, strict=True)
    ]
    write_csv(charts, tables / "runcharts.csv")
    write_csv(run_agreement_of(experiments, references), tables / "run_agreement.csv")
    write_csv(experiments, tables / "experiments.csv")
    sds, msr_sds = (between_run_sd(charts, n) for n in (MIN_HISTORY, MIN_RUNS_FOR_MSR))
    potencies = potencies_of(experiments, sds, msr_sds)
    published = published_values(read_affinities(Path(section["reference"])))
    potencies["flags"] = [
        join_flags(row["flags"], note_of(row, published)) for row in records(potencies)
    ]
    write_csv(potencies, tables / "potency.csv")
