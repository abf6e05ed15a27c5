"""Report: a first page, pages of detail and a page per compound, self-contained; a workbook.

Input: all tables and figures, and the seals of the drops, whose checksums it shows. Output:
report/index.html, with the other pages beside it, the essential report as one file, and
report/tables.xlsx. One job; pages of compounds whose data have not changed come from
results/cache.
"""


rule report:
    input:
        f"{TABLES}/drops.csv",
        rules.collect.output,
        rules.potency.output,
        rules.selectivity.output,
        rules.in_vivo.output,
        rules.guides.output,
        rules.figures.output,
        f"{SETTINGS.config.reference}/affinities.csv",
    output:
        reported(f"{RESULTS}/report/index.html", "Report", "first page"),
        reported(f"{RESULTS}/report/report-single-file.html", "Report", "one file", "one_file"),
        reported(f"{RESULTS}/report/tables.xlsx", "Report", "workbook of the tables", "workbook"),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    threads: 8
    resources:
        mem_mb=growing(2000),
        runtime=growing(5),
    params:
        uses=uses("report"),
        figures=f"{RESULTS}/figures",
        report=f"{RESULTS}/report",
        store=f"{RESULTS}/cache/report",
    shell:
        "reuptake stage report {TABLES:q} {WELLS:q} {params.figures:q} {params.report:q}"
        " {params.store:q} {params.uses} {threads} --run {RUN:q} > {log:q} 2>&1"
