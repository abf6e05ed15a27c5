"""SVG as matplotlib writes it, made small: the same picture in less than half of the bytes."""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_HREF = f"{{{_XLINK}}}href"
_USE, _GROUP = f"{{{_SVG}}}use", f"{{{_SVG}}}g"
_NUMBER = re.compile(r"-?\d+\.\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_SHIFT = re.compile(r"translate\(([^ )]+) 0\)")
# names that matplotlib counts up: nothing refers to them
_COUNTED = re.compile(r"[A-Za-z0-9.]+_\d+")
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_DIGITS = 2  # of a point: 3.5 µm
# Outlines of letters come in 64ths of a hundredth of their size. In quarters they are as exact
# as the rest, and in whole numbers.
_LETTER, _COARSE, _COARSER = "scale(0.015625)", "scale(.25)", 1 / 16

ElementTree.register_namespace("", _SVG)
ElementTree.register_namespace("xlink", _XLINK)


def compact(text: str) -> str:
    """The same drawing without what a reader cannot see.

    Coordinates are rounded to a hundredth of a point, names shortened, groups without
    properties opened, and the style that marks in a row share is written once.

    Parameters
    ----------
    text : str
        An SVG document of matplotlib's.
    """
    root = ElementTree.fromstring(text)
    names: dict[str, str] = {}
    for element in root.iter():
        if element.tag != _USE and _HREF in element.attrib and element.get(_HREF)[0] != "#":
            continue  # an image, with its data in the reference
        for value in element.attrib.values():
            for name in _REFERENCE.findall(value):
                names.setdefault(name, _name(len(names)))
        if element.get(_HREF, "").startswith("#"):
            names.setdefault(element.get(_HREF)[1:], _name(len(names)))
    for element in root.iter():
        _shorten(element, names)
    _open_groups(root)
    _share_styles(root)
    written = ElementTree.tostring(root, "unicode").replace(" />", "/>")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{written}\n'


def _name(i: int) -> str:
    """``a`` to ``z``, then ``a1`` and so on."""
    return chr(97 + i % 26) + (str(i // 26) if i >= 26 else "")


def _shorten(element, names: dict[str, str]) -> None:
    """Text and attributes of one element."""
    if not (element.text or "").strip():
        element.text = None
    element.tail = None
    mine = element.attrib
    if _COUNTED.fullmatch(mine.get("id", "")):
        del mine["id"]
    if "id" in mine:
        mine["id"] = names.get(mine["id"], mine["id"])
    if mine.get(_HREF, "").startswith("#"):
        mine[_HREF] = f"#{names[mine[_HREF][1:]]}"
    if "d" in mine and mine.get("transform") == _LETTER:
        mine |= {"d": _relative(mine["d"], _COARSER, 0), "transform": _COARSE}
    elif "d" in mine:
        mine["d"] = _relative(mine["d"], 1, _DIGITS)
    for key in ("x", "y"):
        if key in mine:
            mine[key] = _rounded(mine[key])
    if "transform" in mine:
        parts = re.split(r"(translate\([^)]*\))", mine["transform"])
        mine["transform"] = "".join(_rounded(p) if p.startswith("translate") else p for p in parts)
        shift = _SHIFT.fullmatch(mine["transform"])
        if element.tag == _USE and shift and "x" not in mine:
            del mine["transform"]
            mine["x"] = shift[1]
    if "style" in mine:
        mine["style"] = mine["style"].replace(": ", ":").replace("; ", ";")
    for key in ("style", "clip-path"):
        if key in mine:
            mine[key] = _REFERENCE.sub(lambda found: f"url(#{names[found[1]]})", mine[key])


def _relative(path: str, scale: float, digits: int) -> str:
    """A path, scaled, with steps in place of places, in the fewest characters.

    Steps are differences of rounded places, so that rounding does not add up.
    """
    units = 10**digits
    out, here, start, last = [], (0, 0), (0, 0), ""
    for command, rest in _COMMAND.findall(path):
        if command == "z":
            out.append("z")
            here, last = start, "z"
            continue
        numbers = [round(float(number) * scale * units) for number in rest.split()]
        steps = [n - here[i % 2] for i, n in enumerate(numbers)]
        here = numbers[-2], numbers[-1]
        if command == "M":
            start = here
        # a place after M and a further step of the same kind need no letter
        letter = "" if command == last or (command, last) == ("L", "M") else command.lower()
        out.append(letter)
        for step in steps:
            text = f"{step / units:.{digits}f}"
            text = text.rstrip("0").rstrip(".") if digits else text
            text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
            if out[-1] == "" or out[-1][-1].isalpha() or text[0] == "-":
                separate = "" if text[0] == "-" or out[-1] else " "
            else:
                separate = " "
            out.append(separate + text)
        last = command
    return "".join(out)


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda found: f"{float(found[0]):.{_DIGITS}f}".rstrip("0").rstrip("."), text)


def _open_groups(element) -> None:
    """Put the children of groups without properties in their place."""
    children = []
    for child in element:
        _open_groups(child)
        if child.tag == _GROUP and not child.attrib:
            children += list(child)
        else:
            children.append(child)
    element[:] = children


def _share_styles(element) -> None:
    """Write the style of marks that follow each other once, in a group around them."""
    children = []
    for (is_mark, style), run in groupby(element, lambda e: (e.tag == _USE, e.get("style"))):
        found = list(run)
        if is_mark and style and len(found) > 1:
            group = ElementTree.Element(_GROUP, {"style": style})
            for mark in found:
                del mark.attrib["style"]
            group[:] = found
            found = [group]
        children += found
    element[:] = children
    for child in element:
        if child.tag != _USE:
            _share_styles(child)
