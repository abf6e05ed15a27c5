"""Constants: Kd and Bmax, Km and Vmax of the runs that measure them.

Input: the drop's wells after QC, and its verdict (run metadata). Output per drop that has
such runs: constants.parquet and isotherms.parquet. One job a drop.
"""


rule constants_drop:
    input:
        verdict=f"{PER_DROP}/{{drop}}/verdict.json",
        wells=f"{PER_DROP}/{{drop}}/wells.parquet",
    output:
        constants=f"{PER_DROP}/{{drop}}/constants.parquet",
        isotherms=f"{PER_DROP}/{{drop}}/isotherms.parquet",
    log:
        f"{RESULTS}/logs/constants/{{drop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/constants/{{drop}}.tsv"
    group:
        "constants"
    resources:
        mem_mb=growing(1000),
        runtime=growing(2),
    params:
        uses=uses("constants"),
    shell:
        "reuptake stage constants {wildcards.drop} {input.verdict:q} {input.wells:q}"
        " {output.constants:q} {output.isotherms:q} --run {RUN:q} > {log:q} 2>&1"


rule constants:
    input:
        constants_files("constants.parquet"),
    localrule: True
