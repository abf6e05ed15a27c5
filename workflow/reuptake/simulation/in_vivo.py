"""Simulated animals: a forced swim test and an antagonism of PCA with known effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reuptake.simulation.files import drop_yaml
from reuptake.simulation.plates import generator

DOSES_mg_per_kg = (1.0, 3.0, 10.0)
_STANDARDS_ng = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_AREA_PER_ng, _ISTD_AREA = 1200.0, 60_000.0


@dataclass(frozen=True)
class Effect:
    """What a compound truly does.

    Attributes
    ----------
    ed50_mg_per_kg : float
        Dose of half the largest effect, slope 1.
    largest : float
        Share of immobility that goes, or of the depletion that is prevented, at high doses.
    """

    ed50_mg_per_kg: float
    largest: float

    def at(self, dose_mg_per_kg: float) -> float:
        """The share at a dose: largest/(1 + ED50/dose)."""
        return self.largest / (1 + self.ed50_mg_per_kg / dose_mg_per_kg)


@dataclass(frozen=True)
class Group:
    """A group of animals: its name, role, treatment, dose in mg/kg and true effect."""

    name: str
    role: str
    treatment: str
    dose_mg_per_kg: float | None = None
    effect: float = 0.0

    @property
    def cells(self) -> str:
        """The group's cells of an animals file, from `group` to `unit`."""
        dose = "," if self.dose_mg_per_kg is None else f"{self.dose_mg_per_kg:g},mg/kg"
        return f"{self.name},{self.role},{self.treatment},{dose}"


def dosed(compound: str, effect: Effect, doses: Sequence[float], role="treated", more="") -> list:
    """A group for each dose of a compound; `more` stands behind its name."""
    return [
        Group(f"{compound} {dose:g}{more}", role, compound, dose, effect.at(dose)) for dose in doses
    ]


def forced_swim_csv(
    groups: Sequence[Group],
    n: int,
    rng: np.random.Generator,
    *,
    vehicle_s: float = 205.0,
    sd_s: float = 26.0,
    scorer_sd_s: float = 5.0,
    scorer_bias_s: float = 3.0,
    length_s: float = 300.0,
) -> str:
    """Seconds of immobility of `n` rats a group, each judged by two scorers.

    An animal's true value is normal about vehicle × (1 - effect); a scorer adds an error of his
    own, the second one a bias; what leaves 0 to `length_s` is brought back.
    """
    lines = ["animal,group,role,treatment,dose,unit,value,scorer,sex,strain,weight"]
    for g, group in enumerate(groups):
        for i in range(1, n + 1):
            true = vehicle_s * (1 - group.effect) + sd_s * rng.standard_normal()
            weight = round(275 + 12 * rng.standard_normal())
            for scorer, bias in (("S1", 0.0), ("S2", scorer_bias_s)):
                seen = true + bias + scorer_sd_s * rng.standard_normal()
                value = round(float(np.clip(seen, 0, length_s)))
                animal = f"{'VABCDEFG'[g]}{i}"
                lines.append(f"{animal},{group.cells},{value},{scorer},male,Wistar,{weight}")
    return "".join(f"{line}\n" for line in lines)


def depletion_csv(
    groups: Sequence[Group],
    n: int,
    rng: np.random.Generator,
    *,
    vehicle_ng_per_g: float = 780.0,
    left: float = 0.38,
    sd_ng_per_g: float = 45.0,
) -> str:
    """Peak areas of 5-HT in the hypothalamus of `n` rats a group, beside an internal standard.

    A level is normal about C + (V - C) × effect, C = `left` × V; the vehicle's effect is 1.
    """
    lines = [
        "animal,group,role,treatment,dose,unit,amount,amount_unit,tissue_mg,istd_response,sex,"
        "strain"
    ]
    challenge = left * vehicle_ng_per_g
    for g, group in enumerate(groups):
        share = 1.0 if group.role == "vehicle" else group.effect
        for i in range(1, n + 1):
            mean = challenge + (vehicle_ng_per_g - challenge) * share
            level = mean + sd_ng_per_g * rng.standard_normal()
            tissue = round(48 + 4 * rng.standard_normal(), 1)
            recovered = 0.9 + 0.03 * rng.standard_normal()
            area = round(level * tissue / 1000 * _AREA_PER_ng * recovered)
            istd = round(_ISTD_AREA * recovered)
            animal = f"{'VPABCDEF'[g]}{i}"
            cells = f"{area},area,{tissue},{istd},male,Sprague-Dawley"
            lines.append(f"{animal},{group.cells},{cells}")
    return "".join(f"{line}\n" for line in lines)


def calibration_csv(rng: np.random.Generator) -> str:
    """Standards in duplicate, 2 % of scatter."""
    lines = ["readout,amount,amount_unit,response,istd_response"]
    for amount in _STANDARDS_ng:
        for _ in range(2):
            area = round(amount * _AREA_PER_ng * (1 + 0.02 * rng.standard_normal()))
            lines.append(f"5-HT,{amount:g},ng,{area},{_ISTD_AREA:.0f}")
    return "".join(f"{line}\n" for line in lines)


def in_vivo_files(
    drop: str,
    compound: str,
    swim: Effect,
    protection: Effect,
    control: tuple[str, float, Effect],
    seed: int,
    n: tuple[int, int] = (10, 8),
) -> dict[str, bytes]:
    """A drop of a forced swim test and an antagonism of PCA, of one compound in rats.

    Parameters
    ----------
    drop : str
        The folder's name, which begins with its date.
    compound : str
    swim, protection : Effect
        What the compound does in the two assays.
    control : tuple
        Name, dose in mg/kg and effect of the positive control of the swim test.
    seed : int
    n : tuple of int
        Animals in each group of the two assays.
    """
    name, dose, effect = control
    vehicle = Group("Vehicle", "vehicle", "vehicle")
    swimming = [
        vehicle,
        *dosed(compound, swim, DOSES_mg_per_kg),
        *dosed(name, effect, (dose,), role="positive_control"),
    ]
    challenged = [
        vehicle,
        Group("PCA", "challenge", "PCA"),
        *dosed(compound, protection, DOSES_mg_per_kg, more=" + PCA"),
    ]
    day = drop[:10]
    runs = [
        f"  - run: {day}-swim",
        "    assay: forced_swim_rat",
        f"    date: {day}",
        "    operator: simulated",
        "    animals: swim.csv",
        "    arrive:",
        "      sample_size: a fall of 40 s at SD 26 s, power 0.8, asks for 10 animals a group",
        "      randomisation: simulated, every animal drawn independently",
        "      blinding: two simulated scorers who know of no group",
        "      experimental_procedures: i.p. 24, 5 and 1 h before a 5-min test, pre-test 15 min",
        f"  - run: {day}-pca",
        "    assay: pca_rat",
        f"    date: {day}",
        "    operator: simulated",
        "    animals: pca.csv",
        "    calibration: calibration.csv",
        "    arrive:",
        "      randomisation: simulated, every animal drawn independently",
        "      experimental_procedures: compound i.p. 45 min before PCA 10 mg/kg i.p., "
        "hypothalamus 4 h later",
    ]
    rng = {part: generator(seed, drop, part) for part in ("swim", "pca", "calibration")}
    return {
        "drop.yaml": drop_yaml(drop, runs, seed),
        "swim.csv": forced_swim_csv(swimming, n[0], rng["swim"]).encode(),
        "pca.csv": depletion_csv(challenged, n[1], rng["pca"]).encode(),
        "calibration.csv": calibration_csv(rng["calibration"]).encode(),
    }
