"""Colours and the order of targets, shared by figures and report."""

from __future__ import annotations

# Okabe & Ito, "Color Universal Design" (2008): told apart with every common colour vision.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, ORANGE, SKY, BLACK = "#CC79A7", "#E69F00", "#56B4E9", "#333333"
TARGET_COLOURS = {"SERT": BLUE, "DAT": VERMILION, "NET": GREEN}
OTHER_COLOURS = (PURPLE, ORANGE, SKY, BLACK)

INK, MUTED, RULE, ALERT = "#1b1f24", "#5b6570", "#c9d0d6", "#b42318"


def target_colours(targets: list[str]) -> dict[str, str]:
    """A colour for each target: fixed for the three transporters, a cycle for the others."""
    others = sorted(set(targets) - set(TARGET_COLOURS))
    cycle = {name: OTHER_COLOURS[i % len(OTHER_COLOURS)] for i, name in enumerate(others)}
    return {name: TARGET_COLOURS.get(name) or cycle[name] for name in targets}


def target_order(targets) -> list[str]:
    """SERT, DAT, NET, then the others by name."""
    fixed = list(TARGET_COLOURS)
    return sorted(set(targets), key=lambda t: (fixed.index(t) if t in fixed else len(fixed), t))


def label(name: str, limit: int = 44) -> str:
    """A name from the data as one short printable line."""
    text = "".join(c if c.isprintable() else " " for c in name)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
