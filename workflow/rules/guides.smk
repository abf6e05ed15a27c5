"""Guides: the four tables of the technical guides, filled where there are data.

Input: potency.csv, selectivity.csv, the in-vivo tables and the published affinities. Output: guide_table_*.csv.
One job.
"""

GUIDE_TABLES = {
    "0": "0: quantitative data",
    "a": "A: binding affinity and selectivity",
    "b": "B: forced swim test",
    "c": "C: antagonism of PCA",
}


rule guides:
    input:
        f"{TABLES}/potency.csv",
        rules.selectivity.output,
        rules.in_vivo.output,
        f"{SETTINGS.config.reference}/affinities.csv",
    output:
        [
            reported(f"{TABLES}/guide_table_{table}.csv", "Guide tables", what, "guide_tables")
            for table, what in GUIDE_TABLES.items()
        ],
    log:
        f"{RESULTS}/logs/guides.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("guides"),
    shell:
        "reuptake stage guides {TABLES:q} --run {RUN:q} > {log:q} 2>&1"
