"""Animals: the groups of each run with animals compared, in drops that have such runs.

Input: the drop's ingested animals, and its verdict (run metadata). Output per drop: one
parquet a table. One job a drop, and none for drops without animals; one that pools them to
the in-vivo tables.
"""

IN_VIVO = {
    "forced_swim": "forced swim test",
    "pca_antagonism": "antagonism of PCA",
    "pca_ed50": "ED50",
}


rule animals_drop:
    input:
        verdict=f"{PER_DROP}/{{drop}}/verdict.json",
        animals=f"{PER_DROP}/{{drop}}/animals.parquet",
    output:
        expand(f"{PER_DROP}/{{{{drop}}}}/{{table}}.parquet", table=IN_VIVO_TABLES),
    log:
        f"{RESULTS}/logs/animals/{{drop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/animals/{{drop}}.tsv"
    group:
        "animals"
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("animals"),
        folder=lambda wc: f"{PER_DROP}/{wc.drop}",
    shell:
        "reuptake stage animals {wildcards.drop} {input.verdict:q} {input.animals:q}"
        " {params.folder:q} --run {RUN:q} > {log:q} 2>&1"


rule in_vivo:
    input:
        in_vivo_tables,
        accepted=f"{PER_DROP}/accepted.json",
    output:
        [
            (
                reported(f"{TABLES}/{table}.csv", "Answers", IN_VIVO[table], subcategory="In vivo")
                if table in IN_VIVO
                else f"{TABLES}/{table}.csv"
            )
            for table in ("animals", *IN_VIVO_TABLES)
        ],
    log:
        f"{RESULTS}/logs/in_vivo.log",
    benchmark:
        f"{RESULTS}/benchmarks/in_vivo.tsv"
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("in_vivo"),
    shell:
        "reuptake stage in-vivo {input.accepted:q} {PER_DROP:q} {TABLES:q}"
        " --run {RUN:q} > {log:q} 2>&1"
