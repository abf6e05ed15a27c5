"""The diagram of the pipeline says what Snakemake says of the rules."""

from __future__ import annotations

import re

import pytest
from workingfolder import IN_VIVO, in_vivo_drop, prepare

from reuptake.diagrams import drawing

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def rules(tmp_path_factory, checkout, drop_contents) -> set[tuple[str, str]]:
    """Pairs of rules, the second of which reads what the first makes; without the target."""
    folder = tmp_path_factory.mktemp("diagram") / "work"
    whole = prepare(folder, checkout, drop_contents | {IN_VIVO: in_vivo_drop()})
    text = whole.snakemake("--rulegraph", "dot", "--forceall")
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', text, re.M))
    edges = re.findall(r"^\s*(\d+) -> (\d+)", text, re.M)
    return {(names[a], names[b]) for a, b in edges if names[b] != "all"}


def closed(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """All pairs of which the second follows the first, over however many arrows."""
    known = set(edges)
    while more := {(a, d) for a, b in known for c, d in known if b == c} - known:
        known |= more
    return known


def test_stages_and_arrows_are_those_of_the_rules(rules):
    about = drawing.read((drawing.FOLDER / "pipeline.yaml").read_text(encoding="utf-8")).about
    arrows = {(arrow["from"], arrow["to"]) for arrow in about["arrows"]}
    assert len(arrows) == len(about["arrows"])
    assert set(about["stages"]) == {name for pair in rules for name in pair}
    assert arrows <= rules
    assert closed(arrows) == closed(rules)
    per_drop = {name for name, stage in about["stages"].items() if stage.get("per_drop")}
    assert per_drop == {name for name in about["stages"] if name.endswith("_drop")}
