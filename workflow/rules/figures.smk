"""Figures: curves, forest plots, profiles, heat maps, selectivity, run charts, animals.

Input: the result tables, the wells and the published affinities. Output: figures/index.csv, which
names every figure beside it, and the diagrams. One job; figures whose data have not changed come
from results/cache, which is not an output so that it outlives reruns.
"""

# what a diagram is called is known before the run; other figures are named by the data
DIAGRAMS = sorted(path.stem for path in Path(workflow.basedir, "workflow/diagrams").glob("*.yaml"))


rule figures:
    input:
        f"{TABLES}/drops.csv",
        rules.collect.output,
        rules.potency.output,
        rules.selectivity.output,
        rules.in_vivo.output,
        f"{SETTINGS.config.reference}/affinities.csv",
    output:
        reported(f"{RESULTS}/figures/index.csv", "Report", "list of figures", "figures"),
        [
            reported(
                f"{RESULTS}/figures/diagram-{name}.svg",
                "Diagrams",
                name.replace("_", " "),
                "diagrams",
            )
            for name in DIAGRAMS
        ],
    log:
        f"{RESULTS}/logs/figures.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures.tsv"
    threads: 8
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        uses=uses("figures"),
        figures=f"{RESULTS}/figures",
        cache=f"{RESULTS}/cache/figures",
    shell:
        "reuptake stage figures {TABLES:q} {WELLS:q} {params.figures:q} {params.cache:q} {threads}"
        " --run {RUN:q} > {log:q} 2>&1"
