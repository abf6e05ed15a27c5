"""Ingest: check each sealed drop, give its verdict, write its wells.

Input: all files of the drop, the seal included. Output per drop: verdict.json,
ingested.parquet and animals.parquet (both empty for a rejected drop). One job a drop.
"""


rule ingest_drop:
    input:
        lambda wc: processed(wc.drop).inputs,
    output:
        verdict=f"{PER_DROP}/{{drop}}/verdict.json",
        wells=f"{PER_DROP}/{{drop}}/ingested.parquet",
        animals=f"{PER_DROP}/{{drop}}/animals.parquet",
    log:
        f"{RESULTS}/logs/ingest/{{drop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/ingest/{{drop}}.tsv"
    group:
        first_group
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("ingest"),
        state=lambda wc: processed(wc.drop).state,
        altered=lambda wc: processed(wc.drop).altered(Path(PER_DROP) / wc.drop / "verdict.json"),
    shell:
        "reuptake stage ingest {wildcards.drop} {output.verdict:q} {output.wells:q}"
        " {output.animals:q} --run {RUN:q} > {log:q} 2>&1"


rule ingest:
    input:
        per_drop("verdict.json"),
    localrule: True
