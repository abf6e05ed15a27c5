"""The four guide tables: the tables that the technical guides on a compound leave to be filled.

Their columns and words are the guides' own; our further columns follow `compound`. A measured
value stands beside a published one, never in its place, and a published value never enters a
ratio. Real and simulated data never share a row, nor does a published value stand in a row of
simulated data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reuptake.formatting import bounded

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
MORE_IN_VIVO = ("compound", "simulated", "source")

_TRANSMITTERS = {"SERT": "Serotonin", "DAT": "Dopamine", "NET": "Norepinephrine"}
_MODALITIES = ("binding", "uptake", "response")


def read_affinities(reference: Path) -> pd.DataFrame:
    """Published affinities, as text: a published value keeps the digits it was published with."""
    import pandas as pd

    return pd.read_csv(Path(reference) / "affinities.csv", dtype="str", keep_default_na=False)


def guide_tables(
    potency: pd.DataFrame,
    selectivity: pd.DataFrame,
    affinities: pd.DataFrame,
    guide_compound: str,
) -> dict[str, pd.DataFrame]:
    """All four tables, by the name of their file.

    Parameters
    ----------
    potency, selectivity : DataFrame
        The result tables.
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
        "guide_table_0": table_0(potency, affinities, guide_compound),
        "guide_table_a": table_a(potency, selectivity, affinities, guide_compound),
        "guide_table_b": table_b(guide_compound),
        "guide_table_c": table_c(guide_compound),
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
    measured = {(row["compound"], bool(row["simulated"])) for _, row in human.iterrows()}
    empty = (human.iloc[:0], ratios.iloc[:0])
    values_of, ratios_of = _by_block(human), _by_block(ratios)
    blocks = sorted(measured | {(guide_compound, False)}, key=lambda b: (b[0] != guide_compound, b))
    rows = []
    for compound, simulated in blocks:
        mine = values_of.get((compound, simulated), empty[0])
        my_ratios = ratios_of.get((compound, simulated), empty[1])
        published = (
            _published(affinities, guide_compound)
            if (compound, simulated) == (guide_compound, False)
            else {}
        )
        for target in TARGETS:
            here = mine[mine["target"] == target]
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
                    "source": "; ".join([*sources, *([_origin(simulated)] if len(here) else [])]),
                    **_binding_ki(here),
                }
            )
    return _frame(rows, COLUMNS_A + MORE_A)


def table_b(guide_compound: str) -> pd.DataFrame:
    """Forced swim test in rats: the guide compound's block; no in-vivo data are analysed yet."""
    rows = [("Vehicle", NOT_APPLICABLE, NOT_AVAILABLE, NOT_APPLICABLE)]
    rows += [(guide_compound, dose, NOT_AVAILABLE, NOT_AVAILABLE) for dose in DOSES_MG_PER_KG]
    return _in_vivo(rows, COLUMNS_B, guide_compound)


def table_c(guide_compound: str) -> pd.DataFrame:
    """Antagonism of PCA-induced 5-HT depletion: the guide compound's block, likewise."""
    rows = [(g, NOT_APPLICABLE, NOT_AVAILABLE, NOT_APPLICABLE) for g in ("Vehicle", "PCA")]
    rows += [
        (f"{guide_compound} + PCA", dose, NOT_AVAILABLE, NOT_AVAILABLE) for dose in DOSES_MG_PER_KG
    ]
    return _in_vivo(rows, COLUMNS_C, guide_compound)


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


def _in_vivo(rows: list[tuple], columns: tuple[str, ...], compound: str) -> pd.DataFrame:
    more = {"compound": compound, "simulated": "false", "source": ""}
    return _frame(
        [dict(zip(columns, row, strict=True)) | more for row in rows], columns + MORE_IN_VIVO
    )


def _frame(rows: list[dict], columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    full = [[row.get(name, "") for name in columns] for row in rows]
    return pd.DataFrame(full, columns=list(columns), dtype="str")


def _by_block(frame: pd.DataFrame) -> dict[tuple[str, bool], pd.DataFrame]:
    """The rows of each compound, of measured and of simulated data."""
    return {
        (name, bool(sim)): part for (name, sim), part in frame.groupby(["compound", "simulated"])
    }


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


def _numbers(row: pd.Series, *names: str) -> dict[str, str]:
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


def _cell(rows: pd.DataFrame, quantity: str, literature: list) -> str:
    """Published values, then measured ones with their modality (a binding Ki goes without)."""
    texts = [text for text, _ in literature]
    rows = rows[rows["quantity"] == quantity]
    for modality in _MODALITIES:
        mine = rows[rows["modality"] == modality].sort_values("assay")
        for _, row in mine.iterrows():
            value = bounded(row["qualifier"], row["value_nM"])
            which = f"{modality}, {row['assay']}" if len(mine) > 1 else modality
            plain = quantity == "Ki" and modality == "binding"
            texts.append(value if plain else f"{value} ({which})")
    return "; ".join(texts) or NOT_AVAILABLE


def _ratio_cell(ratios: pd.DataFrame, off_target: str, row_target: str) -> str:
    if row_target != "SERT":
        return NOT_APPLICABLE
    for _, row in ratios[ratios["target"] == off_target].iterrows():
        return bounded(row["qualifier"], row["ratio"])
    return NOT_AVAILABLE


def _binding_ki(rows: pd.DataFrame) -> dict[str, str]:
    """The machine-readable binding Ki behind a row of Table A."""
    for _, row in rows[(rows["modality"] == "binding") & (rows["quantity"] == "Ki")].iterrows():
        numbers = _numbers(row, "value_nM", "lower_nM", "upper_nM")
        return {
            "ki_qualifier": row["qualifier"],
            **{f"ki_{name.removeprefix('value_')}": text for name, text in numbers.items()},
            "n_experiments": str(row["n_experiments"]),
            "method": row["method"],
            "flags": row["flags"],
        }
    return {}
