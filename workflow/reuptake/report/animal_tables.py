"""Tables of runs with animals."""

from __future__ import annotations

import pandas as pd

from reuptake.formatting import MISSING, bounded, p_value
from reuptake.guides import compounds_in
from reuptake.report.elements import (
    Cell,
    Row,
    Table,
    count,
    heads,
    notes,
    number,
    page_of,
    qualified,
    span,
)

NOT_RECORDED = "not recorded"
_TESTS = {
    "anova": "Analysis of variance",
    "welch": "Welch's analysis of variance",
    "kruskal": "Kruskal-Wallis",
    "brown_forsythe": "Brown-Forsythe, equal variances",
    "shapiro": "Shapiro-Wilk, normal residuals",
}
_METHODS = {
    "dunnett": "Dunnett",
    "williams": "Williams trend",
    "dunnett_log": "Dunnett on log10",
    "dunnett_t3": "Dunnett T3",
    "games_howell": "Games-Howell",
    "dunn_holm": "Dunn, Holm",
}


def of_run(frame: pd.DataFrame, run: dict) -> pd.DataFrame:
    """The rows of a run."""
    same = frame["drop"].eq(run["drop"]) & frame["run"].eq(run["run"])
    return frame[same & frame["assay"].eq(run["assay"])]


def _first_cells(row: dict, up: str) -> list[Cell]:
    given = row["role"] in ("treated", "positive_control")
    page = f"{up}{page_of(row['treatment'])}" if row["linked"] else ""
    return [
        Cell(row["group"], simulated=bool(row["simulated"]), style="name"),
        Cell(row["treatment"], href=page),
        _figure(row["dose_mg_per_kg"]) if given else Cell(MISSING, "", style="number"),
        count(row["n"]),
    ]


def _rows_of(groups: pd.DataFrame) -> list[dict]:
    given = compounds_in(groups).index
    return groups.assign(linked=groups.index.isin(given)).to_dict("records")


def _figure(value: float) -> Cell:
    """A dose or degrees of freedom: 10, not 10.0."""
    missing = value != value
    return Cell(
        MISSING if missing else f"{value:.4g}", "" if missing else float(value), style="number"
    )


def _p(value: float) -> Cell:
    missing = value != value
    return Cell(p_value(value), "" if missing else float(value), style="number")


def swim_table(groups: pd.DataFrame, up: str = "", caption: str = "Groups") -> Table:
    """Groups of a forced swim test."""
    columns = heads(
        "forced_swim",
        {
            "Group": "group",
            "Treatment": "treatment",
            "Dose (mg/kg)": "dose_mg_per_kg",
            "n": "n",
            "Mean (s)": "mean_s",
            "SD (s)": "sd_s",
            "Difference (s)": "difference_s",
            "Simultaneous 95 % CI (s)": "difference_lower_s",
            "Dunnett": "p_dunnett",
            "Hedges g": "hedges_g",
            "95 % CI of g": "hedges_g_lower",
            "Reduction (%)": "reduction_pct",
            "95 % CI (%)": "reduction_lower_pct",
            "At 0 s": "n_floor",
            "At the test's end": "n_ceiling",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                *_first_cells(row, up),
                number(row["mean_s"]),
                number(row["sd_s"]),
                number(row["difference_s"]),
                span(row["difference_lower_s"], row["difference_upper_s"]),
                _p(row["p_dunnett"]),
                number(row["hedges_g"]),
                span(row["hedges_g_lower"], row["hedges_g_upper"]),
                number(row["reduction_pct"]),
                span(row["reduction_lower_pct"], row["reduction_upper_pct"]),
                count(row["n_floor"]),
                count(row["n_ceiling"]),
                notes(row["flags"]),
            ],
            simulated=bool(row["simulated"]),
        )
        for row in _rows_of(groups)
    ]
    return Table(caption, columns, rows)


def depletion_table(groups: pd.DataFrame, up: str = "", caption: str = "Groups") -> Table:
    """Groups of an antagonism of PCA."""
    columns = heads(
        "pca_antagonism",
        {
            "Group": "group",
            "Treatment": "treatment",
            "Dose (mg/kg)": "dose_mg_per_kg",
            "n": "n",
            "Mean (ng/g)": "mean_ng_per_g",
            "SD (ng/g)": "sd_ng_per_g",
            "Against the challenge": "p_vs_pca",
            "Against vehicle": "p_vs_vehicle",
            "Depletion (%)": "depletion_pct",
            "Antagonism (%)": "antagonism_pct",
            "95 % CI (%)": "antagonism_lower_pct",
            "Below quantification": "n_below_loq",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                *_first_cells(row, up),
                number(row["mean_ng_per_g"]),
                number(row["sd_ng_per_g"]),
                _p(row["p_vs_pca"]),
                _p(row["p_vs_vehicle"]),
                number(row["depletion_pct"]),
                number(row["antagonism_pct"]),
                span(row["antagonism_lower_pct"], row["antagonism_upper_pct"]),
                count(row["n_below_loq"]),
                notes(row["flags"]),
            ],
            simulated=bool(row["simulated"]),
        )
        for row in _rows_of(groups)
    ]
    return Table(caption, columns, rows)


def ed50_table(half_doses: pd.DataFrame) -> Table:
    """ED50 of protection."""
    columns = heads(
        "pca_ed50",
        {
            "Treatment": "treatment",
            "ED50 (mg/kg)": "ed50_mg_per_kg",
            "95 % CI, profile (mg/kg)": "ed50_lower_mg_per_kg",
            "95 % CI, Wald (mg/kg)": "wald_lower_mg_per_kg",
            "Slope": "hill",
            "SE of slope": "hill_se",
            "ED50 with slope 1 (mg/kg)": "ed50_slope_1_mg_per_kg",
            "95 % CI (mg/kg)": "ed50_slope_1_lower_mg_per_kg",
            "Slope 1 against free": "slope_p",
            "Lack of fit": "lack_of_fit_p",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                Cell(row["treatment"], simulated=bool(row["simulated"]), style="name"),
                qualified(row["qualifier"], row["ed50_mg_per_kg"]),
                span(row["ed50_lower_mg_per_kg"], row["ed50_upper_mg_per_kg"]),
                span(row["wald_lower_mg_per_kg"], row["wald_upper_mg_per_kg"]),
                number(row["hill"]),
                number(row["hill_se"]),
                number(row["ed50_slope_1_mg_per_kg"]),
                span(row["ed50_slope_1_lower_mg_per_kg"], row["ed50_slope_1_upper_mg_per_kg"]),
                _p(row["slope_p"]),
                _p(row["lack_of_fit_p"]),
                notes(row["flags"]),
            ],
            simulated=bool(row["simulated"]),
        )
        for row in half_doses.to_dict("records")
    ]
    return Table("Dose of half protection", columns, rows)


def tests_table(tests: pd.DataFrame) -> Table:
    """Tests of a run as a whole."""
    columns = heads(
        "forced_swim_tests",
        {
            "Test": "test",
            "Readout": "readout",
            "Statistic": "statistic",
            "df 1": "df1",
            "df 2": "df2",
            "p": "p",
            "ω²": "omega2",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                Cell(_TESTS.get(row["test"], row["test"]), style="name"),
                Cell(row["readout"]),
                number(row["statistic"]),
                _figure(row["df1"]),
                _figure(row["df2"]),
                _p(row["p"]),
                number(row["omega2"]),
                notes(row["flags"]),
            ],
            simulated=bool(row["simulated"]),
        )
        for row in tests.to_dict("records")
    ]
    return Table("Analysis of variance and tests of its assumptions", columns, rows)


def contrasts_table(contrasts: pd.DataFrame) -> Table:
    """Every comparison: the planned ones first, then those that assume less."""
    columns = heads(
        "forced_swim_contrasts",
        {
            "Method": "method",
            "Group": "group",
            "Against": "versus",
            "Estimate": "estimate",
            "Statistic": "statistic",
            "df": "df",
            "p": "p",
            "Flags": "flags",
        },
    )
    order = {name: i for i, name in enumerate(_METHODS)}
    rows = [
        Row(
            [
                Cell(_METHODS.get(row["method"], row["method"]), style="name"),
                Cell(row["group"]),
                Cell(row["versus"]),
                number(row["estimate"]),
                number(row["statistic"]),
                _figure(row["df"]),
                _p(row["p"]),
                notes(row["flags"]),
            ],
            simulated=bool(row["simulated"]),
        )
        for row in sorted(contrasts.to_dict("records"), key=lambda r: order.get(r["method"], 9))
    ]
    return Table("Every comparison; all but Dunnett and Williams for sensitivity", columns, rows)


def scorers_table(scorers: pd.DataFrame) -> Table:
    """Agreement of every two scorers."""
    columns = heads(
        "scorer_agreement",
        {
            "Scorers": "the two scorers",
            "Animals": "n",
            "ICC(2,1) of all": "icc",
            "95 % CI": "icc_lower",
            "Agreement": "agreement",
            "Bias (s)": "bias",
            "95 % CI (s)": "bias_lower",
            "Limits of agreement (s)": "limit_lower",
        },
    )
    rows = [
        Row(
            [
                Cell(f"{row['first']} and {row['second']}", style="name"),
                count(row["n"]),
                number(row["icc"]),
                span(row["icc_lower"], row["icc_upper"]),
                Cell(row["agreement"]),
                number(row["bias"]),
                span(row["bias_lower"], row["bias_upper"]),
                span(row["limit_lower"], row["limit_upper"]),
            ],
            simulated=bool(row["simulated"]),
        )
        for row in scorers.to_dict("records")
    ]
    return Table("Agreement of scorers (Bland-Altman)", columns, rows)


def animals_table(animals: pd.DataFrame) -> Table:
    """Every reading, as the file gave it or as the level that HPLC gave."""
    columns = heads(
        "animals",
        {
            "Animal": "animal",
            "Group": "group",
            "Readout": "readout",
            "Scorer": "scorer",
            "Value": "value",
            "Below quantification": "below_loq",
            "Sex": "sex",
            "Strain": "strain",
            "Block": "block",
            "Cage": "cage",
            "Used": "whether it takes part in any calculation",
            "Why not": "reason",
            "Flags": "flags",
        },
    )
    rows = [
        Row(
            [
                Cell(row["animal"], style="name"),
                Cell(row["group"]),
                Cell(row["readout"]),
                Cell(row["scorer"] or MISSING),
                number(row["value"], 6),
                Cell("yes" if row["below_loq"] else "no"),
                *(Cell(row[name] or MISSING) for name in ("sex", "strain", "block", "cage")),
                Cell("excluded" if row["excluded"] else "yes"),
                Cell(row["reason"] or MISSING, style="words"),
                notes(row["flags"]),
            ],
            simulated=bool(row["simulated"]),
        )
        for row in animals.to_dict("records")
    ]
    return Table("Every animal", columns, rows)


def occupancy_table(tables: dict[str, pd.DataFrame], compound: str, simulated: bool) -> Table:
    """Antagonism in vivo beside the compound's Ki in vitro, of the same kind of data."""
    columns = heads(
        "pca_antagonism",
        {
            "Run": "run",
            "Species": "species",
            "Dose (mg/kg)": "dose_mg_per_kg",
            "Antagonism (%)": "antagonism_pct",
            "95 % CI (%)": "antagonism_lower_pct",
            "ED50 (mg/kg)": "dose of half protection",
            "SERT Ki in vitro (nM)": "binding Ki of the same compound at SERT",
            "95 % CI (nM)": "95 % interval of that Ki",
            "n in vitro": "independent experiments behind that Ki",
        },
    )
    potency, groups = tables["potency"], tables["pca_antagonism"]
    ki = potency[
        (potency["compound"] == compound)
        & (potency["target"] == "SERT")
        & (potency["modality"] == "binding")
        & (potency["quantity"] == "Ki")
        & (potency["qualifier"] != "")
        & (potency["simulated"].fillna(False) == simulated)
    ]
    mine = groups[
        (groups["treatment"] == compound)
        & groups["antagonism_pct"].notna()
        & (groups["simulated"].fillna(False) == simulated)
    ]
    half_doses = tables["pca_ed50"]
    half_doses = half_doses[half_doses["treatment"] == compound]
    rows = []
    for row in mine.to_dict("records"):
        half = of_run(half_doses, row)
        ed50 = qualified(*half[["qualifier", "ed50_mg_per_kg"]].iloc[0]) if len(half) else Cell()
        for vitro in ki.to_dict("records"):
            cells = [
                Cell(row["run"], simulated=simulated, style="name"),
                Cell(row["species"] or NOT_RECORDED),
                _figure(row["dose_mg_per_kg"]),
                number(row["antagonism_pct"]),
                span(row["antagonism_lower_pct"], row["antagonism_upper_pct"]),
                ed50,
                Cell(
                    f"{vitro['species']} {bounded(vitro['qualifier'], vitro['value_nM'])}".strip(),
                    float(vitro["value_nM"]),
                    style="number",
                ),
                span(vitro["lower_nM"], vitro["upper_nM"]),
                count(vitro["n_experiments"]),
            ]
            rows.append(Row(cells, simulated=simulated))
    return Table("Antagonism of PCA in vivo beside affinity for SERT in vitro", columns, rows)
