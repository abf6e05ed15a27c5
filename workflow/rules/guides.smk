"""Guides: the four tables of the technical guides, filled where there are data.

Input: potency.csv, selectivity.csv and the published affinities. Output: guide_table_*.csv.
One job.
"""


rule guides:
    input:
        f"{TABLES}/potency.csv",
        rules.selectivity.output,
        f"{SETTINGS.config.reference}/affinities.csv",
    output:
        expand(f"{TABLES}/guide_table_{{table}}.csv", table=["0", "a", "b", "c"]),
    log:
        f"{RESULTS}/logs/guides.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("guides"),
    shell:
        "reuptake stage guides {TABLES:q} --run {RUN:q} > {log:q} 2>&1"
