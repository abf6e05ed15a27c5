"""Selectivity: every off-target over the primary target, or the reason why not.

Input: experiments.csv, potency.csv and runcharts.csv. Output: selectivity.csv and
selectivity_windows.csv. One job.
"""


rule selectivity:
    input:
        rules.potency.output,
    output:
        reported(f"{TABLES}/selectivity.csv", "Answers", "selectivity", subcategory="In vitro"),
        f"{TABLES}/selectivity_windows.csv",
    log:
        f"{RESULTS}/logs/selectivity.log",
    benchmark:
        f"{RESULTS}/benchmarks/selectivity.tsv"
    resources:
        mem_mb=growing(2000),
        runtime=growing(5),
    params:
        uses=uses("selectivity"),
    shell:
        "reuptake stage selectivity {TABLES:q} --run {RUN:q} > {log:q} 2>&1"
