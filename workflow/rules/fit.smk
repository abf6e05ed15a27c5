"""Fit: every curve of a drop with its interval, verdict and, for binding, its Ki.

Input: the drop's wells and plates after QC, its verdict (run metadata), and the constants
of the runs that its assays name. Output per drop: curves.parquet. One job a drop, vectorised over its curves.
"""


rule fit_drop:
    input:
        verdict=f"{PER_DROP}/{{drop}}/verdict.json",
        wells=f"{PER_DROP}/{{drop}}/wells.parquet",
        plates=f"{PER_DROP}/{{drop}}/plates.parquet",
        # of other drops, where an assay takes its Kd, Km or Bmax from a run
        constants=constants_for,
    output:
        f"{PER_DROP}/{{drop}}/curves.parquet",
    log:
        f"{RESULTS}/logs/fit/{{drop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit/{{drop}}.tsv"
    group:
        "drops"
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("fit"),
    shell:
        "reuptake stage fit {wildcards.drop} {input.verdict:q} {input.wells:q} {input.plates:q}"
        " {output:q} {input.constants:q} --run {RUN:q} > {log:q} 2>&1"


rule fit:
    input:
        per_drop("curves.parquet"),
    localrule: True
