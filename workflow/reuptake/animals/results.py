"""What the in-vivo assays share on the way from a model to rows of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reuptake.animals import omnibus, sensitivity
from reuptake.animals.columns import TABLES
from reuptake.animals.dunnett import Comparisons
from reuptake.animals.groups import GroupModel, against, fit_groups
from reuptake.animals.williams import williams
from reuptake.tables import typed

ALPHA = 0.05
SUSPICIOUS_G = 3.0
_AT_LIMIT = "levels below the limit counted as the limit"
_CENSORED = {
    "anova": "Wald F of the censored fit, approximate",
    "welch": _AT_LIMIT,
    "kruskal": _AT_LIMIT,
    "brown_forsythe": _AT_LIMIT,
    "shapiro": "without the levels below the limit",
}


def runs(animals: pd.DataFrame, assays: Mapping[str, Mapping], kind: str, readout: str) -> Iterator:
    """Each run of an assay kind: its identity (columns that all rows share), rows, assay."""
    mine = animals[animals["readout"] == readout]
    for (drop, run, assay), rows in mine.groupby(["drop", "run", "assay"], sort=True):
        settings = assays.get(assay, {})
        if settings.get("kind") != kind:
            continue
        identity = {
            "drop": drop,
            "run": run,
            "assay": assay,
            "readout": readout,
            "simulated": bool(rows["simulated"].fillna(False).any()),
        }
        yield identity, rows, settings


def tables(kind_tables: Mapping[str, list[dict]]) -> dict[str, pd.DataFrame]:
    """Rows as typed tables, by name."""
    return {name: typed(pd.DataFrame(rows), TABLES[name]) for name, rows in kind_tables.items()}


def test_rows(model: GroupModel) -> list[dict]:
    """Rows of the tests of a run, and what each of them says of the comparisons."""
    rows = []
    for test in omnibus.all_tests(model):
        flags = [test.reason] if test.reason else []
        if test.test == "brown_forsythe" and test.p < ALPHA:
            flags.append("variances differ: see welch, dunnett_t3 and games_howell")
        if test.test == "shapiro" and test.p < ALPHA:
            flags.append("residuals not normal: see kruskal and dunn_holm")
        if test.test == "anova" and model.blocks:
            flags.append(f"adjusted for {' and '.join(model.blocks)}")
        if test.test in ("welch", "kruskal", "brown_forsythe") and model.blocks:
            flags.append(_unadjusted(model))
        if model.n_censored:
            flags.append(_CENSORED[test.test])
        rows.append(
            {
                "test": test.test,
                "statistic": test.statistic,
                "df1": test.df1,
                "df2": test.df2,
                "p": test.p,
                "omega2": model.omega2 if test.test == "anova" else np.nan,
                "flags": "; ".join(flags),
            }
        )
    return rows


def model_flags(tests: list[dict], model: GroupModel) -> list[str]:
    """What the tests of assumptions say, for the rows of the groups."""
    p = {row["test"]: row["p"] for row in tests}
    flags = []
    if p["brown_forsythe"] < ALPHA:
        flags.append("variances differ between groups (Brown-Forsythe)")
    if p["shapiro"] < ALPHA:
        flags.append("residuals not normal (Shapiro-Wilk)")
    if grows_with_mean(model, p["brown_forsythe"]):
        flags.append("variance grows with the mean: see dunnett_log")
    return flags


def grows_with_mean(model: GroupModel, p_brown_forsythe: float) -> bool:
    """Whether variances differ and log SD rises with log mean over the groups."""
    if model.n_censored or not p_brown_forsythe < ALPHA or any(np.min(v) <= 0 for v in model.units):
        return False
    spread = [(np.mean(v), np.std(v, ddof=1)) for v in model.units if len(v) > 1]
    spread = np.log([pair for pair in spread if pair[1] > 0])
    return len(spread) > 2 and np.polyfit(spread[:, 0], spread[:, 1], 1)[0] > 0.5


def contrast_rows(
    model: GroupModel,
    control: str,
    family: list[str],
    found: Comparisons,
    trends: Mapping[str, list[str]] | None = None,
    *,
    log: bool = False,
) -> list[dict]:
    """Rows of contrasts: Dunnett's, a trend where one was planned, and those for sensitivity.

    Parameters
    ----------
    trends : mapping
        Treatment to its groups in ascending order of dose, for a one-sided test of a fall.
    log : bool
        Adds Dunnett's comparisons of log10 values.
    """
    rows = _dunnett_rows("dunnett", family, control, found)
    for groups in (trends or {}).values():
        at = [model.at(name) for name in (control, *groups)]
        trend = williams(model.mean[at], model.covariance[np.ix_(at, at)], model.n[at], model.df)
        for k in range(len(groups)):
            rows.append(
                {
                    "method": "williams",
                    "group": " + ".join(groups[len(groups) - 1 - k :]),
                    "versus": control,
                    "estimate": trend.estimate[k],
                    "statistic": trend.t[k],
                    "df": trend.df,
                    "p": trend.p[k],
                }
            )
    if log:
        values = np.log10(np.concatenate(model.units))
        labels = np.repeat(np.array(model.groups, dtype=object), model.n)
        on_log = fit_groups(values, labels)
        rows += _dunnett_rows("dunnett_log", family, control, against(on_log, control, family))
    unadjusted = _unadjusted(model)
    wanted = [control, *family]
    groups = [model.units[model.at(name)] for name in wanted]
    if not model.n_censored:
        t3 = sensitivity.t3_against_control(groups, wanted, control)
        rows += t3.assign(method="dunnett_t3", flags=unadjusted).to_dict("records")
    dunn = sensitivity.dunn_against_control(model.units, model.groups, control, family)
    return rows + dunn.assign(method="dunn_holm", flags=unadjusted).to_dict("records")


def pair_rows(model: GroupModel) -> list[dict]:
    """Rows of contrasts of all pairs of groups (Games-Howell); none of censored levels."""
    if model.n_censored:
        return []
    pairs = sensitivity.games_howell(model.units, model.groups)
    return pairs.assign(method="games_howell", flags=_unadjusted(model)).to_dict("records")


def _unadjusted(model: GroupModel) -> str:
    return f"not adjusted for {' and '.join(model.blocks)}" if model.blocks else ""


def _dunnett_rows(method: str, family, control: str, found: Comparisons) -> list[dict]:
    return [
        {
            "method": method,
            "group": name,
            "versus": control,
            "estimate": found.difference[i],
            "statistic": found.t[i],
            "df": found.df,
            "p": found.p[i],
        }
        for i, name in enumerate(family)
    ]


def mean_interval(model: GroupModel, group: str) -> tuple[float, float, float]:
    """Mean in the model and its 95 % limits, from the pooled variance."""
    i = model.at(group)
    half = stdtrit(model.df, 0.975) * np.sqrt(model.covariance[i, i])
    return model.mean[i], model.mean[i] - half, model.mean[i] + half


def part(model: GroupModel, *groups: str) -> np.ndarray:
    """Covariance of the means of some groups, in their order."""
    at = [model.at(name) for name in groups]
    return model.covariance[np.ix_(at, at)]


def joined(*flags: list[str]) -> str:
    """Flags in one cell, each once."""
    return "; ".join(dict.fromkeys(flag for some in flags for flag in some if flag))
