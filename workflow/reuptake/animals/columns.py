"""Columns of the tables of the in-vivo assays, as the data dictionary describes them."""

from __future__ import annotations

from reuptake.column import Column


def _text(name: str, definition: str) -> Column:
    return Column(name, "text", definition)


def _number(name: str, definition: str, unit: str = "") -> Column:
    return Column(name, "number", definition, unit)


def _integer(name: str, definition: str) -> Column:
    return Column(name, "integer", definition)


_DROP = _text("drop", "folder of the data drop")
_RUN = _text("run", "independent experiment inside the drop; (drop, run) is its identity")
_ASSAY = _text("assay", "key of the assay in config/assays.yaml")
_SPECIES = _text("species", "species of the animals")
_GROUP = _text("group", "group of animals; groups are what is compared")
_ROLE = _text("role", "vehicle, challenge, treated, positive_control or naive")
_TREATMENT = _text("treatment", "what the group was given")
_DOSE = _number("dose_mg_per_kg", "dose", "mg/kg")
_N = _integer("n", "animals in the group, without excluded ones")
_N_UNITS = _integer("n_units", "units that the tests count: animals, or cages of one group each")
_N_EXCLUDED = _integer("n_excluded", "animals excluded with a reason")
_READOUT = _text("readout", "what was measured")
_SIMULATED = Column("simulated", "boolean", "true where any number behind the row is simulated")
_FLAGS = _text("flags", "what a reader must know before using the row, joined by '; '")

ANIMALS = (
    _DROP,
    _RUN,
    _ASSAY,
    _integer("line", "line of the file"),
    _text("animal", "the animal's name"),
    _GROUP,
    _ROLE,
    _TREATMENT,
    _DOSE,
    _READOUT,
    _text("scorer", "who scored it, where several did"),
    _number("value", "the reading: seconds, or ng per g tissue", "s or ng/g"),
    Column("below_loq", "boolean", "true where the level lies below `value`, the limit"),
    _text("sex", "sex of the animal"),
    _text("strain", "strain of the animal"),
    _number("weight", "body weight, as recorded"),
    _text("block", "litter, day or other block"),
    _text("cage", "cage of the animal"),
    Column("excluded", "boolean", "true if the row takes no part in any calculation"),
    _text("reason", "why it is excluded"),
    _text("note", "the file's note on the row"),
    _FLAGS,
    _SPECIES,
    _SIMULATED,
)

FORCED_SWIM = (
    _DROP,
    _RUN,
    _GROUP,
    _ROLE,
    _TREATMENT,
    _DOSE,
    _N,
    _number("mean_s", "mean of the animals", "s"),
    _number("sd_s", "standard deviation of the animals", "s"),
    _number("difference_s", "mean minus that of the control group, adjusted for blocks", "s"),
    _number("difference_lower_s", "simultaneous 95 % limit (Dunnett)", "s"),
    _number("difference_upper_s", "simultaneous 95 % limit (Dunnett)", "s"),
    _number("p_dunnett", "two-sided single-step p against the control group"),
    _number("hedges_g", "standardised mean difference from control, small-sample corrected"),
    _number("reduction_pct", "100 (1 - mean/control mean); not clipped", "%"),
    _number("reduction_lower_pct", "95 % limit for this comparison alone (Fieller)", "%"),
    _number("reduction_upper_pct", "95 % limit for this comparison alone (Fieller)", "%"),
    _FLAGS,
    _number("hedges_g_lower", "95 % limit, noncentral t"),
    _number("hedges_g_upper", "95 % limit, noncentral t"),
    _number("mean_lower_s", "95 % limit of the mean, pooled variance", "s"),
    _number("mean_upper_s", "95 % limit of the mean, pooled variance", "s"),
    _number("adjusted_mean_s", "mean at the average block; the mean where there are none", "s"),
    _integer("n_floor", "animals at 0 s"),
    _integer("n_ceiling", "animals at the test's length"),
    _N_UNITS,
    _N_EXCLUDED,
    Column(
        "minimum_effective",
        "boolean",
        "true for the lowest dose from which on every dose differs from control (Dunnett)",
    ),
    _ASSAY,
    _SPECIES,
    _READOUT,
    _SIMULATED,
)

TESTS = (
    _DROP,
    _RUN,
    _text("test", "anova, welch, kruskal, brown_forsythe or shapiro"),
    _number("statistic", "F, F, H, F and W"),
    _number("df1", "degrees of freedom of the groups"),
    _number("df2", "degrees of freedom of the error"),
    _number("p", "p value"),
    _FLAGS,
    _number("omega2", "share of variance that the groups explain; on the row of anova"),
    _ASSAY,
    _READOUT,
    _SIMULATED,
)

CONTRASTS = (
    _DROP,
    _RUN,
    _text(
        "method",
        "dunnett; williams (trend, one-sided); for sensitivity dunnett_log, dunnett_t3, "
        "games_howell, dunn_holm",
    ),
    _text("group", "the group, or the highest doses of a trend contrast"),
    _text("versus", "the group it is compared with"),
    _number("estimate", "difference of means, of log10 means (dunnett_log), of ranks (dunn_holm)"),
    _number("statistic", "t, or z for dunn_holm"),
    _number("df", "degrees of freedom"),
    _number("p", "p value, adjusted within the method and for one reference group"),
    _FLAGS,
    _ASSAY,
    _READOUT,
    _SIMULATED,
)

SCORERS = (
    _DROP,
    _RUN,
    _integer("n", "animals scored by all scorers"),
    _integer("n_scorers", "scorers"),
    _number("icc", "ICC(2,1), absolute agreement of single scores"),
    _number("icc_lower", "95 % limit"),
    _number("icc_upper", "95 % limit"),
    _text("agreement", "poor, moderate, good or excellent (Koo & Li), by the ICC"),
    _text("first", "first scorer of the pair"),
    _text("second", "second scorer of the pair"),
    _number("bias", "mean difference, first minus second"),
    _number("bias_lower", "95 % limit of the bias"),
    _number("bias_upper", "95 % limit of the bias"),
    _number("limit_lower", "95 % limit of agreement (Bland-Altman)"),
    _number("limit_upper", "95 % limit of agreement (Bland-Altman)"),
    _ASSAY,
    _READOUT,
    _SIMULATED,
    _number("limits_half_width", "half of the 95 % interval of either limit of agreement"),
)

PCA_ANTAGONISM = (
    _DROP,
    _RUN,
    _GROUP,
    _ROLE,
    _TREATMENT,
    _DOSE,
    _N,
    _number("mean_ng_per_g", "mean of the animals", "ng/g"),
    _number("sd_ng_per_g", "standard deviation of the animals", "ng/g"),
    _number("p_vs_pca", "two-sided p against the challenge group (Dunnett over the doses)"),
    _number("p_vs_vehicle", "two-sided p against the control group (Dunnett over the doses)"),
    _number("antagonism_pct", "100 (D - C)/(V - C); not clipped", "%"),
    _number("antagonism_lower_pct", "95 % limit for this group alone (Fieller)", "%"),
    _number("antagonism_upper_pct", "95 % limit for this group alone (Fieller)", "%"),
    _FLAGS,
    _number("depletion_pct", "100 (V - C)/V, on the row of the challenge group", "%"),
    _number("depletion_lower_pct", "95 % limit (Fieller)", "%"),
    _number("depletion_upper_pct", "95 % limit (Fieller)", "%"),
    _number("difference_vs_pca_ng_per_g", "mean minus that of the challenge group", "ng/g"),
    _number("difference_vs_pca_lower_ng_per_g", "simultaneous 95 % limit (Dunnett)", "ng/g"),
    _number("difference_vs_pca_upper_ng_per_g", "simultaneous 95 % limit (Dunnett)", "ng/g"),
    _number("mean_lower_ng_per_g", "95 % limit of the mean, pooled variance", "ng/g"),
    _number("mean_upper_ng_per_g", "95 % limit of the mean, pooled variance", "ng/g"),
    _number("adjusted_mean_ng_per_g", "mean at the average block, or of the censored fit", "ng/g"),
    _integer("n_below_loq", "animals below the limit of quantification"),
    _N_UNITS,
    _N_EXCLUDED,
    _ASSAY,
    _SPECIES,
    _READOUT,
    _SIMULATED,
)

PCA_ED50 = (
    _DROP,
    _RUN,
    _TREATMENT,
    _text("qualifier", "=, > (no dose reaches half), < (every dose does) or empty"),
    _number("ed50_mg_per_kg", "dose of half protection, or the bound", "mg/kg"),
    _number("ed50_lower_mg_per_kg", "95 % profile limit; 0 where unbounded", "mg/kg"),
    _number("ed50_upper_mg_per_kg", "95 % profile limit; inf where unbounded", "mg/kg"),
    _number("wald_lower_mg_per_kg", "95 % Wald limit on log ED50", "mg/kg"),
    _number("wald_upper_mg_per_kg", "95 % Wald limit on log ED50", "mg/kg"),
    _number("hill", "fitted slope"),
    _number("hill_se", "Wald standard error of the slope"),
    _number("vehicle_ng_per_g", "fitted level of the vehicle", "ng/g"),
    _number("challenge_ng_per_g", "fitted level of the challenge", "ng/g"),
    _number("ss", "residual sum of squares over animals", "(ng/g)²"),
    _number("df", "residual degrees of freedom"),
    _number("lack_of_fit_f", "F against the group means"),
    _number("lack_of_fit_p", "its p value"),
    _number("ed50_slope_1_mg_per_kg", "ED50 with the slope fixed at 1", "mg/kg"),
    _number("ed50_slope_1_lower_mg_per_kg", "95 % profile limit", "mg/kg"),
    _number("ed50_slope_1_upper_mg_per_kg", "95 % profile limit", "mg/kg"),
    _number("ss_slope_1", "residual sum of squares with slope 1", "(ng/g)²"),
    _number("slope_f", "F of slope 1 against a free slope"),
    _number("slope_p", "its p value"),
    _FLAGS,
    _ASSAY,
    _SPECIES,
    _READOUT,
    _SIMULATED,
)

# item of ARRIVE 2.0's Essential 10: key of `arrive` in drop.yaml, and its name
ARRIVE = {
    "study_design": "Study design",
    "sample_size": "Sample size",
    "inclusion_exclusion": "Inclusion and exclusion criteria",
    "randomisation": "Randomisation",
    "blinding": "Blinding",
    "outcome_measures": "Outcome measures",
    "statistical_methods": "Statistical methods",
    "experimental_animals": "Experimental animals",
    "experimental_procedures": "Experimental procedures",
    "results": "Results",
}

ANIMAL_RUNS = (
    _DROP,
    _RUN,
    _ASSAY,
    _text("kind", "forced_swim or pca_depletion"),
    _SPECIES,
    _text("date", "day of the run"),
    _text("operator", "who did it"),
    _text("control_group", "the group that all others are compared with"),
    _text("challenge_group", "the group that had the challenge alone"),
    _number("test_length_s", "length of the test", "s"),
    Column("trend", "boolean", "true where a trend over the doses was planned"),
    _integer("n_groups", "groups of animals"),
    _integer("n_animals", "animals, excluded ones included"),
    _N_EXCLUDED,
    _text("unit", "what the tests count: animal or cage"),
    _integer("n_scorers", "scorers; empty where none is named"),
    _text("readouts", "what was measured, joined by '; '"),
    _text("strains", "strains of the animals, joined by '; '"),
    _text("sexes", "sexes of the animals, joined by '; '"),
    _number("weight_lowest", "lightest animal, as recorded"),
    _number("weight_highest", "heaviest animal, as recorded"),
    _text("note", "the run's note in drop.yaml"),
    *(
        _text(f"arrive_{key}", f"ARRIVE 2.0, {name}: as drop.yaml says; empty if not recorded")
        for key, name in ARRIVE.items()
    ),
    _SIMULATED,
)

# what the job of one drop makes
PER_DROP = {
    "forced_swim": FORCED_SWIM,
    "forced_swim_tests": TESTS,
    "forced_swim_contrasts": CONTRASTS,
    "forced_swim_readouts": FORCED_SWIM,
    "scorer_agreement": SCORERS,
    "pca_antagonism": PCA_ANTAGONISM,
    "pca_tests": TESTS,
    "pca_contrasts": CONTRASTS,
    "pca_ed50": PCA_ED50,
    "pca_readouts": PCA_ANTAGONISM,
    "animal_runs": ANIMAL_RUNS,
}
TABLES = PER_DROP | {"animals": ANIMALS}
