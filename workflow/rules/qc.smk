"""QC: metrics and verdict of each plate, flags of its wells.

Input: the drop's ingested wells. Output per drop: plates.parquet and wells.parquet. One job
a drop.
"""


rule qc_drop:
    input:
        f"{PER_DROP}/{{drop}}/ingested.parquet",
    output:
        plates=f"{PER_DROP}/{{drop}}/plates.parquet",
        wells=f"{PER_DROP}/{{drop}}/wells.parquet",
    log:
        f"{RESULTS}/logs/qc/{{drop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/qc/{{drop}}.tsv"
    group:
        first_group
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("qc"),
    shell:
        "reuptake stage qc {wildcards.drop} {input:q} {output.plates:q} {output.wells:q}"
        " --run {RUN:q} > {log:q} 2>&1"


rule qc:
    input:
        per_drop("plates.parquet"),
    localrule: True
