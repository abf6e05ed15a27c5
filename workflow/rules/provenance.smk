"""Provenance: the record of the run, and the results as a research object (RO-Crate).

Input: every table, the figures and the report, the seals of the drops and the published
values. Output: provenance/run.json, and ro-crate-metadata.json, which makes the results folder
a crate. One job; it runs whenever another one does, or anything that it records has changed.
"""


def made_of(all_rules):
    """What each rule makes, and of what."""

    def named(paths):
        # an input that only a function knows is the drop itself
        paths = [f"{SETTINGS.config.drops}/*" if callable(p) else str(p) for p in paths]
        return without_drops(paths, PER_DROP)

    making = [each for each in all_rules if each.output]
    return {r.name: dict(inputs=named(r.input), outputs=named(r.output)) for r in making}


rule provenance:
    input:
        [p for r in workflow.rules for p in r.output if str(p).startswith(f"{TABLES}/")],
        rules.figures.output,
        rules.report.output,
        f"{SETTINGS.config.reference}/affinities.csv",
        [FOLDERS[drop].path / SEAL for drop in SEALED],
    output:
        f"{RESULTS}/provenance/run.json",
        f"{RESULTS}/ro-crate-metadata.json",
    log:
        f"{RESULTS}/logs/provenance.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        uses=uses("provenance"),
        software=software_digest(),
    shell:
        "reuptake stage provenance --run {RUN:q} > {log:q} 2>&1"
