"""Provenance: the record of the run, and the results as a research object (RO-Crate).

Input: every table, the figures, the report and the published values; the seals of the drops are
read too but are no inputs, as a drop may vanish meanwhile. Output: provenance/run.json, and
ro-crate-metadata.json, which makes the results folder a crate. One job; it runs whenever another one does, or anything that it records has changed.
"""


def made_of(all_rules):
    """What each rule makes, and of what."""

    def asked(function, by_drop):
        # a raw file is the drop itself
        jobs = [SimpleNamespace(drop=name) for name in SEALED] if by_drop else [None]
        paths = [str(path) for job in jobs for path in function(job)]
        raw = f"{Path(SETTINGS.config.drops)}/"
        return [f"{raw}*" if path.startswith(raw) else path for path in paths]

    def named(paths, by_drop):
        known = [asked(p, by_drop) if callable(p) else [str(p)] for p in paths]
        return without_drops(chain(*known), PER_DROP)

    making = [each for each in all_rules if each.output]
    return {
        r.name: {
            "inputs": named(r.input, bool(r.wildcard_names)),
            "outputs": named(r.output, False),
        }
        for r in making
    }


rule provenance:
    input:
        [p for r in workflow.rules for p in r.output if str(p).startswith(f"{TABLES}/")],
        rules.figures.output,
        rules.report.output,
        f"{SETTINGS.config.reference}/affinities.csv",
    output:
        f"{RESULTS}/provenance/run.json",
        f"{RESULTS}/ro-crate-metadata.json",
    log:
        f"{RESULTS}/logs/provenance.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("provenance"),
        software=software_digest(),
    shell:
        "reuptake stage provenance --run {RUN:q} > {log:q} 2>&1"
