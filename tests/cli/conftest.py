import pandas as pd
import pytest

import dropmaker
from reuptake.tables import CURVES

NUMBERS = {column.name: [""] for column in CURVES if column.kind == "number"}


@pytest.fixture
def fit(tmp_path, capsys):
    """Fit the text of a table; the outcome, and the answers by curve (None if none written)."""

    def run(text: str | bytes, *options):
        table, out = tmp_path / "long.csv", tmp_path / "out.csv"
        out.unlink(missing_ok=True)
        table.write_bytes(text.encode() if isinstance(text, str) else text)
        outcome = dropmaker.command(capsys, "fit", table, "-o", out, *options)
        assert "Traceback" not in outcome.text
        if not out.exists():
            return outcome, None
        answers = pd.read_csv(out, keep_default_na=False, na_values=NUMBERS)
        return outcome, answers.set_index("curve")

    return run
