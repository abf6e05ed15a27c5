"""The page of flags: true, as the script writes it, and with a line for every flag."""

import ast
import re
import runpy
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from simulated_curves import BLOCK, VEHICLE, inhibition
from test_binding_conditions import ASSAY, LOT

from reuptake import pooling
from reuptake.binding.conditions import Conditions, conditions_of
from reuptake.binding.ki import ExactKi, judge_ki
from reuptake.curves.alternatives import SIMPLER
from reuptake.curves.fit import fit_curves
from reuptake.tables import CURVES

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "workflow/reuptake"
# where the flags of curves come from: whole modules, or functions of one
SOURCES = dict.fromkeys(sorted(PACKAGE.glob("curves/*.py")), ()) | {
    PACKAGE / "binding/ki.py": (),
    PACKAGE / "binding/conditions.py": (),
    PACKAGE / "stages/fit.py": (),
    PACKAGE / "stages/longtable.py": ("fit_long_table",),
    PACKAGE / "pooling.py": ("compound_names", "range_jumps", "refuse_unaccepted"),
}
# words in those sources that are no flag, and what they are
NO_FLAGS = {
    "too few wells for AICc": "part of the flag of a model that was asked for",
    "AICc .*": "part of the same",
    ", own plateau": "model of a curve",
    ".* per cell": "what R_T rests on",
    "run .*": "what R_T rests on",
    "specific binding of the plate": "what R_T rests on",
    " and at .* more": "places of wells",
    " and more": "lines of a file",
    "counting efficiency": "what is not recorded",
    "radioligand lot": "what is not recorded",
    "specific activity": "what is not recorded",
    "reference date": "what is not recorded",
    "source of Kd": "what is not recorded",
    "source of Km": "what is not recorded",
    "copies per cell": "what is not recorded",
    "uptake time": "what is not recorded",
    "own plateau": "model of a curve",
    "M^-1 s^-1": "a unit",
}


@pytest.fixture(scope="module")
def script():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "workflow/scripts/flags.py")))


@pytest.fixture(scope="module")
def written(script):
    return script.written()


@pytest.fixture(scope="module")
def flags(script):
    return [entry for entry in script.ENTRIES if entry.group != script.STATUS]


def named(text, flags):
    """The entry of each flag of a row."""
    found = []
    for flag in text.split("; ") if text else []:
        entries = [entry for entry in flags if entry.pattern.fullmatch(flag)]
        assert len(entries) == 1, f"{flag!r} in {text!r}: {[e.title for e in entries]}"
        found += entries
    return found


def skeleton(svg):
    """An SVG without numbers and without the names that are made of them, and its numbers."""
    text = re.sub(r"(?<=[\"#])[mp][0-9a-f]{10}", "name", svg.decode())
    number = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
    return re.sub(number, "0", text), np.array(re.findall(number, text), dtype=float)


def same_picture(one, other):
    """Whether two SVGs show the same, to a fiftieth of a point.

    Not by their bytes: another processor or FreeType may change a last digit, and with it the
    names of markers and clip paths, which are hashes.
    """
    (words, numbers), (other_words, other_numbers) = skeleton(one), skeleton(other)
    return words == other_words and np.allclose(numbers, other_numbers, rtol=0, atol=0.02)


def test_page_and_pictures_are_what_the_script_writes(script, written):
    assert set(script.PICTURES.iterdir()) == written.keys() - {script.PAGE, script.LIST}, (
        "run: make flags"
    )
    for path, content in written.items():
        now = path.read_bytes()
        same = same_picture(now, content) if path.suffix == ".svg" else now == content
        assert same, f"{path.name} is out of step; run: make flags"


def test_a_well_that_moves_makes_another_picture(written, script):
    svg = written[script.PICTURES / "ok.svg"]
    x = re.search(rb'<use [^>]*x="([\d.]+)"', svg)[1]
    assert same_picture(svg, svg.replace(x, x + b"1"))
    assert not same_picture(svg, svg.replace(x, b"%.6f" % (float(x) + 0.05)))
    assert not same_picture(svg, svg.replace(b"simulated data", b"measured data"))


def test_pictures_are_small_and_marked(written):
    pictures = {path.stem: text for path, text in written.items() if path.suffix == ".svg"}
    assert len(pictures) >= 20
    for name, svg in pictures.items():
        assert b"simulated data" in svg, name
        assert len(svg) < 25_000, name
        width, height = (float(v) for v in re.findall(rb'(?:width|height)="([\d.]+)pt"', svg)[:2])
        # at 96 dots an inch
        assert (width / 0.75, height / 0.75) == pytest.approx((320, 225), abs=5)
        assert b"<dc:date>" not in svg


def test_links_of_the_page_lead_somewhere(written, script):
    page = written[script.PAGE].decode()
    titles = re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles]
    assert len(set(anchors)) == len(anchors)
    for link in re.findall(r"\]\(([^)]*)\)", page):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert (script.PAGE.parent / link).is_file(), link


def test_every_example_shows_what_it_stands_for(script, flags):
    rows = {name: script.fitted(wells) for name, wells in script.EXAMPLES.items()}
    assert {entry.picture for entry in script.ENTRIES} - {""} == rows.keys()
    for entry in script.ENTRIES:
        if entry.group == script.STATUS:
            assert rows[entry.picture].status == entry.title
        elif entry.picture:
            assert entry in named(rows[entry.picture]["flags"], flags), entry.title


def test_every_status_is_in_the_page(script):
    (meaning,) = (column.definition for column in CURVES if column.name == "status")
    statuses = [entry.title for entry in script.ENTRIES if entry.group == script.STATUS]
    assert statuses == re.findall(r"\w+", meaning.replace(" or ", " "))


def ugly_curves(n, *, seed, n_doses=(3, 5, 9)):
    """Wells of `n` curves of every kind that goes wrong, as :func:`fit_curves` takes them."""
    rng = np.random.default_rng(seed)
    parts = []
    for i in range(n):
        doses = 10.0 ** (np.arange(n_doses[i % len(n_doses)]) * rng.choice([0.5, 1.0, 1.5]))
        dose = np.repeat(doses, rng.choice([1, 3]))
        bottom = rng.choice([0, 0, 40, 97, 150, -40])
        y = inhibition(dose, 10 ** rng.uniform(-2, 6), rng.uniform(0.1, 6), 100.0, bottom)
        ends = np.repeat([VEHICLE, BLOCK], rng.choice([0, 4], 2))
        y = np.r_[y, np.where(ends == VEHICLE, 100.0, 0.0)]
        if rng.random() < 0.1:
            y = 100.0 - y  # inhibition in place of the response
        y[: len(dose)] += rng.choice([0, 0, 30]) * (dose == doses[-1])
        y += rng.choice([0.5, 3, 10]) * rng.standard_normal(len(y))
        y[rng.integers(len(y))] += rng.choice([0, 0, 60])
        y[rng.integers(len(y), size=3)] *= rng.choice([1, np.nan], p=[0.9, 0.1])
        y *= rng.choice([1, 0, np.nan], p=[0.96, 0.02, 0.02])
        parts.append((np.full(len(y), i), np.r_[dose, ends], y))
    return tuple(np.concatenate(each) for each in zip(*parts, strict=True))


@pytest.mark.parametrize("weights", ["constant", "counting", "sd"])
def test_no_flag_of_a_fit_is_undocumented(flags, script, weights):
    n = 500 if weights == "constant" else 120
    curve, c, y = ugly_curves(n, seed=71)
    options = {
        "constant": {},
        "counting": {"poisson_per_unit": np.full(n, 0.5), "c": np.full(n, 0.03)},
        "sd": {"sd": 1.0 + np.abs(np.nan_to_num(y)) / 20},
    }[weights]
    rows = fit_curves(curve, c, y, n, **options)
    statuses = {entry.title for entry in script.ENTRIES if entry.group == script.STATUS}
    assert set(rows.status) == statuses
    met = {entry.title for text in rows["flags"] for entry in named(text, flags)}
    if weights == "constant":
        # what the fit of a curve alone cannot raise: it takes a run of them
        expected = {entry.title for entry in flags if entry.picture} | {"No usable wells"}
        assert met >= expected - {"Apart from its replicates"}


@pytest.mark.parametrize("model", ["3PL", "4PL", *SIMPLER])
def test_no_flag_of_a_model_is_undocumented(flags, model):
    n = 60
    wells = ugly_curves(n, seed=72, n_doses=(3, 13))
    rows = fit_curves(*wells, n, model=model, interval="wald")
    met = {entry.title for text in rows["flags"] for entry in named(text, flags)}
    assert ("Model that was asked for" in met) == (model in SIMPLER)


def test_no_flag_of_a_ki_is_undocumented(flags):
    met = set()
    exact = ExactKi(5.0, 4.0, 6.0, np.nan, 0.05, fits=True)
    fits = (
        None,
        exact,
        replace(exact, fits=False),
        replace(exact, ki_nM=0.1, lower_nM=0.0, bound_nM=1.0),
        replace(exact, lower_nM=0.0, upper_nM=np.inf, bound_nM=np.inf),
    )
    for fit, kon, uptake, status, qualifier, ligand, sites, bound, assumed, missing in product(
        fits,
        (np.nan, 1e5, 3e5),
        (False, True),
        ("ok", "partial"),
        ("=", ">", "<", ""),
        (1.0, 20.0),
        (np.nan, 0.01, 0.3, 400.0),
        (np.nan, 20.0),
        (False, True),
        ((), ("Kd", "species")),
    ):
        curve = {"status": status, "ic50_qualifier": qualifier, "ic50_nM": 10.0, "hill": 0.7}
        known = Conditions(ligand, 2.0, sites, 0.0, bound, assumed, missing, (), uptake)
        known = replace(known, kon_per_M_s=kon, time_min=10.0 if kon != kon else 30.0)
        row = judge_ki(curve | {"ic50_lower_nM": 8.0, "ic50_upper_nM": 12.0}, known, fit)
        met |= {entry.title for entry in named("; ".join(row["ki_flags"]), flags)}
    assert met == {
        "No Ki: something missing",
        "No Ki: partial inhibition",
        "No Ki, not even a bound",
        "No Ki: bounds in both directions",
        "Hill slope and Cheng-Prusoff",
        "Depletion by prediction",
        "Predicted bias",
        "Depletion of the radioligand",
        "Depletion assumed negligible",
        "Depletion not assessable",
        "No exact Ki: slope",
        "Titration of sites: a limit",
        "Titration of sites: an estimate",
        "Equilibrium, kon given",
        "Equilibrium, kon not given",
    }


def test_no_flag_of_the_conditions_is_undocumented(flags):
    levels = dict.fromkeys(("mean_total", "mean_nonspecific", "mean_added", "mean_blank"), np.nan)
    plate = levels | {"bound_pct": np.nan, "unit": "CPM"}
    run = {"date": "2026-03-02", "measured": {}, "radioligand": LOT}
    decaying = ASSAY | {"radioligand": {"name": "x", "isotope": "125I"}, "preparation": None}
    notes = conditions_of(decaying | {"depletion": "judge"}, run, plate).notes
    late = run | {"date": "2026-01-02", "measured": {"ligand_concentration": "50 nM"}}
    refused = {"run": "d/r", "refused": "d/r: it is in nM, not in pmol/mg"}
    notes += conditions_of(decaying | {"bmax": refused}, late, plate).notes
    assert {entry.title for entry in named("; ".join(notes), flags)} == {
        "Radioligand far from nominal",
        "Reference date after the assay",
        "Bmax of a run not known",
        "Radioligand corrected for decay",
        "Radioligand nominal",
        "Not recorded",
    }


def test_no_flag_of_names_and_ranges_is_undocumented(flags):
    listed = [{"compound": "citalopram", "name": "Citalopram", "synonyms": ["Celexa"]}]
    names = pooling.compound_names(["Celexa", "citalopran", "citalopram"], listed)
    curves = pd.DataFrame({"compound": "A", "assay": "a", "role": "sample"}, index=range(3))
    of_run = curves.assign(constants_from=["d/r", "e/r, d/r", ""], flags="", ki_flags="")
    taken_back = pooling.refuse_unaccepted(of_run, {"e"})
    assert taken_back.ki_method.tolist()[:2] == ["none", "none"]
    curves["experiment"], shift = ["E1", "E2", "E3"], np.array([1.0, 1.0, 1000.0])
    curves = curves.assign(lowest_tested_nM=shift, highest_tested_nM=1e4 * shift)
    told = [flag for _, flag in names.values()] + list(pooling.range_jumps(curves))
    told.append(taken_back["flags"][0])
    met = [entry.title for text in told for entry in named(text, flags)]
    assert met == [
        "Written as",
        "Not listed",
        "Tested range off",
        "No Ki: its run was rejected",
    ]


def literals(path, functions):
    """Every text of some words in a source, as a pattern; docstrings and errors left out."""
    found = []

    def collect(node):
        if isinstance(node, ast.Raise):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        within = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.JoinedStr):
            found.append([p.value if isinstance(p, ast.Constant) else None for p in within])
            within = [p for p in within if not isinstance(p, ast.Constant)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append([node.value])
        for each in within:
            collect(each)

    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for part in [defined[name] for name in functions] or [tree]:
        collect(part)
    plain = ["".join(part or "" for part in parts) for parts in found]
    return [
        parts
        for parts, text in zip(found, plain, strict=True)
        if " " in text and re.search("[A-Za-z]", text)
    ]


@pytest.fixture(scope="module")
def sources():
    return {path: literals(path, names) for path, names in SOURCES.items()}


def pattern(parts):
    return "".join(".*" if part is None else re.escape(part) for part in parts)


def test_every_text_of_the_sources_is_in_the_page(script, sources):
    """A flag that is new in the code has no line in the page."""
    shown = [script._filled(words, 1) for entry in script.ENTRIES for words in entry.words]
    for path, found in sources.items():
        for parts in found:
            text = "".join(".*" if part is None else part for part in parts)
            assert (
                text in NO_FLAGS
                or any(re.search(pattern(parts), words) for words in shown)
                or any(entry.pattern.fullmatch(text) for entry in script.ENTRIES)
            ), f"{path}: {text!r} has no entry in workflow/scripts/flags.py"


def test_every_flag_of_the_page_is_in_the_sources(script, flags, sources):
    """A flag that has gone from the code goes from the page."""
    texts = [parts for found in sources.values() for parts in found]
    for entry in flags:
        for words in entry.words:
            shown = script._filled(words, 1)
            assert any(
                re.match(pattern(parts), shown) or entry.pattern.fullmatch(str(parts[0]))
                for parts in texts
                if len("".join(filter(None, parts))) > 8
            ), f"{shown!r} is nowhere in the code"
