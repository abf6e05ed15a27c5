"""Potency: run charts, curves to experiments (n = 1 each), these to Ki and IC50 with intervals.

Input: curves.csv and the published affinities, for a note. Output: runcharts.csv, experiments.csv and potency.csv. One job.
"""


rule potency:
    input:
        f"{TABLES}/curves.csv",
        f"{SETTINGS.config.reference}/affinities.csv",
    output:
        f"{TABLES}/runcharts.csv",
        f"{TABLES}/experiments.csv",
        f"{TABLES}/potency.csv",
    log:
        f"{RESULTS}/logs/potency.log",
    benchmark:
        f"{RESULTS}/benchmarks/potency.tsv"
    resources:
        mem_mb=growing(2000),
        runtime=growing(5),
    params:
        uses=uses("potency"),
    shell:
        "reuptake stage potency {TABLES:q} --run {RUN:q} > {log:q} 2>&1"
