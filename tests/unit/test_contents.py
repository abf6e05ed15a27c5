"""The digest of what is drawn: the same contents, the same digest, and nothing else."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from reuptake.figures.contents import digest_of, rows_of


def wells(**changed) -> pd.DataFrame:
    columns = {"well": ["A1", "A2", "", "A4"], "signal": [1.5, np.nan, 0.0, 7.0]}
    columns |= {"excluded": [False, True, False, False], "row": pd.array([0, None, 2, 3], "Int64")}
    return pd.DataFrame(columns | changed)


@pytest.mark.parametrize(
    "other",
    [
        wells(well=["A1", "A2", "", "A5"]),
        wells(signal=[1.5, np.nan, 1e-300, 7.0]),
        wells(signal=[1.5, 0.0, 0.0, 7.0]),
        wells(excluded=[False, False, True, False]),
        wells(row=pd.array([0, 1, 2, 3], "Int64")),
        wells().rename(columns={"row": "col"}),
        wells().iloc[::-1],
        wells().iloc[:3],
        wells().iloc[:0],
        wells()[[]],
    ],
)
def test_another_frame_has_another_digest(other):
    assert digest_of(wells()) == digest_of(wells()) != digest_of(other)


def test_rows_have_the_digest_of_their_contents_wherever_they_stand():
    frame = pd.concat([wells(), wells(signal=[1.5, np.nan, 0.0, 8.0]), wells()], ignore_index=True)
    first, changed, again = rows_of(frame, [(0, 4), (4, 8), (8, 12)])
    assert digest_of(first) == digest_of(again) != digest_of(changed)
    pd.testing.assert_frame_equal(changed.cut(), frame.iloc[4:8])


def test_to_another_process_go_the_rows_alone():
    frame = pd.concat([wells()] * 500, ignore_index=True)
    (rows,) = rows_of(frame, [(4, 8)])
    sent = pickle.dumps(rows)
    assert len(sent) < len(pickle.dumps(frame)) / 4
    pd.testing.assert_frame_equal(pickle.loads(sent).cut(), rows.cut())
    assert digest_of(pickle.loads(sent)) == digest_of(rows)
