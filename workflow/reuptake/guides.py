"""The four guide tables: the tables that the technical guides on a compound leave to be filled.

Their columns and words are the guides' own; our further columns follow `compound`. A measured
value stands beside a published one, never in its place, and a published value never enters a
ratio. Real and simulated data never share a row, nor does a published value stand in a row of
simulated data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reuptake.formatting import bounded, significant
from reuptake.published import read_affinities as read_affinities
from reuptake.tables import records

if TYPE_CHECKING:
    import pandas as pd

NOT_AVAILABLE, NOT_APPLICABLE = "Data not available", "-"
TARGETS = ("SERT", "DAT", "NET")
DOSES_MG_PER_KG = ("1", "3", "10")

COLUMNS_0 = ("Compound", "Parameter", "Value", "Species", "Assay Type")
COLUMNS_A = (
    "Target",
    "IC50 (nM)",
    "Ki (nM)",
    "Selectivity Ratio (Ki DAT/Ki SERT)",
    "Selectivity Ratio (Ki NET/Ki SERT)",
)
COLUMNS_B = (
    "Treatment Group",
    "Dose (mg/kg, i.p.)",
    "Immobility Time (seconds)",
    "% Reduction in Immobility vs. Vehicle",
)
COLUMNS_C = (
    "Treatment Group",
    "Dose (mg/kg, i.p.)",
    "Hypothalamic 5-HT Level (ng/g tissue)",
    "% Antagonism of PCA Effect",
)
MORE_0 = (
    "compound",
    "simulated",
    "source",
    "target",
    "modality",
    "qualifier",
    "value_nM",
    "lower_nM",
    "upper_nM",
    "n_experiments",
    "method",
    "flags",
)
MORE_A = (
    "compound",
    "simulated",
    "source",
    "ki_qualifier",
    "ki_nM",
    "ki_lower_nM",
    "ki_upper_nM",
    "n_experiments",
    "method",
    "flags",
)
_IN_VIVO_RUN = ["drop", "run", "assay"]
_WHO = ("compound", "simulated", "source", "drop", "run", "group", "species", "n")
_WORDS = {*_WHO, "flags"}
MORE_B = (
    *_WHO,
    "mean_s",
    "sd_s",
    "difference_s",
    "difference_lower_s",
    "difference_upper_s",
    "p_dunnett",
    "hedges_g",
    "reduction_pct",
    "reduction_lower_pct",
    "reduction_upper_pct",
    "flags",
)
MORE_C = (
    *_WHO,
    "mean_ng_per_g",
    "sd_ng_per_g",
    "p_vs_pca",
    "p_vs_vehicle",
    "antagonism_pct",
    "antagonism_lower_pct",
    "antagonism_upper_pct",
    "flags",
)
# columns of tables B and C that hold numbers
NUMBERS = tuple(name for name in (*MORE_B, *MORE_C) if name not in _WORDS)

_TRANSMITTERS = {"SERT": "Serotonin", "DAT": "Dopamine", "NET": "Norepinephrine"}
_MODALITIES = ("binding", "uptake", "response")


def guide_tables(
    tables: Mapping[str, pd.DataFrame], affinities: pd.DataFrame, guide_compound: str
) -> dict[str, pd.DataFrame]:
    """All four tables, by the name of their file.

    Parameters
    ----------
    tables : mapping
        The result tables potency, selectivity, forced_swim and pca_antagonism.
    affinities : DataFrame
        Published values, see :func:`read_affinities`.
    guide_compound : str
        The compound that always has its block.

    Returns
    -------
    dict of DataFrame
        Frames of text, keyed ``guide_table_0``, ``guide_table_a``, ``_b`` and ``_c``.
    """
    return {
        "guide_table_0": table_0(tables["potency"], affinities, guide_compound),
        "guide_table_a": table_a(
            tables["potency"], tables["selectivity"], affinities, guide_compound
        ),
        "guide_table_b": table_b(tables["forced_swim"], guide_compound),
        "guide_table_c": table_c(tables["pca_antagonism"], guide_compound),
    }


def references(affinities: pd.DataFrame, guide_compound: str) -> list[str]:
    """The sources of the guide compound's published values; the first one is cited as [1]."""
    return list(dict.fromkeys(affinities.loc[affinities["compound"] == guide_compound, "source"]))


def footnotes(affinities: pd.DataFrame, guide_compound: str) -> list[str]:
    """What each reference is the source of: ``uptake IC50 at SERT: ...``, [1] first."""
    mine = affinities[affinities["compound"] == guide_compound]
    notes = []
    for source, rows in mine.groupby("source", sort=False):
        values = [
            f"{row['modality']} {row['quantity']} at {row['target']}" for _, row in rows.iterrows()
        ]
        notes.append(f"{', '.join(values)}: {source}")
    return notes


def table_0(potency: pd.DataFrame, affinities: pd.DataFrame, guide_compound: str) -> pd.DataFrame:
    """Quantitative data: the published values of the guide compound, then every measured one."""
    cited = references(affinities, guide_compound)
    rows = [
        {
            "Compound": row["compound"],
            "Parameter": row["quantity"],
            "Value": f"{row['value_nM']} nM",
            "Species": _species(row["species"]),
            "Assay Type": assay_type(row["modality"], row["target"]),
            "source": f"literature [{cited.index(row['source']) + 1}]: {row['source']}",
            "qualifier": "=",
            "simulated": "false",
            **{name: row[name] for name in ("compound", "target", "modality", "value_nM")},
        }
        for _, row in affinities[affinities["compound"] == guide_compound].iterrows()
    ]
    measured = potency[potency["qualifier"] != ""]
    for _, row in in_reading_order(measured, guide_compound).iterrows():
        rows.append(
            {
                "Compound": row["compound"],
                "Parameter": row["quantity"],
                "Value": bounded(row["qualifier"], row["value_nM"], "nM"),
                "Species": _species(row["species"]),
                "Assay Type": assay_type(row["modality"], row["target"]),
                "compound": row["compound"],
                "source": _origin(row["simulated"]),
                "target": row["target"],
                "modality": row["modality"],
                "simulated": _truth(row["simulated"]),
                "qualifier": row["qualifier"],
                **_numbers(row, "value_nM", "lower_nM", "upper_nM"),
                "n_experiments": str(row["n_experiments"]),
                "method": row["method"],
                "flags": row["flags"],
            }
        )
    return _frame(rows, COLUMNS_0 + MORE_0)


def table_a(
    potency: pd.DataFrame,
    selectivity: pd.DataFrame,
    affinities: pd.DataFrame,
    guide_compound: str,
) -> pd.DataFrame:
    """In vitro binding affinity and selectivity at the human transporters.

    One block of hSERT, hDAT, hNET for the guide compound and for every other compound with a
    value at one of them; simulated data have blocks of their own. An IC50 names its modality.
    A ratio is that of binding Ki, as `selectivity` gives it, and of nothing else.
    """
    human = potency[_is_human(potency["species"]) & potency["target"].isin(TARGETS)]
    human = human[human["qualifier"] != ""]
    ratios = selectivity[
        _is_human(selectivity["species"])
        & (selectivity["primary"] == "SERT")
        & (selectivity["modality"] == "binding")
        & (selectivity["quantity"] == "Ki")
        & (selectivity["qualifier"] != "")
    ]
    values_of = _by(human, "compound", "simulated", "target")
    ratios_of = _by(ratios, "compound", "simulated")
    measured = {(compound, bool(simulated)) for compound, simulated, _ in values_of}
    blocks = sorted(measured | {(guide_compound, False)}, key=lambda b: (b[0] != guide_compound, b))
    rows = []
    for compound, simulated in blocks:
        my_ratios = ratios_of.get((compound, simulated), [])
        published = (
            _published(affinities, guide_compound)
            if (compound, simulated) == (guide_compound, False)
            else {}
        )
        for target in TARGETS:
            here = values_of.get((compound, simulated, target), [])
            literature = {q: published.get((target, q), []) for q in ("IC50", "Ki")}
            sources = [s for values in literature.values() for _, s in values]
            rows.append(
                {
                    "Target": f"h{target}",
                    "IC50 (nM)": _cell(here, "IC50", literature["IC50"]),
                    "Ki (nM)": _cell(here, "Ki", literature["Ki"]),
                    COLUMNS_A[3]: _ratio_cell(my_ratios, "DAT", target),
                    COLUMNS_A[4]: _ratio_cell(my_ratios, "NET", target),
                    "compound": compound,
                    "simulated": _truth(simulated),
                    "source": "; ".join([*sources, *([_origin(simulated)] if here else [])]),
                    **_binding_ki(here),
                }
            )
    return _frame(rows, COLUMNS_A + MORE_A)


def table_b(forced_swim: pd.DataFrame, guide_compound: str) -> pd.DataFrame:
    """Forced swim test in rats: every run of a compound with its control group.

    The guide compound always has its block, with the doses of the guide; a compound's groups are
    those that were treated with it, as test or positive control.
    """
    rats = forced_swim[forced_swim["species"].str.lower() == "rat"]
    blocks = _in_vivo_blocks(rats, guide_compound)
    rows = []
    for (compound, simulated), runs in blocks.items():
        for control, groups in runs:
            rows.append(_swim_row("Vehicle", control, compound))
            rows += [_swim_row(compound, row, compound) for row in groups]
        if (compound, simulated) == (guide_compound, False):
            if not runs:
                rows.append(_unmeasured(COLUMNS_B, "Vehicle", compound))
            for dose in _missing_doses(runs):
                rows.append(_unmeasured(COLUMNS_B, compound, compound, dose))
    return _frame(rows, COLUMNS_B + MORE_B)


def table_c(pca_antagonism: pd.DataFrame, guide_compound: str) -> pd.DataFrame:
    """Antagonism of PCA-induced 5-HT depletion: every run of a compound, in the same way."""
    levels = pca_antagonism[pca_antagonism["readout"] == "5-HT"]
    challenges = _by_run(levels[levels["role"] == "challenge"])
    rows = []
    for (compound, simulated), runs in _in_vivo_blocks(levels, guide_compound).items():
        for control, groups in runs:
            rows.append(_level_row("Vehicle", control, compound))
            for challenge in challenges.get(_run_of(control), []):
                rows.append(_level_row("PCA", challenge, compound))
            rows += [_level_row(f"{compound} + PCA", row, compound) for row in groups]
        if (compound, simulated) == (guide_compound, False):
            if not runs:
                rows += [_unmeasured(COLUMNS_C, name, compound) for name in ("Vehicle", "PCA")]
            for dose in _missing_doses(runs):
                rows.append(_unmeasured(COLUMNS_C, f"{compound} + PCA", compound, dose))
    return _frame(rows, COLUMNS_C + MORE_C)


def compounds_in(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups that were given a compound: treated ones and positive controls.

    A group treated as the run's vehicle is (stressed animals, say) is none of them.

    Parameters
    ----------
    groups : DataFrame
        Rows of forced_swim or pca_antagonism; the first of a run is its control group.
    """
    first = groups.groupby(_IN_VIVO_RUN, sort=False)["treatment"].transform("first")
    given = groups["role"].isin(["treated", "positive_control"])
    return groups[given & (groups["treatment"].str.casefold() != first.str.casefold())]


def _in_vivo_blocks(groups: pd.DataFrame, guide_compound: str) -> dict[tuple[str, bool], list]:
    """(compound, simulated) to its runs: [(control row, rows of the compound's groups)]."""
    controls = {run: rows[0] for run, rows in _by_run(groups).items()}
    blocks: dict[tuple[str, bool], list] = {(guide_compound, False): []}
    given = compounds_in(groups).assign(simulated=lambda f: f["simulated"].fillna(False))
    for (compound, simulated), mine in given.groupby(["treatment", "simulated"], sort=True):
        blocks[compound, bool(simulated)] = [
            (controls[run], rows) for run, rows in _by_run(mine).items()
        ]
    order = sorted(blocks, key=lambda b: (b[0] != guide_compound, b))
    return {block: blocks[block] for block in order}


def _by_run(groups: pd.DataFrame) -> dict[tuple, list[dict]]:
    found: dict[tuple, list[dict]] = {}
    for row in groups.to_dict("records"):
        found.setdefault(_run_of(row), []).append(row)
    return found


def _run_of(row: dict) -> tuple:
    return tuple(row[name] for name in _IN_VIVO_RUN)


def _missing_doses(runs: list) -> list[str]:
    """The guide's doses that no run has."""
    tested = {f"{row['dose_mg_per_kg']:g}" for _, groups in runs for row in groups}
    return [dose for dose in DOSES_MG_PER_KG if dose not in tested]


def _unmeasured(columns, treatment: str, compound: str, dose: str = NOT_APPLICABLE) -> dict:
    last = NOT_APPLICABLE if dose == NOT_APPLICABLE else NOT_AVAILABLE
    cells = dict(zip(columns, (treatment, dose, NOT_AVAILABLE, last), strict=True))
    return cells | {"compound": compound, "simulated": "false"}


def _swim_row(treatment: str, row: dict, compound: str) -> dict:
    return _group_cells(treatment, row, compound, COLUMNS_B, "mean_s", "reduction_pct") | _numbers(
        row, *(name for name in MORE_B if name in row and name not in _WORDS)
    )


def _level_row(treatment: str, row: dict, compound: str) -> dict:
    level, share = "mean_ng_per_g", "antagonism_pct"
    cells = _group_cells(treatment, row, compound, COLUMNS_C, level, share)
    if "assay invalid" in row["flags"] and cells[COLUMNS_C[3]] == NOT_AVAILABLE:
        cells[COLUMNS_C[3]] = "assay invalid"
    return cells | _numbers(row, *(name for name in MORE_C if name in row and name not in _WORDS))


def _group_cells(treatment, row: dict, compound: str, columns, value: str, share: str) -> dict:
    """A group in the guide's four cells, and who it was."""
    given = row["role"] in ("treated", "positive_control")
    dose, missing = row["dose_mg_per_kg"], NOT_AVAILABLE if given else NOT_APPLICABLE
    return {
        columns[0]: treatment,
        columns[1]: f"{dose:g}"
        if dose == dose and given
        else "not recorded"
        if given
        else NOT_APPLICABLE,
        columns[2]: _plain_number(row[value], NOT_AVAILABLE),
        columns[3]: _plain_number(row[share] if given else float("nan"), missing),
        "compound": compound,
        "simulated": _truth(row["simulated"]),
        "source": _origin(row["simulated"]),
        **{name: row[name] for name in ("drop", "run", "group", "species", "flags")},
        "n": str(row["n"]),
    }


def _plain_number(value: float, missing: str) -> str:
    """Three figures; a negative one with a minus sign that no spreadsheet takes for a formula."""
    return missing if value != value else significant(value).replace("-", "\N{MINUS SIGN}")


def assay_type(modality: str, target: str) -> str:
    """The guides' words for an assay: ``Serotonin Reuptake Inhibition``."""
    if modality == "uptake":
        transmitter = _TRANSMITTERS.get(target)
        return (
            f"{transmitter} Reuptake Inhibition" if transmitter else f"{target} Uptake Inhibition"
        )
    if modality == "binding":
        return f"Radioligand Competition Binding, {target}"
    return f"Normalised Response, {target}"


def in_reading_order(frame: pd.DataFrame, guide_compound: str) -> pd.DataFrame:
    """Rows as a reader looks for them: the guide compound first, SERT before DAT before NET.

    Parameters
    ----------
    frame : DataFrame
        Any result table; sorted by those of compound, simulated, modality, species, target,
        quantity and assay that it has.
    guide_compound : str
        The compound that comes first.
    """

    def place(column: pd.Series) -> pd.Series:
        if column.name == "compound":
            return column.map(lambda name: f"{name != guide_compound:d}{name}")
        known = {"target": TARGETS, "modality": _MODALITIES}.get(column.name)
        if known is None:
            return column
        return column.map(lambda name: f"{known.index(name) if name in known else 9}{name}")

    order = ["compound", "simulated", "modality", "species", "target", "quantity", "assay"]
    columns = [name for name in order if name in frame]
    return frame.sort_values(columns, key=place, kind="stable")


def _frame(rows: list[dict], columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    full = [[row.get(name, "") for name in columns] for row in rows]
    return pd.DataFrame(full, columns=list(columns), dtype="str")


def _by(frame: pd.DataFrame, *names: str) -> dict[tuple, list[dict]]:
    """The rows by their values in some columns, in their order."""
    found: dict[tuple, list[dict]] = {}
    for row in records(frame):
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


def _is_human(species: pd.Series) -> pd.Series:
    return species.str.lower() == "human"


def _species(name: str) -> str:
    if name.lower() in ("", "not specified"):
        return "Not Specified"
    return name[:1].upper() + name[1:]


def _origin(simulated: bool) -> str:
    return "simulated" if simulated else "measured"


def _truth(value: object) -> str:
    return "true" if value is True or bool(value) else "false"


def _numbers(row: pd.Series | dict, *names: str) -> dict[str, str]:
    """Machine-readable numbers as the result tables write them; empty where missing."""
    return {name: "" if row[name] != row[name] else f"{row[name]:.10g}" for name in names}


def _published(affinities: pd.DataFrame, guide_compound: str) -> dict[tuple[str, str], list]:
    """(target, quantity) to [(cell text, source text)] of the guide compound's published values."""
    cited = references(affinities, guide_compound)
    found: dict[tuple[str, str], list] = {}
    for _, row in affinities[affinities["compound"] == guide_compound].iterrows():
        if row["species"].lower() in ("human", "not specified", ""):
            number = cited.index(row["source"]) + 1
            source = f"literature [{number}], {row['modality']} {row['quantity']}: {row['source']}"
            found.setdefault((row["target"], row["quantity"]), []).append(
                (f"{row['value_nM']} [{number}]", source)
            )
    return found


def _cell(rows: list[dict], quantity: str, literature: list) -> str:
    """Published values, then measured ones with their modality (a binding Ki goes without)."""
    texts = [text for text, _ in literature]
    for modality in _MODALITIES:
        mine = [r for r in rows if (r["quantity"], r["modality"]) == (quantity, modality)]
        for row in sorted(mine, key=lambda row: row["assay"]):
            value = bounded(row["qualifier"], row["value_nM"])
            which = f"{modality}, {row['assay']}" if len(mine) > 1 else modality
            plain = quantity == "Ki" and modality == "binding"
            texts.append(value if plain else f"{value} ({which})")
    return "; ".join(texts) or NOT_AVAILABLE


def _ratio_cell(ratios: list[dict], off_target: str, row_target: str) -> str:
    if row_target != "SERT":
        return NOT_APPLICABLE
    for row in ratios:
        if row["target"] == off_target:
            return bounded(row["qualifier"], row["ratio"])
    return NOT_AVAILABLE


def _binding_ki(rows: list[dict]) -> dict[str, str]:
    """The machine-readable binding Ki behind a row of Table A."""
    for row in rows:
        if (row["modality"], row["quantity"]) == ("binding", "Ki"):
            numbers = _numbers(row, "value_nM", "lower_nM", "upper_nM")
            return {
                "ki_qualifier": row["qualifier"],
                **{f"ki_{name.removeprefix('value_')}": text for name, text in numbers.items()},
                "n_experiments": str(row["n_experiments"]),
                "method": row["method"],
                "flags": row["flags"],
            }
    return {}
