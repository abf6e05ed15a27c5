"""Potency: run charts, curves to experiments (n = 1 each), these to Ki and IC50 with intervals.

Input: curves.csv and the published affinities, for a note. Output: runcharts.csv,
run_agreement.csv, experiments.csv and potency.csv. One job.
"""


rule potency:
    input:
        f"{TABLES}/curves.csv",
        f"{SETTINGS.config.reference}/affinities.csv",
    output:
        reported(f"{TABLES}/runcharts.csv", "Quality", "run charts"),
        reported(f"{TABLES}/run_agreement.csv", "Quality", "agreement of runs"),
        reported(f"{TABLES}/experiments.csv", "Answers", "experiments", subcategory="In vitro"),
        reported(f"{TABLES}/potency.csv", "Answers", "potency", subcategory="In vitro"),
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
