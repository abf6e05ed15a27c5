"""Pictures of the steps of an assay, each in a square of 11 mm around its place."""

from __future__ import annotations

import numpy as np

from reuptake.diagrams.canvas import Canvas, tint
from reuptake.diagrams.shapes import membrane, smooth
from reuptake.figures.palette import BLUE, GREEN, INK, MUTED, ORANGE, RULE, SKY, VERMILION

_THIN = 0.8


def membranes(c: Canvas, x: float, y: float) -> None:
    """A patch of membrane with a transporter."""
    membrane(c, [(x - 4.6, y + 0.6), (x, y - 0.4), (x + 4.6, y + 0.6)])
    for side in (-1, 1):
        c.shape(np.array([(-1.9, -3), (-1.2, -3), (-0.2, 0.4), (-0.2, 2.4), (-1.5, 2.4)])
                * (side, 1) + (x, y - 0.2), fill=BLUE, line=BLUE, width=1.2)  # fmt: skip


def cells(c: Canvas, x: float, y: float) -> None:
    """A layer of cells in a well."""
    for i in range(3):
        centre = x - 3.1 + 3.1 * i
        c.box(centre - 1.45, y + 0.2, 2.9, 2.6, radius=1, fill=tint(BLUE, 0.25), line=BLUE,
              weight=_THIN)  # fmt: skip
        c.circle(centre, y + 1.5, 0.6, fill=BLUE)
    c.line([(x - 5, y - 3.2), (x - 5, y + 3.2), (x + 5, y + 3.2), (x + 5, y - 3.2)], width=1.0)
    c.line([(x - 5, y - 1.6), (x + 5, y - 1.6)], colour=SKY, width=_THIN)


def plate(c: Canvas, x: float, y: float) -> None:
    """A plate with wells in columns of controls and of falling concentrations."""
    c.box(x - 5.2, y - 3.7, 10.4, 7.4, radius=0.9, fill="white", line=INK, weight=_THIN)
    shades = [RULE, *(tint(VERMILION, s) for s in (1, 0.75, 0.5, 0.3, 0.15))]
    for row in range(4):
        for column in range(6):
            c.circle(x - 3.9 + 1.56 * column, y - 2.45 + 1.63 * row, 0.58, fill=shades[column])


def drop(c: Canvas, x: float, y: float) -> None:
    """A pipette tip over a well."""
    c.shape([(x - 1.3, y - 4.8), (x + 1.3, y - 4.8), (x + 0.35, y - 0.2), (x - 0.35, y - 0.2)],
            fill=tint(SKY, 0.35), line=INK, width=_THIN)  # fmt: skip
    t = np.linspace(0, 2 * np.pi, 40)
    c.shape(np.column_stack([x + 0.75 * np.sin(t) * (1 - np.cos(t)) / 1.6,
                             y + 1.5 - 0.95 * np.cos(t + np.pi)]), fill=ORANGE)  # fmt: skip
    c.line([(x - 3.4, y + 2), (x - 3.4, y + 4.6), (x + 3.4, y + 4.6), (x + 3.4, y + 2)], width=1.0)
    c.box(x - 3.0, y + 3.3, 6.0, 1.0, radius=0.2, fill=tint(ORANGE, 0.35))


def clock(c: Canvas, x: float, y: float) -> None:
    """A stop-watch."""
    c.box(x - 0.9, y - 5.1, 1.8, 1.2, radius=0.3, fill=INK)
    c.circle(x, y + 0.4, 4.2, fill="white", line=INK, width=1.1)
    sweep = np.radians(np.linspace(-90, 60, 30))
    fan = np.column_stack([np.cos(sweep), np.sin(sweep)]) * 3.2 + (x, y + 0.4)
    c.shape(np.vstack([[x, y + 0.4], fan]), fill=tint(GREEN, 0.35))
    for angle in np.radians(np.arange(12) * 30):
        d = np.array([np.cos(angle), np.sin(angle)])
        c.line([d * 3.5 + (x, y + 0.4), d * 3.8 + (x, y + 0.4)], colour=MUTED, width=0.6)
    for angle in np.radians((-90, 60)):
        c.line([(x, y + 0.4), (x + 2.7 * np.cos(angle), y + 0.4 + 2.7 * np.sin(angle))], width=1.0)


def funnel(c: Canvas, x: float, y: float) -> None:
    """Filtration: a filter that keeps the membranes."""
    c.shape([(x - 4.6, y - 4.4), (x + 4.6, y - 4.4), (x + 4.6, y - 0.4), (x - 4.6, y - 0.4)],
            fill=tint(SKY, 0.25))  # fmt: skip
    c.line(
        [(x - 4.6, y - 4.6), (x - 4.6, y + 0.4), (x - 0.8, y + 2.4), (x - 0.8, y + 3.2)], width=1
    )
    c.line(
        [(x + 4.6, y - 4.6), (x + 4.6, y + 0.4), (x + 0.8, y + 2.4), (x + 0.8, y + 3.2)], width=1
    )
    c.box(x - 4.4, y - 0.5, 8.8, 1.0, radius=0.1, fill=MUTED)
    for shift in (-3, -1, 1, 3):
        c.circle(x + shift, y - 1.2, 0.6, fill=BLUE)
    c.circle(x, y + 4.5, 0.55, fill=SKY)


def wash(c: Canvas, x: float, y: float) -> None:
    """Washing: drops into a well."""
    for shift, top in ((-2.4, -3.4), (0, -4.6), (2.4, -3.4)):
        t = np.linspace(0, 2 * np.pi, 40)
        c.shape(np.column_stack([x + shift + 0.8 * np.sin(t) * (1 - np.cos(t)) / 1.6,
                                 y + top + 1.2 - 1.2 * np.cos(t + np.pi)]), fill=SKY)  # fmt: skip
    c.line(
        [(x - 4.4, y + 0.4), (x - 4.4, y + 4.4), (x + 4.4, y + 4.4), (x + 4.4, y + 0.4)], width=1
    )
    c.box(x - 4.0, y + 1.8, 8.0, 2.3, radius=0.2, fill=tint(SKY, 0.35))


def vial(c: Canvas, x: float, y: float) -> None:
    """A scintillation vial that gives light."""
    c.box(x - 1.9, y - 4.2, 3.8, 1.7, radius=0.3, fill=INK)
    c.box(x - 2.5, y - 2.3, 5.0, 7.0, radius=0.7, fill="white", line=INK, weight=_THIN)
    c.box(x - 2.1, y + 0.2, 4.2, 4.1, radius=0.4, fill=tint(ORANGE, 0.45))
    for angle in (-30, 0, 30, 150, 180, 210):
        d = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        middle = np.array([x, y + 2.2])
        c.line([middle + d * 3.4, middle + d * 4.7], colour=ORANGE, width=1.1)


def curve(c: Canvas, x: float, y: float) -> None:
    """An inhibition curve with its IC50."""
    c.line([(x - 4.8, y - 4.4), (x - 4.8, y + 4.0), (x + 5, y + 4.0)], width=0.9)
    t = np.linspace(-4.2, 4.6, 60)
    level = y - 3.4 + 6.4 / (1 + 10 ** (-0.55 * (t - 0.2)))
    c.line([(x + 0.2, y - 0.2), (x + 0.2, y + 4.0)], colour=MUTED, width=0.7, dashed=True)
    c.line([(x - 4.8, y - 0.2), (x + 0.2, y - 0.2)], colour=MUTED, width=0.7, dashed=True)
    c.line(np.column_stack([x + t, level]), colour=BLUE, width=1.4)
    for place in (-3.6, -1.8, -0.6, 0.9, 2.2, 3.9):
        c.circle(x + place, y - 3.4 + 6.4 / (1 + 10 ** (-0.55 * (place - 0.2))), 0.6, fill="white",
                 line=BLUE, width=0.9)  # fmt: skip


def cylinder(c: Canvas, x: float, y: float) -> None:
    """A cylinder of water with a rat that floats in it."""
    c.shape([(x - 3.4, y - 2.6), (x + 3.4, y - 2.6), (x + 3.4, y + 5), (x - 3.4, y + 5)],
            fill=tint(SKY, 0.3))  # fmt: skip
    c.box(x - 1.9, y - 3.4, 3.4, 1.9, radius=0.9, fill=MUTED)
    c.circle(x + 1.7, y - 3.2, 0.95, fill=MUTED)
    c.circle(x + 1.3, y - 4.0, 0.42, fill=MUTED)
    c.line([(x - 3.4, y - 5), (x - 3.4, y + 5), (x + 3.4, y + 5), (x + 3.4, y - 5)], width=1)
    c.line([(x - 1.8, y - 2.2), (x - 2.6, y - 0.6), (x - 2.2, y + 1.2)], colour=MUTED, width=0.9)


def syringe(c: Canvas, x: float, y: float) -> None:
    """An injection."""
    c.box(x - 1.3, y - 2.6, 2.6, 5.0, radius=0.4, fill="white", line=INK, weight=_THIN)
    c.box(x - 0.95, y - 0.4, 1.9, 2.5, radius=0.2, fill=tint(VERMILION, 0.6))
    c.line([(x, y - 2.6), (x, y - 4.6)], width=1.0)
    c.line([(x - 1.2, y - 4.6), (x + 1.2, y - 4.6)], width=1.2)
    c.line([(x, y + 2.4), (x, y + 5)], width=0.7)


def tissue(c: Canvas, x: float, y: float) -> None:
    """A brain, its hypothalamus marked."""
    outline = [(-4.6, 0.6), (-3.6, -2.2), (-0.6, -3.4), (2.6, -2.8), (4.6, -0.6), (4.2, 1.4),
               (2.2, 2.0), (-0.4, 2.6), (-3.4, 2.2)]  # fmt: skip
    c.shape(smooth([(x + a, y + b) for a, b in [*outline, outline[0]]]), fill=tint(VERMILION, 0.18),
            line=INK, width=_THIN)  # fmt: skip
    c.circle(x - 0.4, y + 1.5, 0.95, fill=VERMILION)


def chromatogram(c: Canvas, x: float, y: float) -> None:
    """A trace with the peak of 5-HT."""
    c.line([(x - 4.8, y - 4.2), (x - 4.8, y + 4), (x + 5, y + 4)], width=0.9)
    t = np.linspace(-4.4, 4.8, 120)
    height = 6.0 * np.exp(-((t - 1) ** 2) / 0.35) + 2.2 * np.exp(-((t + 2) ** 2) / 0.25)
    c.line(np.column_stack([x + t, y + 3.4 - height]), colour=BLUE, width=1.2)


def eye(c: Canvas, x: float, y: float) -> None:
    """An observer."""
    t = np.linspace(-1, 1, 40)
    lid = 2.6 * (1 - t**2)
    upper, lower = np.column_stack([x + 4.4 * t, y - lid]), np.column_stack([x - 4.4 * t, y + lid])
    c.shape(np.vstack([upper, lower]), fill="white", line=INK, width=1)
    c.circle(x, y, 1.7, fill=BLUE)
    c.circle(x, y, 0.75, fill=INK)


def bars(c: Canvas, x: float, y: float) -> None:
    """Groups compared with control."""
    c.line([(x - 4.8, y - 4.2), (x - 4.8, y + 4), (x + 5, y + 4)], width=0.9)
    for shift, height, colour in ((-2.8, 6.4, MUTED), (0.2, 4.6, BLUE), (3.2, 2.8, BLUE)):
        c.box(x + shift - 1, y + 4 - height, 2, height, radius=0.2, fill=tint(colour, 0.55))
        c.line([(x + shift, y + 4 - height - 1), (x + shift, y + 4 - height + 1)], width=0.8)


ICONS = {
    icon.__name__: icon
    for icon in (membranes, cells, plate, drop, clock, funnel, wash, vial, curve, cylinder,
                 syringe, tissue, chromatogram, eye, bars)
}  # fmt: skip
