"""What the results do not show, said by rule from the data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from reuptake.figures.palette import TARGET_COLOURS
from reuptake.formatting import join_words, significant
from reuptake.tables import records

_NAMED = 8  # subjects that are named; the rest is counted
_NEAR_FLOOR = 3  # an IC50 within this factor of half the transporter concentration


@dataclass(frozen=True)
class Limitation:
    """One thing not to conclude, and of which results it holds (of all, if none is named)."""

    title: str
    text: str
    subjects: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """The subjects as words."""
        listed = list(self.subjects[:_NAMED])
        more = len(self.subjects) - len(listed)
        return join_words([*listed, f"{more} more"] if more else listed)


_OF_CURVES = ["drop", "run", "assay", "plate", "compound", "target", "kind", "status", "flags"]
_OF_CURVES += ["ic50_qualifier", "ic50_nM", "ki_qualifier", "ki_method", "transporter_nM"]
_OF_CURVES += ["depletion_competitor_pct", "depletion_bias_pct", "simulated"]


def limitations(
    tables: dict[str, pd.DataFrame], guide_compound: str, compound: str | None = None
) -> list[Limitation]:
    """Every rule that the data call for, in the order of weight.

    Parameters
    ----------
    tables : dict
        Frames `drops`, `plates`, `curves`, `potency`, `forced_swim` and `pca_antagonism`.
    guide_compound : str
        Its published value is an uptake IC50, which is said.
    compound : str, optional
        Only what concerns this compound; else the whole archive.
    """
    tables = tables | {"curves": tables["curves"][_OF_CURVES]}
    if compound is not None:
        tables |= {
            name: tables[name][tables[name]["compound"] == compound]
            for name in ("curves", "potency")
        }
        tables |= {
            name: tables[name][tables[name]["treatment"] == compound]
            for name in ("forced_swim", "pca_antagonism")
        }
        plates = tables["plates"]
        keys = ["drop", "run", "assay", "plate"]
        mine = tables["curves"][keys].drop_duplicates()
        tables["plates"] = plates.merge(mine, on=keys)
    found = [
        *_simulated(tables),
        *_replication(tables["potency"]),
        *_censored(tables["potency"]),
        *_not_tested(tables["curves"]),
        *_exact(tables["curves"]),
        *_depletion(tables["curves"]),
        *_refused_ki(tables["curves"]),
        *_ki_assumptions(tables["potency"]),
        *_tight_binding(tables["curves"]),
        *_curves(tables["curves"]),
        *_plates(tables["plates"]),
        *_in_vivo(tables["forced_swim"], tables["pca_antagonism"]),
        *(_drops(tables["drops"]) if compound is None else []),
        *_scope(tables["potency"], guide_compound, compound),
    ]
    return found


def _subjects(rows: pd.DataFrame, *more: str) -> tuple[str, ...]:
    """``compound at target (quantity)`` of each distinct row, with `more` columns appended."""
    words = []
    for row in records(rows[["compound", "target", *more]]):
        inside = ", ".join(str(row[name]) for name in more if str(row[name]))
        words.append(f"{row['compound']} at {row['target']}" + (f" ({inside})" if inside else ""))
    return tuple(dict.fromkeys(words))


def _simulated(tables) -> Iterable[Limitation]:
    shown = [tables[name]["simulated"] for name in ("potency", "forced_swim", "pca_antagonism")]
    flags = pd.concat(shown).fillna(False).astype(bool)
    if flags.any():
        which = "Every result here comes" if flags.all() else "The marked results come"
        yield Limitation(
            "Simulated data",
            f"{which} from simulated wells or animals. They show how the analysis behaves and say "
            "nothing about a compound.",
        )


def _replication(potency: pd.DataFrame) -> Iterable[Limitation]:
    exact = potency[potency["qualifier"] == "="]
    one, two = exact[exact["n_experiments"] == 1], exact[exact["n_experiments"] == 2]
    if len(one):
        yield Limitation(
            "One experiment only",
            "n = 1: an interval shown with it is that of the fit, not of a repetition; how far a "
            "second experiment would differ is unknown.",
            _subjects(one, "modality", "quantity"),
        )
    if len(two):
        yield Limitation(
            "Two experiments only",
            "n = 2: the spread between experiments is hardly known, and an interval from it is "
            "very wide or missing.",
            _subjects(two, "modality", "quantity"),
        )


def _censored(potency: pd.DataFrame) -> Iterable[Limitation]:
    bounds = potency[potency["qualifier"].isin([">", "<"])]
    if len(bounds):
        yield Limitation(
            "Bounds",
            "A value with > or < is a limit, not an estimate: the true value can lie anywhere "
            "beyond it.",
            _subjects(bounds, "modality", "quantity"),
        )
    mixed = potency[(potency["qualifier"] == "=") & (potency["n_censored"] > 0)]
    if len(mixed):
        yield Limitation(
            "Partly censored",
            "Some experiments gave only a bound; the value joins them with the exact ones.",
            _subjects(mixed, "modality", "quantity"),
        )


def _not_tested(curves: pd.DataFrame) -> Iterable[Limitation]:
    """Which of the three transporters a compound was not tested at, simulated data apart."""
    marked = curves.assign(simulated=curves["simulated"].fillna(False).astype(bool))
    missing = []
    for (compound, simulated), mine in marked.groupby(["compound", "simulated"], sort=True):
        absent = [target for target in TARGET_COLOURS if not (mine["target"] == target).any()]
        if absent:
            where = join_words(absent, "or")
            missing.append(f"{compound} at {where}" + (" (simulated)" if simulated else ""))
    if missing:
        yield Limitation(
            "Not tested",
            "No curve at these transporters, so nothing is said of them.",
            tuple(missing),
        )


def _exact(curves: pd.DataFrame) -> Iterable[Limitation]:
    exact = curves[curves["ki_method"] == "exact"]
    if len(exact):
        held = exact["depletion_competitor_pct"].max()
        bias = exact["depletion_bias_pct"].abs().max()
        yield Limitation(
            "Cheng-Prusoff not used",
            f"The sites in the well hold so much of the compound (guard G2, up to "
            f"{significant(held)} %) that Cheng-Prusoff would be off by up to {significant(bias)} "
            "% (guard G5). These Ki are from the exact mass balance and rest on the concentration "
            "of sites.",
            _subjects(exact),
        )


def _depletion(curves: pd.DataFrame) -> Iterable[Limitation]:
    bound = curves[curves["ki_method"] == "bound"]
    unknown = bound["flags"].str.contains("not assessable", regex=False)
    if unknown.any():
        yield Limitation(
            "Depletion not assessable",
            "Ki is given as an upper bound only: without Bmax, protein or radioligand added, the "
            "loss of free ligand to the membranes cannot be told.",
            _subjects(bound[unknown]),
        )
    biased = bound[~unknown]
    if len(biased):
        worst = biased["depletion_bias_pct"].abs().max()
        known = "" if pd.isna(worst) else f" (up to {significant(worst)} %)"
        yield Limitation(
            "Depletion too strong",
            f"Ki is given as an upper bound only: the bias of Cheng-Prusoff predicted from the "
            f"transporter in the well is too large{known}. More dilute membranes or a larger "
            "volume would give a value.",
            _subjects(biased),
        )
    assumed = curves[curves["flags"].str.contains("depletion assumed negligible", regex=False)]
    if len(assumed):
        yield Limitation(
            "Depletion assumed",
            "That neither radioligand nor compound was depleted is an assumption of the assay's "
            "settings, not a measurement.",
            _subjects(assumed),
        )


def _refused_ki(curves: pd.DataFrame) -> Iterable[Limitation]:
    refused = curves[
        (curves["ki_qualifier"] == "")
        & (curves["ic50_qualifier"] != "")
        & (curves["kind"] != "response")
    ]
    if len(refused):
        yield Limitation(
            "IC50 without a Ki",
            "An IC50 depends on the ligand or substrate of its assay and is compared only within "
            "it. The curves' flags say what a Ki would need.",
            _subjects(refused, "assay"),
        )


def _ki_assumptions(potency: pd.DataFrame) -> Iterable[Limitation]:
    ki = potency[(potency["quantity"] == "Ki") & (potency["qualifier"] != "")]
    if not len(ki):
        return
    yield Limitation(
        "Errors of Kd and ligand concentration",
        "A single curve's Ki carries the errors of Kd (or Km), ligand and sites that are known. "
        "The interval over several experiments, and that of a ratio, holds the scatter between "
        "them; an error of a shared Kd, which shifts all Ki of an assay together, is not in it "
        "but in the second interval of the tables (constants_lower, constants_upper).",
    )
    yield Limitation(
        "Equilibrium not demonstrated",
        "A Ki presumes equilibrium and competition at one site. No association or dissociation "
        "experiment is analysed here, so neither is shown; a slowly binding compound looks weaker "
        "than it is.",
    )


def _tight_binding(curves: pd.DataFrame) -> Iterable[Limitation]:
    floor = curves["transporter_nM"] / 2
    near = curves[
        (curves["kind"] == "uptake_inhibition")
        & (curves["ic50_qualifier"] == "=")
        & (curves["ic50_nM"] <= _NEAR_FLOOR * floor)
    ]
    if len(near):
        yield Limitation(
            "Close to the tight-binding floor",
            "The uptake IC50 lies within a factor of three of half the transporter concentration "
            "in the well, below which no IC50 can read; the true affinity may be higher. IC50 at "
            "two cell densities would tell.",
            _subjects(near),
        )


def _curves(curves: pd.DataFrame) -> Iterable[Limitation]:
    for status, title, text in (
        ("failed", "Curves without a fit", "These curves could not be fitted and give no number."),
        (
            "ambiguous",
            "Ambiguous curves",
            "The data do not close the interval of IC50, or do not tell the parameters apart; the "
            "open side is called unbounded.",
        ),
        (
            "partial",
            "Partial inhibition",
            "The compound's own plateau stays above complete inhibition; the relative IC50 is "
            "half way to that plateau, not to full block.",
        ),
    ):
        mine = curves[curves["status"] == status]
        if len(mine):
            yield Limitation(title, text, _subjects(mine))


def _plates(plates: pd.DataFrame) -> Iterable[Limitation]:
    def names(rows: pd.DataFrame) -> tuple[str, ...]:
        return tuple(f"{r.drop} / {r.run} / {r.plate}" for r in rows.itertuples())

    failed, warned = plates[plates["verdict"] == "fail"], plates[plates["verdict"] == "warn"]
    if len(failed):
        yield Limitation(
            "Failed plates are left out",
            "Their curves are shown but enter no potency.",
            names(failed),
        )
    if len(warned):
        yield Limitation(
            "Plates with a warning are used",
            "They missed a limit without failing it; their curves count fully.",
            names(warned),
        )


def _in_vivo(forced_swim: pd.DataFrame, pca_antagonism: pd.DataFrame) -> Iterable[Limitation]:
    if forced_swim.empty and pca_antagonism.empty:
        yield Limitation(
            "No in-vivo data",
            "Nothing here is about animals: exposure, occupancy and effect in vivo are not shown.",
        )
    if len(forced_swim):
        yield Limitation(
            "Immobility alone",
            "The forced swim test counts immobility. A compound that stimulates locomotion lowers "
            "it too, and no test of locomotion is analysed here.",
            _runs(forced_swim),
        )
    if len(pca_antagonism):
        yield Limitation(
            "Occupancy by way of depletion",
            "Antagonism of PCA tells of occupied transporters by what they let through; it is no "
            "measurement of occupancy, and without plasma levels doses are not exposures.",
            _runs(pca_antagonism),
        )
    groups = pd.concat([forced_swim, pca_antagonism])
    invalid = groups[groups["flags"].str.contains("assay invalid", regex=False)]
    if len(invalid):
        yield Limitation(
            "Challenge without depletion",
            "The challenge did not deplete enough, so antagonism is undefined and not given.",
            _runs(invalid),
        )
    if len(groups):
        yield Limitation(
            "One run, one experiment",
            "Each run with animals is shown by itself: n counts its animals, and how far another "
            "run would differ is unknown.",
        )


def _runs(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{r.drop} / {r.run}" for r in rows[["drop", "run"]].itertuples()))


def _drops(drops: pd.DataFrame) -> Iterable[Limitation]:
    out = drops[drops["status"] != "accepted"]
    if len(out):
        yield Limitation(
            "Drops that are not in these numbers",
            "Rejected and unregistered drops contribute nothing.",
            tuple(f"{r.drop} ({r.status})" for r in out.itertuples()),
        )


def _scope(potency: pd.DataFrame, guide_compound: str, compound: str | None):
    if compound in (None, guide_compound):
        real = potency[
            (potency["compound"] == guide_compound)
            & ~potency["simulated"].fillna(False).astype(bool)
        ]
        lead = "" if len(real) else f"No measured data of {guide_compound} are in this archive. "
        yield Limitation(
            "The published value",
            f"{lead}What is published of {guide_compound} stands in the guide tables, marked as "
            "literature, and enters no ratio; an uptake IC50 is not a Ki.",
        )
    yield Limitation(
        "Other targets",
        "Selectivity is over the off-targets named, and over nothing else: other transporters, "
        "receptors and enzymes were not tested.",
    )
