"""Typed model of drop.yaml."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from reuptake.modelling import Day, Flag, Identifier, Strict, quantity


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Concentrations(Strict):
    """Whether the layout's concentrations are those of the stock or those in the well."""

    basis: Literal["final", "stock"]
    dilution: Annotated[float, Field(ge=1)] | None = None

    @property
    def factor(self) -> float:
        """What a concentration of the layout is divided by to get that in the well."""
        return self.dilution if self.basis == "stock" and self.dilution else 1.0


class RunRadioligand(Strict):
    """The lot used in a run."""

    lot: str | None = None
    specific_activity: quantity("Ci/mmol") | None = None
    reference_date: Day | None = None


class Measured(Strict):
    """Values measured in a run; they stand in for the assay's, for this run only."""

    ligand_concentration: quantity("nM") | None = None
    protein: quantity("ug") | None = None
    volume: quantity("uL") | None = None
    bmax: quantity("pmol/mg") | None = None
    cells: Annotated[float, Field(gt=0)] | None = None
    temperature: quantity("degC") | None = None


class Plate(Strict):
    """A plate: where its counts are and what its wells hold."""

    plate: Identifier
    counts: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]
    counts_plate: str | None = None
    layout: str
    format: str | None = None


class Arrive(Strict):
    """What a run with animals tells of each item of ARRIVE 2.0's Essential 10."""

    study_design: str | None = None
    sample_size: str | None = None
    inclusion_exclusion: str | None = None
    randomisation: str | None = None
    blinding: str | None = None
    outcome_measures: str | None = None
    statistical_methods: str | None = None
    experimental_animals: str | None = None
    experimental_procedures: str | None = None
    results: str | None = None


class Run(Strict):
    """One independent experiment in one assay."""

    run: Identifier
    assay: Identifier
    date: Day
    operator: str | None = None
    experiment: Identifier | None = None
    radioligand: RunRadioligand | None = None
    measured: Measured = Measured()
    concentrations: Concentrations | None = None
    plates: list[Plate] | None = None
    responses: str | None = None
    animals: str | None = None
    calibration: str | None = None
    arrive: Arrive | None = None
    note: str | None = None


class Drop(Strict):
    """A data drop."""

    schema_version: Annotated[int, Field(alias="schema")]
    drop: Identifier
    source: str | None = None
    simulated: Flag = False
    note: str | None = None
    runs: Annotated[list[Run], Field(min_length=1)]

    @field_validator("schema_version")
    @classmethod
    def _known(cls, value: int) -> int:
        if value != 1:
            raise ValueError("only schema 1 is known")
        return value
