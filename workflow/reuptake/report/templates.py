"""The templates of the pages: every value escaped, one style sheet, one script, no network."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from reuptake.report import elements
from reuptake.report.rows import SIMULATED_TAG, table_rows
from reuptake.report.store import SOFTWARE

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).resolve().parents[2] / "report"
_PAGES = (
    *("INDEX", "QUALITY", "CONSTANTS", "IN_VIVO", "GUIDES", "METHODS", "PROVENANCE"),
    *("ANSWERS", "SELECTIVITY", "WHOLE", "CHANGES", "CHANGES_SCRIPT"),
)


@cache
def make_environment() -> Environment:
    """Templates that escape every value and fail on a name they are not given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    js = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    # The page may run this script and use this style sheet, and load nothing. The first page
    # alone may also load a script that lies beside it.
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(css)}'; "
        f"script-src '{_hash(js)}'{{}}; base-uri 'none'; form-action 'none'"
    )
    environment.globals |= {
        "css": Markup(css),
        "js": Markup(js),
        "policy": policy.format(""),
        "policy_with_changes": policy.format(" 'self'"),
        "software": [(name, version(name)) for name in SOFTWARE],
        "table_rows": table_rows,
        "simulated_mark": SIMULATED_TAG,
        "pages": {name: getattr(elements, name) for name in _PAGES},
    }
    return environment


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
