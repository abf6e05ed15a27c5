"""Collect: look at all drops together, list them, and pool the tables of the accepted ones.

Input: verdicts, wells, plates, curves and constants of every processed drop, named one by
one so that a removed drop leaves nothing behind. Output: drops.csv, wells.csv, plates.csv,
curves.csv, constants.csv, isotherms.csv, the data dictionary, and the wells as parquet, which
later stages read some drops at a time. One job each for verdicts, list and tables.
"""


rule accept:
    input:
        per_drop("verdict.json"),
    output:
        f"{PER_DROP}/accepted.json",
    log:
        f"{RESULTS}/logs/accept.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("accept"),
    shell:
        "reuptake stage accept {output:q} --run {RUN:q} > {log:q} 2>&1"


rule listing:
    input:
        rules.accept.output,
    output:
        reported(f"{TABLES}/drops.csv", "Quality", "drops"),
    log:
        f"{RESULTS}/logs/listing.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("listing"),
        # their files are no inputs: they may still be on their way, and vanish meanwhile
        others=[f"{name}:{digest(FOLDERS[name].look)}" for name in OTHERS],
    shell:
        "reuptake stage listing {input:q} {output:q} --run {RUN:q} > {log:q} 2>&1"


rule collect:
    input:
        per_drop("wells.parquet"),
        per_drop("plates.parquet"),
        per_drop("curves.parquet"),
        constants_files("constants.parquet", "isotherms.parquet"),
        accepted=rules.accept.output,
    output:
        f"{TABLES}/wells.csv",
        reported(f"{TABLES}/plates.csv", "Quality", "plates"),
        reported(f"{TABLES}/curves.csv", "Answers", "curves", subcategory="In vitro"),
        reported(f"{TABLES}/constants.csv", "Answers", "constants", subcategory="In vitro"),
        f"{TABLES}/isotherms.csv",
        f"{TABLES}/README.md",
        wells=WELLS,
    log:
        f"{RESULTS}/logs/collect.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect.tsv"
    threads: 8
    resources:
        mem_mb=growing(4000),
        runtime=growing(5),
    params:
        uses=uses("collect"),
        cache=f"{RESULTS}/cache/collect",
    shell:
        "reuptake stage collect {input.accepted:q} {PER_DROP:q} {TABLES:q} {output.wells:q} {params.cache:q} {threads}"
        " --run {RUN:q} > {log:q} 2>&1"


rule strict:
    input:
        rules.listing.output,
        # last, so that everything is answered before the run fails
        f"{RESULTS}/report/index.html",
    output:
        touch(f"{PER_DROP}/strict"),
    log:
        f"{RESULTS}/logs/strict.log",
    resources:
        mem_mb=growing(500),
        runtime=growing(2),
    shell:
        "reuptake stage strict {input[0]:q} > {log:q} 2>&1"
