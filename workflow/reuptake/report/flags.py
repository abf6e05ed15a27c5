"""What the flags of curves mean, from the page that lists them all (docs/flags.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from reuptake.settings.load import ROOT

PAGE = ROOT / "docs" / "flags.md"
_STATUS = re.compile(r"^\| \*\*(\w+)\*\* \| (.*?) \| (.*?) \|$", re.M)
_WORDS = re.compile(r"^`(.+)`$", re.M)
_MORE_CELLS = "Use fewer sites (less membrane, fewer cells) or a larger volume."


@dataclass(frozen=True)
class Explained:
    """A flag or a status: its words (N a number, … a name), its rule, and what to do."""

    title: str
    words: tuple[str, ...]
    rule: str
    bench: str

    def covers(self, flag: str) -> bool:
        """Whether a flag of a table is one of this kind."""
        return any(_pattern(words).fullmatch(flag) for words in self.words)


# flags of a Ki, which the page of curves leaves out: start of the words, rule, at the bench
_OF_KI = (
    (
        "Depletion",
        ("depletion: …", "predicted bias of Cheng-Prusoff N %"),
        "Guard G5: the error of Cheng-Prusoff that the sites in the well, L and Kd predict. From "
        "5 % it is told, from 10 % the exact mass balance is fitted instead, or a bound is given.",
        _MORE_CELLS,
    ),
    (
        "Depletion not assessable",
        ("depletion not assessable",),
        "Neither Bmax with protein and volume nor counts that convert to nM: the sites in the "
        "well are not known, and the Ki is an upper bound (L at most 2 Kd) or nothing.",
        "Record protein, volume and efficiency, and measure Bmax in a saturation run.",
    ),
    (
        "Depletion assumed negligible",
        ("depletion assumed negligible",),
        "The settings of the assay say so, with a reason and a name; nothing shows it.",
        "Measure the sites.",
    ),
    (
        "Equilibrium",
        ("equilibrium …",),
        "Five half-lives of dissociation, 5 ln 2/(kon Ki), against the time of incubation. "
        "Without a kon, the one that the time would need is told where it is a fast one.",
        "Incubate longer, or measure kon; a compound that has not come to equilibrium looks "
        "weaker than it is.",
    ),
    (
        "Tight binding",
        ("tight binding: …",),
        "The uptake IC50 lies near half the transporter in the well, below which no IC50 reads.",
        "Measure at two densities of cells: an IC50 that rises with them shows it.",
    ),
    (
        "Slope beside Cheng-Prusoff",
        ("Hill slope N: Cheng-Prusoff supposes 1", "no exact Ki: …"),
        "The curve is steeper or shallower than competition at one site. Depletion steepens; "
        "where the exact model does not explain the slope, no exact Ki is given.",
        "Look for depletion, solubility, several sites or lack of equilibrium.",
    ),
    (
        "Titration of sites",
        ("titration of sites: …",),
        "The Ki is far below the concentration of sites: the curve counts the sites and bounds "
        "the Ki from above at best.",
        _MORE_CELLS,
    ),
    (
        "No Ki",
        ("no Ki: …",),
        "What is missing, or why Cheng-Prusoff and the exact model both do not hold.",
        "Bring what is named.",
    ),
    (
        "Not recorded",
        ("not recorded: …", "radioligand concentration …", "Bmax not known: …"),
        "What the assay or the run does not say, or says only nominally; the number is given "
        "where it does not hang on it.",
        "Record it in config/assays.yaml or in the drop.",
    ),
    (
        "Left out of the answers",
        ("plate failed quality control: left out of the answers",),
        "The plate failed a limit; its curves are shown and enter no potency.",
        "Repeat the plate; the limits stand on the page of quality.",
    ),
    (
        "The definer itself",
        ("the non-specific definer is this compound",),
        "Non-specific binding or uptake was defined with the compound under test.",
        "Define it with another one.",
    ),
)


@cache
def known() -> tuple[Explained, ...]:
    """Every flag of a curve, in the order of the page, then those of its Ki."""
    out = []
    for part in re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        body = re.split(r"^## ", body, flags=re.M)[0]
        out.append(
            Explained(
                title.strip(),
                tuple(words for line in _WORDS.findall(body) for words in line.split("`<br>`")),
                _paragraph(body, "Rule"),
                _paragraph(body, "At the bench"),
            )
        )
    return (*out, *(Explained(*entry) for entry in _OF_KI))


@cache
def statuses() -> tuple[Explained, ...]:
    """Every status of a curve."""
    text = PAGE.read_text(encoding="utf-8")
    return tuple(Explained(a, (a,), _plain(b), _plain(c)) for a, b, c in _STATUS.findall(text))


def explained(joined: Iterable[str]) -> list[Explained]:
    """The flags that some rows carry, each once, in the order of the page."""
    flags = {flag for text in joined for flag in text.split("; ") if flag}
    return [each for each in known() if any(each.covers(flag) for flag in flags)]


def _paragraph(body: str, name: str) -> str:
    found = re.search(rf"^\*\*{name}\.\*\* (.*?)$", body, re.M)
    return _plain(found[1]) if found else ""


def _plain(markdown: str) -> str:
    """Text without links, code marks and emphasis."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "").replace("*", "")


@cache
def _pattern(words: str) -> re.Pattern[str]:
    """`words` with N for a number, … for any text, and / between alternatives of one word."""
    parts = re.split(r"(\bN\b|…|\b[a-z]+/[a-z]+\b)", words)
    out = []
    for part in parts:
        if part == "N":
            out.append(r"(?:> )?-?[\d,.]+(?:e-?\d+)?")
        elif part == "…":
            out.append(".+")
        elif re.fullmatch("[a-z]+/[a-z]+", part):
            out.append("(?:" + "|".join(map(re.escape, part.split("/"))) + ")")
        else:
            out.append(re.escape(part))
    return re.compile("".join(out))
