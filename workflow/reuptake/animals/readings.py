"""From the rows of an animals file to one value an animal, and to the model of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from reuptake.animals import agreement
from reuptake.animals.censored import fit_censored
from reuptake.animals.frame import one_per_animal
from reuptake.animals.groups import GroupModel, fit_groups

# below this a group is too small for a test to mean much (Curtis et al. 2018, Br J Pharmacol
# 175:987, asks for five)
FEW_ANIMALS = 5


@dataclass
class RunData:
    """The animals of one run and readout.

    Attributes
    ----------
    animals : DataFrame
        One row an animal: value (mean over scorers), below_loq, and what is known of it.
    groups : DataFrame
        One row a group: role, treatment, dose_mg_per_kg, n, mean, sd, n_below_loq,
        n_excluded; the control group first, then challenge, then the rest by treatment and
        dose.
    model : GroupModel or None
        None where nothing can be compared.
    flags : list of str
        On the run as a whole.
    n_units : dict
        Units that the tests count, by group.
    """

    animals: pd.DataFrame
    groups: pd.DataFrame
    model: GroupModel | None = None
    flags: list[str] = field(default_factory=list)
    n_units: dict[str, int] = field(default_factory=dict)


def scorers_of(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Agreement of the scorers of a run: rows of scorer_agreement, and what to flag.

    Only animals that every scorer judged count.
    """
    kept = rows[~rows["excluded"].astype(bool) & rows["value"].notna() & (rows["scorer"] != "")]
    table = kept.pivot_table(index="animal", columns="scorer", values="value", sort=True)
    whole = table.dropna()
    if table.shape[1] < 2:
        return pd.DataFrame(), []
    flags = []
    if len(whole) < len(table):
        flags.append(f"{len(table) - len(whole)} animals not judged by every scorer")
    if len(whole) < 2:
        return pd.DataFrame(), [*flags, "scorer agreement cannot be told"]
    scores = whole.to_numpy(float)
    icc = agreement.icc_agreement(scores)
    word = agreement.band(icc.value)
    if icc.reason:
        flags.append(f"scorer agreement cannot be told: {icc.reason}")
    elif icc.value < 0.75:
        flags.append(f"{word} agreement of the scorers: ICC(2,1) = {icc.value:.2f}")
    pairs = agreement.bland_altman(scores, [str(name) for name in whole.columns])
    out = pairs.assign(
        n_scorers=scores.shape[1],
        icc=icc.value,
        icc_lower=icc.lower,
        icc_upper=icc.upper,
        agreement=word,
    )
    return out, flags


def run_data(rows: pd.DataFrame, control: str, challenge: str = "") -> RunData:
    """The animals, groups and model of one run.

    Parameters
    ----------
    rows : DataFrame
        Rows of one run and readout, columns of ANIMALS.
    control, challenge : str
        Names of the comparison group and, if there is one, of the challenge group.
    """
    animals = one_per_animal(rows)
    groups = _describe(rows, animals, control, challenge)
    out = RunData(animals, groups, n_units=dict(zip(groups["group"], groups["n"], strict=True)))
    out.flags += dict.fromkeys(note for note in animals["notes"] if note)
    sexes = sorted(set(animals["sex"]) - {""})
    if len(sexes) > 1:
        out.flags.append(f"animals of {' and '.join(sexes)} sex together: sex is not in the model")
    for name in (control, challenge):
        n = out.n_units.get(name, 0)
        if name and n < 2:
            out.flags.append(f"no comparison: group {name} has {n or 'no'} animal{'s' * (n != 1)}")
    if any(flag.startswith("no comparison") for flag in out.flags):
        return out
    if len(out.n_units) < 2:
        out.flags.append("no comparison: one group only")
        return out
    out.model = _model(animals, out)
    if out.model is not None and not out.model.msw > 0:
        out.flags.append("no comparison: no scatter within any group (values all equal?)")
        out.model = None
    return out


def _describe(rows, animals, control: str, challenge: str) -> pd.DataFrame:
    excluded = rows.groupby("group")["animal"].nunique() - (
        animals.groupby("group")["animal"].nunique()
    ).reindex(rows["group"].unique()).fillna(0)
    grouped = animals.groupby("group", sort=False)
    out = grouped.agg(
        role=("role", "first"),
        treatment=("treatment", "first"),
        dose_mg_per_kg=("dose_mg_per_kg", "first"),
        n=("value", "size"),
        mean=("value", "mean"),
        sd=("value", "std"),
        n_below_loq=("below_loq", "sum"),
    ).reset_index()
    out["n_excluded"] = out["group"].map(excluded).astype(int)
    first = out["group"].map({control: 0, challenge: 1}).fillna(2)
    order = out.assign(first=first).sort_values(
        ["first", "treatment", "dose_mg_per_kg", "group"], kind="stable", na_position="first"
    )
    return out.loc[order.index].reset_index(drop=True)


def _model(animals: pd.DataFrame, out: RunData) -> GroupModel | None:
    """The model of a run: censored levels, cages of one group, blocks, or plain groups."""
    if animals["below_loq"].any():
        return _censored_model(animals, out)
    recorded = [name for name in ("block", "cage") if _recorded(animals[name], name, out)]
    units = animals
    if "cage" in recorded:
        shared = animals["cage"].duplicated().any()
        if not shared or _nested(animals):
            recorded.remove("cage")
        if shared and _nested(animals):
            units = _by_cage(animals, out)
            out.n_units = units.groupby("group", sort=False).size().to_dict()
    factors = {name: units[name] for name in recorded}
    model = fit_groups(units["value"], units["group"].tolist(), factors)
    out.flags += model.notes
    return model


def _censored_model(animals: pd.DataFrame, out: RunData) -> GroupModel | None:
    """The model with levels below the limit; a group without any other level has no mean."""
    below = animals["below_loq"].to_numpy(bool)
    exact = set(animals.loc[~below, "group"])
    for name in out.n_units:
        if name not in exact:
            out.flags.append(f"group {name}: every animal below the limit of quantification")
    used = animals["group"].isin(exact).to_numpy()
    groups = animals.loc[used, "group"].tolist()
    if len(exact) < 2:
        out.flags.append("no comparison: fewer than two groups above the limit")
        return None
    for name in ("block", "cage"):
        if (animals[name] != "").any():
            out.flags.append(f"{name} recorded, but not in the model of censored levels")
    try:
        model = fit_censored(animals.loc[used, "value"], below[used], groups)
    except ValueError as error:
        out.flags.append(f"no comparison: {error}")
        return None
    out.flags += model.notes
    return model


def _recorded(labels: pd.Series, name: str, out: RunData) -> bool:
    """Whether a factor is there to be used: for every animal, and with two levels or more."""
    missing = labels == ""
    if missing.all():
        return False
    if missing.any():
        out.flags.append(f"{name} not recorded for every animal: left out")
        return False
    return len(set(labels)) > 1


def _nested(animals: pd.DataFrame) -> bool:
    """Whether every cage holds animals of one group only."""
    return len(animals[["cage", "group"]].drop_duplicates()) == len(set(animals["cage"]))


def _by_cage(animals: pd.DataFrame, out: RunData) -> pd.DataFrame:
    """Cage means, where cages hold animals of one group: a random effect of the cage.

    With one cage a group, cage and treatment cannot be told apart.
    """
    cages = animals.groupby("group")["cage"].nunique()
    if cages.min() < 2:
        out.flags.append("a group fills one cage: effects of cage and treatment not told apart")
        return animals
    out.flags.append(
        "every cage holds one group: tested on cage means (random effect of the cage), "
        f"{cages.sum()} cages"
    )
    grouped = animals.groupby("cage", sort=False)
    return grouped.agg(value=("value", "mean"), group=("group", "first"), block=("block", "first"))


def group_flags(row, model_notes: list[str]) -> list[str]:
    """What to know of one group: its size, its doses, its exclusions."""
    flags = []
    if row.n == 1:
        flags.append("one animal: no SD")
    elif row.n < FEW_ANIMALS:
        flags.append(f"n = {row.n}: fewer than {FEW_ANIMALS} animals")
    if row.n_excluded:
        flags.append(f"{row.n_excluded} excluded")
    if np.isnan(row.dose_mg_per_kg) and row.role in ("treated", "positive_control"):
        flags.append("dose not recorded")
    if row.n > 1 and row.sd == 0:
        flags.append("values all equal")
    if row.n_below_loq:
        flags.append(f"{row.n_below_loq} below the limit of quantification")
    return [*flags, *model_notes]
