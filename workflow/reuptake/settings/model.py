"""Typed models of config.yaml, assays.yaml and targets.yaml; config/README.md explains them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, Field

from reuptake.modelling import (
    Day,
    Flag,
    Identifier,
    Strict,
    quantity,
    value_or_run,
    word_or,
)

Fraction = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
RelativeError = Annotated[float, Field(ge=0, lt=2)]
Word = Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]


class Limit(Strict):
    """A metric warns beyond `warn` and fails beyond `fail`; either may be left out."""

    warn: float | None = None
    fail: float | None = None


class Limits(Strict):
    """Limits of the plate metrics. Low is bad for Z', signal/background and signal window."""

    z_prime: Limit = Limit(warn=0.5, fail=0.4)
    signal_background: Limit = Limit(warn=5, fail=3)
    nonspecific_pct: Limit = Limit(warn=20, fail=40)
    cv_total_pct: Limit = Limit(warn=10, fail=20)
    cv_nonspecific_pct: Limit = Limit(warn=20, fail=30)
    bound_pct: Limit = Limit(warn=10)
    z_prime_difference: Limit = Limit(warn=0.2)
    signal_window: Limit = Limit(warn=2)
    position_effect_pct: Limit = Limit(warn=10, fail=20)
    dispensing_cv_pct: Limit = Limit(warn=10)
    solvent_difference_pct: Limit = Limit(warn=0)


class AssayLimits(Strict):
    """The limits that an assay changes; what is left out keeps the general value."""

    z_prime: Limit | None = None
    signal_background: Limit | None = None
    nonspecific_pct: Limit | None = None
    cv_total_pct: Limit | None = None
    cv_nonspecific_pct: Limit | None = None
    bound_pct: Limit | None = None
    z_prime_difference: Limit | None = None
    signal_window: Limit | None = None
    position_effect_pct: Limit | None = None
    dispensing_cv_pct: Limit | None = None
    solvent_difference_pct: Limit | None = None


class Radioligand(Strict):
    """A radioactive ligand or substrate."""

    name: Identifier
    isotope: Literal["3H", "125I"] | None = None
    tritiums: Annotated[int, Field(gt=0)] | None = None
    decay: Literal["specific_activity", "concentration"] | None = None


def _drop_and_run(text: str) -> str:
    drop, slash, run = text.partition("/")
    if not (drop and slash and run) or "/" in run:
        raise ValueError("expected a drop and its run, such as '2026-02-16-saturation/S'")
    return text


class Run(Strict):
    """A constant measured by a run of a drop: ``{run: drop/run}``."""

    run: Annotated[Identifier, AfterValidator(_drop_and_run)]


class Molar(Strict):
    """A concentration constant (Kd, Km) with its origin."""

    value: quantity("nM")
    relative_error: RelativeError | None = None
    source: str | None = None


class SiteDensity(Strict):
    """Bmax with its origin."""

    value: quantity("pmol/mg")
    relative_error: RelativeError | None = None
    source: str | None = None


class Efficiency(Strict):
    """Counting efficiency, CPM/DPM, with its origin."""

    value: Fraction
    source: str | None = None


class Negligible(Strict):
    """Somebody's word that ligand depletion may be neglected, and why."""

    assume: Literal["negligible"]
    reason: Annotated[str, Field(min_length=1)]
    by: str | None = None


class Association(Strict):
    """Association rate constant of the competitors, with its origin."""

    value: quantity("M^-1 s^-1")
    source: str | None = None


class _Assay(Strict):
    species: str | None = None
    preparation: str | None = None
    limits: AssayLimits = AssayLimits()


class _WellAssay(_Assay):
    target: Identifier
    count_time: quantity("min") | None = None
    efficiency: Efficiency | None = None
    total_added_fraction: Fraction = 1.0
    nonspecific_definer: str | None = None
    reference_compound: str | None = None
    volume: quantity("uL") | None = None
    protein: quantity("ug") | None = None
    temperature: quantity("degC") | None = None
    solvent_pct: Annotated[float, Field(ge=0, le=100)] | None = None
    weights: Literal["constant", "counting"] = "constant"
    ligand_relative_error: RelativeError | None = None
    transporter_relative_error: RelativeError | None = None
    kon: Association | None = None
    depletion: word_or(Literal["judge"], Negligible) = "judge"


class BindingAssay(_WellAssay):
    """Radioligand binding."""

    kind: Literal["competition_binding", "saturation_binding", "homologous_binding"]
    format: Literal["filtration", "spa"] | None = None
    radioligand: Radioligand | None = None
    ligand_concentration: quantity("nM") | None = None
    kd: value_or_run(Molar, Run) | None = None
    bmax: value_or_run(SiteDensity, Run) | None = None
    incubation: quantity("min") | None = None


class UptakeAssay(_WellAssay):
    """Uptake of a radioactive substrate by cells."""

    kind: Literal["uptake_inhibition", "uptake_kinetics"]
    format: Literal["adherent", "suspension"] | None = None
    substrate: Radioligand | None = None
    ligand_concentration: quantity("nM") | None = None
    km: value_or_run(Molar, Run) | None = None
    cells: Positive | None = None
    copies_per_cell: Positive | None = None
    pre_incubation: quantity("min", zero=True) | None = None
    uptake_time: quantity("min") | None = None


class ResponseAssay(_Assay):
    """Normalised responses from elsewhere."""

    kind: Literal["response"]
    target: Identifier
    format: str | None = None
    response: str | None = None
    nonspecific_definer: str | None = None
    reference_compound: str | None = None
    weights: Literal["constant"] = "constant"


class ForcedSwimAssay(_Assay):
    """Forced swim test."""

    kind: Literal["forced_swim"]
    control_group: str
    test_length: quantity("s")
    trend: Flag = False


class PcaAssay(_Assay):
    """Antagonism of PCA-induced 5-HT depletion."""

    kind: Literal["pca_depletion"]
    control_group: str
    challenge_group: str


Assay = Annotated[
    BindingAssay | UptakeAssay | ResponseAssay | ForcedSwimAssay | PcaAssay,
    Field(discriminator="kind"),
]

CURVE_KINDS = ("competition_binding", "uptake_inhibition", "response")
WELL_KINDS = (
    "competition_binding",
    "uptake_inhibition",
    "saturation_binding",
    "homologous_binding",
    "uptake_kinetics",
)
CONSTANT_KINDS = ("saturation_binding", "homologous_binding", "uptake_kinetics")
ANIMAL_KINDS = ("forced_swim", "pca_depletion")
MODALITY = {
    "competition_binding": "binding",
    "uptake_inhibition": "uptake",
    "response": "response",
}


class Target(Strict):
    """A transporter, receptor or other target."""

    name: str
    gene: str | None = None
    uniprot: Annotated[str | None, Field(validation_alias=AliasChoices("uniprot", "UniProt"))] = (
        None
    )
    role: Literal["primary", "off-target"]


class Config(Strict):
    """config.yaml: folders, files and rules that hold for all assays."""

    drops: str = "data/drops"
    results: str = "results"
    assays: str = "config/assays.yaml"
    targets: str = "config/targets.yaml"
    compounds: str = "config/compounds.csv"
    exclusions: str = "config/exclusions.csv"
    reference: str = "data/reference"
    title: str = "Transporter selectivity"
    guide_compound: Identifier = "Sert-IN-2"
    strict: Flag = False
    selectivity_classes: Annotated[
        dict[str, Positive], Field(default={"selective": 10, "highly selective": 100})
    ]
    # no answer hangs on it, and an address in it is nobody else's business: in no record
    notify: Annotated[tuple[Word, ...], Field(exclude=True)] = ()
    limits: Limits = Limits()


class Compound(Strict):
    """A row of compounds.csv."""

    compound: Identifier
    name: str = ""
    synonyms: tuple[str, ...] = ()


class Exclusion(Strict):
    """A row of exclusions.csv: one well taken out, by whom, when and why."""

    drop: Identifier
    run: Identifier
    plate: Identifier
    well: str
    reason: Annotated[str, Field(min_length=1)]
    by: Annotated[str, Field(min_length=1)]
    date: Day
    line: int = 0


class Settings(Strict):
    """The whole configuration, read and checked."""

    config: Config
    assays: dict[str, Assay]
    targets: dict[str, Target]
    compounds: tuple[Compound, ...]
    exclusions: tuple[Exclusion, ...]
