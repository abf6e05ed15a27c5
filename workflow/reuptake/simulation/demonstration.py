"""The drops that come with the project: nine compounds at three transporters, one in rats,
and the saturation and kinetics runs that tell the constants of the assays.

True Ki come from data/reference/affinities.csv, volumes, protein and times from
config/assays.yaml; what neither of them holds stands in the tables below.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import yaml

from reuptake.binding.radiochemistry import transporter_on_cells_nM
from reuptake.quantities import parse
from reuptake.simulation.files import RunFiles, drop_files, drop_yaml
from reuptake.simulation.in_vivo import Effect, in_vivo_files
from reuptake.simulation.plates import (
    PLATE_96,
    PLATE_384,
    Curve,
    Run,
    generator,
    isotherm_layout,
    layout,
)
from reuptake.simulation.signal import BindingAssay, UptakeAssay, cpm_per_fmol

SEED = 20260302
TARGETS = ("SERT", "DAT", "NET")
COMPOUNDS = (
    "DEMO-1",
    "citalopram",
    "paroxetine",
    "fluoxetine",
    "sertraline",
    "desipramine",
    "reboxetine",
    "atomoxetine",
    "bupropion",
)
DENSE_COMPOUNDS = ("citalopram", "DEMO-1", "paroxetine")
PARTNER_COMPOUNDS = ("DEMO-1", "fluoxetine", "sertraline", "desipramine", "bupropion")

_LOTS = {  # lot, specific activity in Ci/mmol and its reference date
    "sert_binding": ("SIM-2201", 80, date(2026, 1, 15)),
    "dat_binding": ("SIM-2202", 80, date(2025, 11, 3)),
    "net_binding": ("SIM-2203", 80, date(2025, 12, 8)),
    "sert_uptake": ("SIM-2301", 80, date(2026, 1, 20)),
    "dat_uptake": ("SIM-2302", 50, date(2026, 2, 2)),
    "net_uptake": ("SIM-2303", 50, date(2025, 10, 12)),
    "sert_saturation": ("SIM-2201", 80, date(2026, 1, 15)),
    "dat_saturation": ("SIM-2202", 80, date(2025, 11, 3)),
    "net_saturation": ("SIM-2203", 80, date(2025, 12, 8)),
    "sert_kinetics": ("SIM-2301", 80, date(2026, 1, 20)),
}
_UNITS = {"SERT": "nM", "DAT": "uM", "NET": "uM"}

# Radioligand on the filter per free, for 8 to 12 % non-specific binding.
_ALPHA = {"SERT": 5e-4, "DAT": 1.25e-3, "NET": 8e-4}
_BINDING_BACKGROUND_CPM = 22.0
# What the saturation and the kinetics runs of the demonstration should find.
KD_nM = {"SERT": 5.3, "DAT": 10.0, "NET": 6.0}
BMAX_PMOL_MG = {"SERT": 1.25, "DAT": 4.0, "NET": 1.5}
KM_nM = {"SERT": 463.0, "DAT": 1500.0, "NET": 500.0}
# Vmax of 12 500 cells, those of a 384-well: they take up 6 % of the substrate.
_VMAX_FMOL_PER_MIN = {"SERT": 150.0, "DAT": 480.0, "NET": 160.0}
_UPTAKE_NONSPECIFIC = 0.006
_UPTAKE_BACKGROUND_CPM = 18.0

_SATURATION = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8)  # radioligand in units of its Kd
_KINETICS_nM = (25, 50, 100, 200, 400, 800, 1600, 3200)
_COURSE_MIN, _COURSE_nM = (2, 5, 15, 20), 100
# In rats; assumed, as the compound is.
IN_VIVO = "2026-03-23-in-vivo"
_SWIM, _PROTECTION = Effect(2.5, 0.55), Effect(2.0, 1.0)
_POSITIVE_CONTROL = ("fluoxetine", 10.0, Effect(6.0, 0.6))

_SERIES_nM = (30000, 10000, 3000, 1000, 300, 100, 30, 10, 3, 1, 0.3, 0.1, 0.03)
_POINTS = 10


def demonstration_drops(config: Path, reference: Path) -> dict[str, dict[str, bytes]]:
    """Files of all demonstration drops.

    Parameters
    ----------
    config : Path
        Folder with assays.yaml.
    reference : Path
        Folder with affinities.csv.

    Returns
    -------
    dict of str to dict of str to bytes
        For each drop the contents by path inside its folder.
    """
    assays = yaml.safe_load((config / "assays.yaml").read_text(encoding="utf-8"))
    binding = true_ki_nM(reference / "affinities.csv", "binding")
    uptake = true_ki_nM(reference / "affinities.csv", "uptake")

    sert, dat, net = binding_runs(assays, binding, "2026-03-02-A")
    first = [dropping(sert, "SERT-2", "C6"), dat, net]

    sert, dat, net = binding_runs(assays, binding, "2026-03-09-B", dilution=5)
    (names,) = net.exports.values()
    net = replace(net, exports={"net-1.txt": names[:2], "net-2.txt": names[2:]})
    second = [sert, dropping(dat, "DAT-3", "D9"), net]

    sert, dat, net = binding_runs(assays, binding, "2026-03-16-C", protein_ug=14.2)
    third = [sert, dat, dropping(net, "NET-1", "G9")]

    fourth = uptake_runs(assays, uptake, "2026-03-04-U")
    sert, dat, net = uptake_runs(assays, uptake, "2026-03-11-V")
    fifth = [sert, dropping(dat, "DAT", "G12"), net]
    sert, dat, net = uptake_runs(assays, uptake, "2026-03-18-W")
    sixth = [dropping(sert, "SERT", "J11"), dat, net]

    # many sites (0.6 nM): depletion matters, though little of the radioligand is bound
    dense, *_ = binding_runs(assays, binding, "2026-03-23-D", bmax_pmol_mg=10)
    plates = {"DENSE-1": layout(PLATE_96, _chosen(assays, binding, DENSE_COMPOUNDS))}
    dense = replace(
        dense, run=replace(dense.run, plates=plates), exports={"sert.txt": ("DENSE-1",)}
    )

    drops = {
        "2026-02-16-saturation": saturation_runs(assays, "2026-02-16-S"),
        "2026-02-18-kinetics": kinetics_runs(assays, "2026-02-18-K"),
        "2026-03-23-dense": [dense],
        "2026-03-02-binding": first,
        "2026-03-09-binding": second,
        "2026-03-16-binding": third,
        "2026-03-04-uptake": fourth,
        "2026-03-11-uptake": fifth,
        "2026-03-18-uptake": sixth,
    }
    files = {drop: drop_files(drop, runs, SEED) for drop, runs in drops.items()}
    partner = "2026-03-20-partner"
    return files | {
        partner: response_files(assays, uptake["SERT"], partner),
        IN_VIVO: in_vivo_files(IN_VIVO, "DEMO-1", _SWIM, _PROTECTION, _POSITIVE_CONTROL, SEED),
    }


def true_ki_nM(affinities: Path, modality: str) -> dict[str, dict[str, float]]:
    """The one human Ki of each demonstration compound, by target and compound.

    Raises
    ------
    ValueError
        If the table has no such row, or more than one.
    """
    with affinities.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth: dict[str, dict[str, float]] = {target: {} for target in TARGETS}
    for target in TARGETS:
        for compound in COMPOUNDS:
            key = (compound, target, "human", modality, "Ki")
            columns = ("compound", "target", "species", "modality", "quantity")
            values = [r["value_nM"] for r in rows if tuple(r[c] for c in columns) == key]
            if len(values) != 1:
                raise ValueError(f"{affinities}: {len(values)} rows for {', '.join(key)}, not one")
            truth[target][compound] = float(values[0])
    return truth


def binding_runs(
    assays: dict,
    truth: dict[str, dict[str, float]],
    run: str,
    dilution: float | None = None,
    protein_ug: float | None = None,
    bmax_pmol_mg: float | None = None,
) -> list[RunFiles]:
    """The binding assays of SERT, DAT and NET on one day, each on four 96-well plates.

    Parameters
    ----------
    assays : dict
        config/assays.yaml.
    truth : dict
        Ki by target and compound, as :func:`true_ki_nM` returns it.
    run : str
        Name of the run, beginning with its date.
    dilution : float, optional
        If given, layouts list stocks that are diluted so many times.
    protein_ug : float, optional
        Protein of that day's membranes; given in drop.yaml together with the radioligand.
    bmax_pmol_mg : float, optional
        Of that day's membranes, where it is not the usual one; given in drop.yaml.

    Returns
    -------
    list of RunFiles
    """
    day = date.fromisoformat(run[:10])
    runs = []
    for order, target in enumerate(TARGETS):
        key = f"{target.lower()}_binding"
        assay = assays[key]
        volume_uL = parse(assay["volume"], "uL")
        protein = protein_ug or parse(assay["protein"], "ug")
        # the radioligand falls short of nominal by up to 6 %, each day differently
        shortfall = 0.06 * generator(SEED, run, key, "radioligand").random()
        ligand_nM = round(parse(assay["ligand_concentration"], "nM") * (1 - shortfall), 2)
        wells = BindingAssay(
            ki_nM=truth[target],
            transporter_nM=(bmax_pmol_mg or BMAX_PMOL_MG[target]) * protein / volume_uL,
            ligand_nM=ligand_nM,
            kd_nM=KD_nM[target],
            alpha=_ALPHA[target],
            volume_uL=volume_uL,
            cpm_per_fmol=_lot_cpm_per_fmol(key, assay, day),
            background_cpm=_BINDING_BACKGROUND_CPM,
            count_time_min=parse(assay["count_time"], "min"),
        )
        reference, *samples = curves(assay["reference_compound"], truth[target])
        plates = {
            f"{target}-{1 + start // 2}": layout(PLATE_96, [reference, *samples[start : start + 2]])
            for start in range(0, len(samples), 2)
        }
        runs.append(
            RunFiles(
                run=Run(run, key, wells, plates),
                counted=datetime(day.year, day.month, day.day, 15 + 2 * order, 12),
                radioligand=_lot(key),
                exports={f"{target.lower()}.txt": tuple(plates)},
                unit=_UNITS[target],
                dilution=dilution,
                measured={
                    "ligand_concentration": f"{ligand_nM:g} nM",
                    "protein": f"{protein_ug:g} ug",
                }
                if protein_ug
                else ({"bmax": f"{bmax_pmol_mg:g} pmol/mg"} if bmax_pmol_mg else {}),
            )
        )
    return runs


def _chosen(assays: dict, truth: dict, compounds: Sequence[str]) -> list[Curve]:
    """Curves of some compounds at SERT, the reference first."""
    reference = assays["sert_binding"]["reference_compound"]
    return curves(reference, {compound: truth["SERT"][compound] for compound in compounds})


def saturation_runs(assays: dict, run: str) -> list[RunFiles]:
    """Saturation binding of SERT, DAT and NET on one day, each on one 96-well plate.

    Radioligand from a twentieth to eight times the Kd; parameters and result as in
    :func:`binding_runs`.
    """
    day = date.fromisoformat(run[:10])
    runs = []
    for order, target in enumerate(TARGETS):
        key = f"{target.lower()}_saturation"
        assay = assays[key]
        volume_uL, protein_ug = parse(assay["volume"], "uL"), parse(assay["protein"], "ug")
        wells = BindingAssay(
            ki_nM={},
            transporter_nM=BMAX_PMOL_MG[target] * protein_ug / volume_uL,
            ligand_nM=KD_nM[target],
            kd_nM=KD_nM[target],
            alpha=_ALPHA[target],
            volume_uL=volume_uL,
            cpm_per_fmol=_lot_cpm_per_fmol(key, assay, day),
            background_cpm=_BINDING_BACKGROUND_CPM,
            count_time_min=parse(assay["count_time"], "min"),
        )
        ligand_nM = [float(f"{KD_nM[target] * multiple:.3g}") for multiple in _SATURATION]
        runs.append(_one_plate(run, key, target, wells, isotherm_layout(ligand_nM), day, order))
    return runs


def kinetics_runs(assays: dict, run: str) -> list[RunFiles]:
    """Uptake at rising serotonin for 10 min, and at 100 nM for 2 to 20 min, on one plate."""
    day = date.fromisoformat(run[:10])
    key = "sert_kinetics"
    wells = uptake_wells(key, assays[key], {}, day)
    plate = isotherm_layout(_KINETICS_nM, _COURSE_MIN, wells.uptake_time_min, _COURSE_nM)
    return [_one_plate(run, key, "SERT", wells, plate, day, 0)]


def _one_plate(run, key, target, wells, plate, day, order) -> RunFiles:
    """A run that is one plate, with its files."""
    return RunFiles(
        run=Run(run, key, wells, {target: plate}),
        counted=datetime(day.year, day.month, day.day, 16 + order, 5),
        radioligand=_lot(key),
        exports={f"{target.lower()}.txt": (target,)},
    )


def uptake_runs(assays: dict, truth: dict[str, dict[str, float]], run: str) -> list[RunFiles]:
    """The uptake assays of SERT, DAT and NET on one day, each on one 384-well plate.

    Parameters and result as in :func:`binding_runs`.
    """
    day = date.fromisoformat(run[:10])
    runs = []
    for order, target in enumerate(TARGETS):
        key = f"{target.lower()}_uptake"
        wells = uptake_wells(key, assays[key], truth[target], day)
        plate = layout(PLATE_384, curves(assays[key]["reference_compound"], truth[target], 2))
        runs.append(
            RunFiles(
                run=Run(run, key, wells, {target: plate}),
                counted=datetime(day.year, day.month, day.day, 14 + order, 38),
                radioligand=_lot(key),
                exports={f"{target.lower()}.txt": (target,)},
                unit=_UNITS[target],
            )
        )
    return runs


def uptake_wells(key: str, assay: dict, ki_nM: dict[str, float], day: date) -> UptakeAssay:
    """The wells of an uptake assay on `day`, from its entry in config/assays.yaml."""
    volume_uL = parse(assay["volume"], "uL")
    return UptakeAssay(
        ki_nM=ki_nM,
        transporter_nM=transporter_on_cells_nM(assay["cells"], assay["copies_per_cell"], volume_uL),
        substrate_nM=parse(assay.get("ligand_concentration", "15 nM"), "nM"),
        km_nM=KM_nM[assay["target"]],
        vmax_fmol_per_min=_VMAX_FMOL_PER_MIN[assay["target"]] * assay["cells"] / 12500,
        uptake_time_min=parse(assay["uptake_time"], "min"),
        nonspecific_fraction=_UPTAKE_NONSPECIFIC,
        volume_uL=volume_uL,
        cpm_per_fmol=_lot_cpm_per_fmol(key, assay, day),
        background_cpm=_UPTAKE_BACKGROUND_CPM,
        count_time_min=parse(assay["count_time"], "min"),
    )


def response_files(assays: dict, ki_nM: dict[str, float], drop: str) -> dict[str, bytes]:
    """A partner's normalised uptake: per cent of control in triplicate, 4 points of scatter.

    The partner's wells are those of the assay sert_uptake.
    """
    day = date.fromisoformat(drop[:10])
    wells = uptake_wells("sert_uptake", assays["sert_uptake"], ki_nM, day)
    window = wells.counted_cpm(0.0, 1.0) - wells.nonspecific_cpm
    rng = generator(SEED, drop)
    rows = [("", "0,nM", 100.0, n, "vehicle") for n in range(1, 7)]
    rows += [("", ",", 0.0, n, "full_block") for n in range(1, 7)]
    for curve in curves("", {c: ki_nM[c] for c in PARTNER_COMPOUNDS}, 2):
        left = wells.counted_cpm(curve.concentrations_nM, ki_nM[curve.compound])
        percent = 100 * (left - wells.nonspecific_cpm) / window
        rows += [
            (curve.compound, f"{concentration:g},nM", response, n, "sample")
            for n in range(1, 4)
            for concentration, response in zip(curve.concentrations_nM, percent, strict=True)
        ]
    lines = ["compound,concentration,unit,response,replicate,role"]
    for compound, amount, response, n, role in rows:
        observed = round(response + 4 * rng.standard_normal(), 1) + 0.0  # no "-0.0"
        lines.append(f"{compound},{amount},{observed:.1f},{n},{role}")
    run = [
        f"  - run: {drop[:10]}-P",
        "    assay: sert_uptake_partner",
        f"    date: {day}",
        "    operator: simulated",
        "    concentrations: {basis: final}",
        "    responses: responses.csv",
    ]
    return {
        "drop.yaml": drop_yaml(drop, run, SEED),
        "responses.csv": "".join(f"{line}\n" for line in lines).encode(),
    }


def curves(reference: str, ki_nM: dict[str, float], scale: float = 1) -> list[Curve]:
    """Ten half-log steps for each compound, the reference first.

    The expected affinity chooses the highest concentration; the weakest stop below their IC50.
    `scale` multiplies every concentration.
    """
    in_order = sorted(ki_nM, key=lambda compound: compound != reference)
    return [
        Curve(
            compound,
            "reference" if compound == reference else "sample",
            tuple(scale * c for c in _series_nM(ki_nM[compound], scale)),
        )
        for compound in in_order
    ]


def _series_nM(ki_nM: float, scale: float) -> tuple[float, ...]:
    if ki_nM < 10:
        top = 1000
    elif ki_nM < 300 or scale > 1:
        top = 10000
    else:
        top = 30000
    start = _SERIES_nM.index(top)
    return _SERIES_nM[start : start + _POINTS]


def dropping(entry: RunFiles, plate: str, well: str) -> RunFiles:
    """The same run with one well whose contents were lost."""
    return replace(entry, run=replace(entry.run, dropped=(plate, well)))


def _lot(key: str) -> dict[str, str]:
    lot, activity, reference = _LOTS[key]
    return {
        "lot": lot,
        "specific_activity": f"{activity} Ci/mmol",
        "reference_date": reference.isoformat(),
    }


def _lot_cpm_per_fmol(key: str, assay: dict, day: date) -> float:
    _, activity, reference = _LOTS[key]
    return cpm_per_fmol(activity, assay["efficiency"]["value"], reference, day)
