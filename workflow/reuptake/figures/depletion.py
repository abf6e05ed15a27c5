"""Ki by method against the concentration of sites: what depletion does, and where the runs are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from reuptake import formatting
from reuptake.binding.cheng_prusoff import cheng_prusoff_nM, depleted_ic50_nM
from reuptake.binding.ki import BIAS_WARN_PCT
from reuptake.figures import palette, style
from reuptake.settings.model import MODALITY
from reuptake.uptake.inhibition import floor_nM

_COLUMNS = ["target", "assay", "run", "ligand_nM", "kd_nM", "transporter_nM"]
# an axis so short is numbered at 1, 2 and 5
_FEW_DECADES = 2.0
_KI = ["ki_cheng_prusoff_nM", "ki_exact_nM", "ki_exact_lower_nM", "ki_exact_upper_nM"]


@dataclass(frozen=True)
class DepletionData:
    """What one figure shows.

    Attributes
    ----------
    compound, modality : str
    curves : DataFrame
        target, assay, run, ligand_nM, kd_nM, transporter_nM and the Ki by both methods.
    simulated : bool
    """

    compound: str
    modality: str
    curves: pd.DataFrame
    simulated: bool


def apparent_ki_nM(modality: str, ki_nM: float, sites_nM, ligand_nM: float, kd_nM: float):
    """What Cheng-Prusoff reads for a true Ki where there are so many sites."""
    if modality == "uptake":
        ic50 = ki_nM * (1.0 + ligand_nM / kd_nM) + floor_nM(sites_nM)
    else:
        ic50 = depleted_ic50_nM(ki_nM, ligand_nM, kd_nM, sites_nM)
    return cheng_prusoff_nM(ic50, ligand_nM, kd_nM)


def draw(data: DepletionData) -> Figure:
    """The figure: a panel an assay; Ki against sites, curve and runs."""
    assays = list(dict.fromkeys(data.curves.assay))
    width = min(style.PAGE_MM, 24 + 76 * len(assays))
    figure = style.new_figure(width, 72)
    panels = figure.subplots(1, len(assays), squeeze=False)[0]
    figure.subplots_adjust(left=14 / width, right=0.97, bottom=0.33, top=0.8, wspace=0.32)
    for panel, assay in zip(panels, assays, strict=True):
        rows = data.curves[data.curves.assay == assay]
        target = rows.target.iloc[0]
        colour = palette.target_colours([target])[target]
        _draw_assay(panel, data.modality, rows, colour)
        panel.set_title(f"{palette.label(target, 20)}, {palette.label(assay, 24)}", size=7.5)
    panels[0].set_ylabel("Ki (nM)")
    handles = [
        Line2D([], [], marker="o", ls="none", ms=4, color=palette.INK),
        Line2D([], [], marker="o", ls="none", ms=4, mfc="white", mec=palette.INK),
        Line2D([], [], color=palette.INK, lw=1.0, ls="--"),
        Line2D([], [], color=palette.INK, lw=1.0),
    ]
    labels = ["run, exact (95 %)", "run, Cheng-Prusoff", "Cheng-Prusoff if Ki is the line", "Ki"]
    figure.legend(
        handles,
        labels,
        loc="lower center",
        ncols=2 if len(assays) == 1 else 4,
        fontsize=7,
        columnspacing=1.4,
    )
    what = f"{data.compound}, {data.modality}: Ki by method"
    style.title(figure, what, data.simulated, 3)
    return figure


def _draw_assay(panel, modality: str, rows: pd.DataFrame, colour: str) -> None:
    middle = 10 ** np.log10(rows.ki_exact_nM).mean()
    ligand, kd = rows.ligand_nM.median(), rows.kd_nM.median()
    low, high = rows.transporter_nM.min() / 10, rows.transporter_nM.max() * 4
    sites = np.geomspace(low, high, 120)
    panel.plot(sites, np.full_like(sites, middle), color=colour)
    panel.plot(sites, apparent_ki_nM(modality, middle, sites, ligand, kd), color=colour, ls="--")
    x = rows.transporter_nM.to_numpy()
    y = rows.ki_exact_nM.to_numpy()
    below = y - rows.ki_exact_lower_nM.to_numpy()
    above = np.minimum(rows.ki_exact_upper_nM.to_numpy(), 1e3 * y) - y
    panel.errorbar(x, y, [below, above], fmt="o", ms=4, color=colour, elinewidth=0.8, zorder=3)
    panel.plot(x, rows.ki_cheng_prusoff_nM, "o", ms=4, mfc="white", mec=colour, ls="none", zorder=4)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(low, high)
    name = "transporter" if modality == "uptake" else "binding sites"
    panel.set_xlabel(f"{name} in the well (nM)")
    for axis in (panel.xaxis, panel.yaxis):
        few = np.ptp(np.log10(axis.get_view_interval())) < _FEW_DECADES
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(lambda value, _: "")


def caption(data: DepletionData) -> str:
    """What the figure shows, in a sentence or two."""
    ratio = (data.curves.ki_cheng_prusoff_nM / data.curves.ki_exact_nM).max()
    mark = " Simulated data." if data.simulated else ""
    return (
        f"{data.compound}, {data.modality}: the Ki of every run with both ligands depleted "
        "(filled, with its 95 % interval) and by Cheng-Prusoff (open), at the sites of the run. "
        "Dashed: what Cheng-Prusoff would read at other concentrations of sites if the line were "
        f"the Ki. Largest difference {formatting.significant(ratio)}-fold.{mark}"
    )


def prepare(tables: dict[str, pd.DataFrame]):
    """Yield (compound, modality, simulated, data) where depletion makes a difference."""
    curves = tables["curves"]
    usable = np.isfinite(curves[[*_KI[:2], "transporter_nM"]].astype(float)).all(axis=1)
    mine = curves[usable & (curves.ki_exact_nM > 0) & (curves.plate_verdict != "fail")]
    mine = mine.assign(modality=mine.kind.map(MODALITY))
    for key, rows in mine.groupby(["compound", "modality", "simulated"], sort=True):
        matters = rows.depletion_bias_pct.abs() >= BIAS_WARN_PCT
        rows = rows[rows.assay.isin(rows.assay[matters])]
        if len(rows):
            shown = rows[[*_COLUMNS, *_KI]].reset_index(drop=True)
            yield (*key, DepletionData(key[0], key[1], shown, bool(key[2])))
