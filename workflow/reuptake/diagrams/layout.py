"""What every diagram has: its title, its tag and its note."""

from __future__ import annotations

from reuptake.diagrams.canvas import LARGE, SMALL, Canvas
from reuptake.figures.palette import ALERT, MUTED

MARGIN = 3.5  # mm


def header(canvas: Canvas, about: dict) -> None:
    """Title at the top left; at the top right the tag, `putative`, in a box."""
    canvas.text(MARGIN, 3.2, about["title"], size=LARGE, bold=True, align="left", valign="top")
    if "tag" in about:
        words = canvas.text(canvas.width - MARGIN - 1, 3.4, about["tag"], size=SMALL + 0.6,
                            colour=ALERT, bold=True, align="right", valign="top")  # fmt: skip
        words.set_bbox({"boxstyle": "square,pad=0.35", "fc": "white", "ec": ALERT, "lw": 0.9})


def footer(canvas: Canvas, about: dict) -> None:
    """At the foot, what a dashed line means, or what has to be known beside the picture."""
    if "key" in about:
        y = canvas.height - 4.0
        canvas.line([(MARGIN, y), (MARGIN + 8, y)], colour="#D55E00", width=1.0, dashed=True)
        canvas.text(MARGIN + 10, y, about["key"], size=SMALL, colour=MUTED, align="left")
    elif "note" in about:
        canvas.text(MARGIN, canvas.height - 3.0, about["note"].strip(), size=SMALL, colour=MUTED,
                    align="left", valign="bottom")  # fmt: skip
