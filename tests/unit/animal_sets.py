"""Data sets of the in-vivo tests, and animals files made of them."""

from __future__ import annotations

from reuptake.animals.frame import frame_of
from reuptake.drops.animals import levels, read_animals

SWIM_S = {
    "Vehicle": [212, 187, 243, 165, 201, 228, 176, 219, 195, 234],
    "1": [198, 221, 172, 205, 183, 240, 160, 211, 190, 214],
    "3": [170, 148, 192, 121, 166, 183, 139, 175, 157, 201],
    "10": [98, 120, 133, 76, 154, 111, 88, 142, 105, 127],
}
PCA_ng_per_g = {
    "Vehicle": [812, 768, 845, 790, 731, 802],
    "PCA": [298, 341, 265, 322, 287, 310],
    "1": [376, 342, 418, 395, 361, 330],
    "3": [521, 578, 489, 552, 610, 535],
    "10": [718, 742, 695, 770, 681, 733],
}
# six subjects, four judges: Shrout & Fleiss 1979, Psychol Bull 86:420, table 2
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

SWIM = {
    "kind": "forced_swim",
    "species": "rat",
    "control_group": "Vehicle",
    "test_length": "300 s",
    "trend": True,
}
PCA = {
    "kind": "pca_depletion",
    "species": "rat",
    "control_group": "Vehicle",
    "challenge_group": "PCA",
}
HEADER = "animal,group,role,treatment,dose,unit,value"


def file_of(groups: dict[str, list], **more) -> str:
    """An animals file; groups named by a number are doses. `more`: column to function of row."""
    lines = [",".join([HEADER, *more])]
    for group, values in groups.items():
        dosed = group.replace(".", "").isdigit()
        role = "treated" if dosed else {"PCA": "challenge"}.get(group, "vehicle")
        cells = [role, "Sert-IN-2" if dosed else group, *((group, "mg/kg") if dosed else ("", ""))]
        for i, value in enumerate(values):
            extra = [str(make(group, i)) for make in more.values()]
            lines.append(",".join([f"{group}-{i + 1}", group, *cells, str(value), *extra]))
    return "\n".join(lines) + "\n"


def frame(text: str, assay: dict, problems: list | None = None):
    """The typed frame of an animals file that has no faults."""
    found: list = [] if problems is None else problems
    readings = read_animals("animals.csv", text.encode(), assay, found)
    out = levels("animals.csv", readings, {}, found)
    assert problems is not None or found == [], [str(p) for p in found]
    return frame_of(out, drop="d", run="r", assay="a", species=assay["species"])
