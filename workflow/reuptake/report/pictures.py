"""The figures as the pages carry them: inside, so that a page needs no other file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import copy
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from reuptake.drops.seal import sha256
from reuptake.figures.inputs import read_index
from reuptake.tables import records

# places in a drawing, in points of 0.35 mm
_PLACES = re.compile(r'(?<= )(?:d|x|y|points)="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")
# what an address may not hold as it is, for browsers or for an attribute; the common ones first
_ESCAPED = {sign: quote(sign) for sign in "%<>#&"}
_QUOTED = re.compile(r"[^A-Za-z0-9 /:;=,'()@!*$+?{}\[\]|^~_.%-]+")
_WIDTH_PT = re.compile(r'<svg[^>]* width="([\d.]+)pt"')
# a drawing is made for a printed column; on a screen it is read at twice that
PIXELS_PER_POINT = 2


class Pictures:
    """The figures by what they show, each as an image that the page carries inside."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._set(records(read_index(folder)))
        self._inside: dict[str, tuple[str, int]] = {}

    def _set(self, rows: list[dict]) -> None:
        self.rows = rows
        self._of_kind: dict[tuple, list[dict]] = {}
        for row in self.rows:
            for key in ((row["kind"],), (row["kind"], row["compound"])):
                self._of_kind.setdefault(key, []).append(row)

    def of_compound(self, compound: str, in_vivo: bool) -> Pictures:
        """Those of one compound alone; `in_vivo` with those of runs with animals in whole."""
        part = copy(self)
        part._set(
            [
                row
                for row in self.rows
                if row["compound"] == compound or (in_vivo and row["run"] and not row["compound"])
            ]
        )
        return part

    @property
    def contents(self) -> list[tuple[dict, str]]:
        """Every figure's row of the index and the SHA-256 of its drawing."""
        return [(row, sha256(self._path(row["file"]))) for row in self.rows]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.svg"

    def of(self, *kinds: str, **wanted: object) -> list[dict]:
        """Every figure of some kinds with these values in the index: source, caption and mark."""
        keys = [(kind, wanted["compound"]) if "compound" in wanted else (kind,) for kind in kinds]
        return [
            self._picture(row)
            for key in keys
            for row in self._of_kind.get(key, ())
            if all(row[name] == value for name, value in wanted.items())
        ]

    def diagram(self, name: str) -> list[dict]:
        """A diagram by its name; none where it was not drawn."""
        return [picture for picture in self.of("diagram") if picture["id"] == f"diagram-{name}"]

    def heat_maps(self, drops: Iterable[str], inside: int) -> list[tuple[str, list[dict]]]:
        """Those of each drop that has any; beside the report where there are more than `inside`."""
        rows = [row for row in self.rows if row["kind"] == "plates"]
        of_drop: dict[str, list[dict]] = {}
        for row in rows:
            picture = self._picture(row, inside=len(rows) <= inside)
            of_drop.setdefault(row["drop"], []).append(picture)
        return [(drop, of_drop[drop]) for drop in drops if drop in of_drop]

    def _picture(self, row: dict, inside: bool = True) -> dict:
        source, width_px = self._content(row["file"]) if inside else ("", None)
        return {
            "source": source,
            "width": width_px,
            "caption": row["caption"],
            "simulated": row["simulated"] is True,
            "kind": row["kind"],
            "modality": row["modality"],
            "id": row["file"],
        }

    def _content(self, name: str) -> tuple[str, int]:
        """A figure as an address, and its width on the screen."""
        if name not in self._inside:
            svg = self._path(name).read_text(encoding="utf-8")
            width_px = round(PIXELS_PER_POINT * float(_WIDTH_PT.search(svg)[1]))
            self._inside[name] = as_address(svg), width_px
        return self._inside[name]


def as_address(svg: str) -> Markup:
    """A drawing as a data address: places to 0.01 point, no blanks between its parts.

    The file itself keeps every digit. (An SVG inside the page would be shorter still, but its
    styles would need a policy that lets any style in.)
    """
    text = svg[svg.index("<svg") :].replace("\n", " ")
    text = _PLACES.sub(lambda found: _DIGITS.sub(r"\1", found[0]), text)
    text = re.sub(r"<!--.*?-->", "", text)
    text = re.sub(r">\s+<", "><", re.sub(r"  +", " ", text))
    # the older name is for drawing programs, a browser knows the short one
    text = text.replace("xlink:href=", "href=").replace("'", "&#39;").replace('"', "'")
    for sign, escaped in _ESCAPED.items():
        text = text.replace(sign, escaped)
    text = _QUOTED.sub(lambda found: quote(found[0], safe=""), text)
    # Nothing is left that would end an attribute in double quotes; escaped once more, every quote
    # inside would take five characters.
    return Markup(f"data:image/svg+xml,{text}")
