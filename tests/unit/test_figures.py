"""Figures: what they show, the mark of simulated data, and files that depend on data alone."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_tables
from matplotlib.colors import to_hex

from reuptake.curves import models
from reuptake.curves.fit import fit_curves
from reuptake.curves.plates import gather
from reuptake.figures import build, cache, curves, palette, plates, points, selectivity, style
from reuptake.figures.inputs import read_index
from reuptake.guides import read_affinities

PUBLISHED = read_affinities(Path(__file__).parents[2] / "data" / "reference")

DIAGRAMS = ["diagram"] * 9  # which no table changes but that of the drops


@pytest.fixture(scope="module")
def archive() -> dict[str, pd.DataFrame]:
    return report_tables.archive()


@pytest.fixture(scope="module")
def tables(archive, tmp_path_factory):
    return report_tables.write(archive, tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def built(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    draw_all(tables, folder)
    return folder


def draw_all(tables: Path, folder: Path, processes: int = 1) -> int:
    wells = tables / "wells.parquet"
    places = folder / "figures", folder / "cache"
    return build.build_figures(tables, wells, PUBLISHED, *places, processes)


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def small_tables(archive) -> dict[str, pd.DataFrame]:
    """Only the uptake drop: few figures, for tests that build twice."""
    keep = {"wells": "drop", "curves": "drop", "plates": "drop"}
    archive = archive | {name: archive[name].head(0) for name in ("constants", "isotherms")}
    chosen = {
        name: frame[frame[keep[name]] == report_tables.UPTAKE_DROP] if name in keep else frame
        for name, frame in archive.items()
    }
    chosen["selectivity"] = chosen["selectivity"].iloc[:0]
    return chosen


def marked(figure) -> bool:
    return any(text.get_text() == "simulated data" for text in figure.texts)


def test_every_figure_is_written_twice_and_named_in_the_index(built):
    index = read_index(built / "figures")
    files = {path.name for path in (built / "figures").iterdir()} - {"index.csv"}
    assert files == {f"{name}.{suffix}" for name in index["file"] for suffix in ("svg", "png")}
    assert set(index["kind"]) == {
        "curves", "diagram", "forest", "heatmap", "isotherms", "plates", "profiles", "selectivity",
    }  # fmt: skip
    assert not index.loc[index["kind"] == "diagram", "simulated"].any()
    for name in index.loc[index["kind"] == "diagram", "file"]:
        assert "<desc>" in (built / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert index["file"].is_unique
    assert (index["caption"] != "").all()


def test_bytes_do_not_depend_on_the_number_of_processes(tables, built, tmp_path):
    n = draw_all(tables, tmp_path, processes=2)
    assert n == len(read_index(tmp_path / "figures"))
    assert contents(tmp_path / "figures") == contents(built / "figures")


def test_files_carry_no_date_and_no_live_text(built):
    for path in (built / "figures").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "<dc:date>" not in text
        assert "<script" not in text
        assert "<text" not in text  # letters are outlines: no font is needed to read them


def test_only_what_changed_is_drawn_again_and_the_store_is_swept(archive, tmp_path, monkeypatch):
    chosen = small_tables(archive)
    folder = report_tables.write(chosen, tmp_path / "tables")
    drawn = []
    real = build.draw_one
    monkeypatch.setattr(build, "draw_one", lambda *job: (drawn.append(job[1]), real(*job)))

    def run() -> dict[str, bytes]:
        drawn.clear()
        draw_all(folder, tmp_path)
        return contents(tmp_path / "figures")

    first = run()
    assert sorted(drawn) == sorted(
        [*["curves"] * 2, *["forest"] * 8, *["heatmap"] * 3, "plates", *["profiles"] * 2, *DIAGRAMS]
    )
    assert run() == first
    assert drawn == []
    changed = chosen["wells"].copy()
    hit = changed.index[changed["compound"] == "citalopram"][0]
    changed.loc[hit, "signal"] *= 1.001
    report_tables.write(chosen | {"wells": changed}, folder)
    run()
    assert sorted(drawn) == ["curves", "plates", "profiles"]
    assert len(list((tmp_path / "cache").iterdir())) == 32 + 2 * len(DIAGRAMS)


def test_a_killed_drawing_leaves_nothing_that_looks_finished(tmp_path):
    stem = tmp_path / "abc"

    def die(path):
        path.with_name(f"{path.name}.svg").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.store(stem, die)
    assert not cache.stored(stem)
    assert list(tmp_path.iterdir()) == []


def test_the_key_tells_every_value_apart():
    frame = pd.DataFrame({"a": ["x", "yz"], "b": [1.0, math.nan]})
    keys = {
        cache.key("curves", frame),
        cache.key("plates", frame),
        cache.key("curves", frame.assign(a=["xy", "z"])),
        cache.key("curves", frame.assign(b=[1.0, 2.0])),
        cache.key("curves", frame.assign(b=[np.nextafter(1.0, 2), math.nan])),
        cache.key("curves", frame.rename(columns={"b": "c"})),
    }
    assert len(keys) == 6
    assert cache.key("curves", frame) == cache.key("curves", frame.copy())


def test_percent_of_the_control_window_by_hand():
    # Window 600 to 4800: 2700 is its middle, 6900 lies half a window above it.
    signal = np.array([4800.0, 600.0, 2700.0, 6900.0])
    assert points.percent_of_window(signal, 4800.0, 600.0).tolist() == [100, 0, 50, 150]
    assert np.isnan(points.percent_of_window(np.array([1.0]), 5.0, 5.0)).all()


def test_curves_are_normalised_by_their_own_plateaus_and_lines_pass_the_ic50(archive):
    found = {k[:3]: k[3] for k in curves.prepare(archive, [archive["wells"]])}
    data = found[("compound A", "binding", False)]
    sert = data.fits[data.fits["series"] == "SERT"]
    np.testing.assert_allclose(10 ** sert["log10_ic50"], [0.96, 1.16, 1.9])
    assert (sert["top_percent"] == 100).all()
    assert (sert["bottom_percent"] == 0).all()
    partial = found[("citalopram", "binding", False)].fits.query("series == 'DAT'")
    np.testing.assert_allclose(partial["bottom_percent"], 35)
    vehicle = data.controls[data.controls["upper"]]
    assert vehicle["percent"].between(97, 103).all()


def test_a_bound_has_no_line_and_a_failed_plate_leaves_the_means(archive):
    found = {k[:3]: k[3] for k in curves.prepare(archive, [archive["wells"]])}
    fits = found[("compound A", "binding", False)].fits
    assert not fits.loc[fits["status"] == "incomplete", "fitted"].any()
    assert fits.loc[fits["target"] == "DAT", "left_out"].tolist() == [False, False, True]
    with style.context():
        figure = curves.draw(found[("compound A", "binding", False)])
    # 3 SERT and 3 DAT curves have lines; NET gave only bounds.
    lines = figure.axes[0].collections
    assert sum(len(some.get_segments()) for some in lines) == 6
    assert len({to_hex(some.get_colors()[0]) for some in lines}) == 2
    left_out = fits["fitted"] & fits["left_out"]
    (dotted,) = (some for some in lines if some.get_linestyles()[0][1])
    assert len(dotted.get_segments()) == left_out.sum() == 1


def test_captions_give_n_interval_and_model(archive):
    found = {k[:3]: k[3] for k in curves.prepare(archive, [archive["wells"]])}
    text = curves.caption(found[("citalopram", "uptake", False)])
    # 1.9 and 2.4: geometric mean 2.1354; the fixture's interval is a factor of two.
    assert "SERT: IC50 2.14 nM; 95 % CI 1.06 to 4.28, n = 2; model 3PL." in text
    text = curves.caption(found[(report_tables.SCRIPT, "binding", False)])
    assert "24.8 to unbounded" in text
    assert "1 curve failed: no line" in text
    assert "Simulated" not in text


def test_simulated_data_are_marked_in_the_figure_and_only_they(archive):
    drawings = build.list_drawings(archive, [archive["wells"]], PUBLISHED)
    assert {d.row["simulated"] for d in drawings} == {True, False}
    with style.context():
        for drawing in drawings:
            figure = build._MODULES[drawing.kind].draw(drawing.data)
            assert marked(figure) == drawing.row["simulated"], drawing.row["file"]
            assert ("Simulated data." in drawing.row["caption"]) == drawing.row["simulated"]
            assert drawing.row["file"].endswith("-simulated") == drawing.row["simulated"]


def test_real_and_simulated_wells_never_share_a_figure(archive):
    real = {k[0]: k[3] for k in curves.prepare(archive, [archive["wells"]]) if not k[2]}
    assert "Sert-IN-2" not in real
    assert set(real["citalopram"].wells["experiment"]) <= {
        f"{report_tables.REAL_DROP}/{run}-binding" for run in "ABC"
    } | {f"{report_tables.UPTAKE_DROP}/{run}-uptake" for run in "AB"}


def test_one_colour_for_each_transporter_and_others_told_apart():
    colours = palette.target_colours(["NET", "5-HT2A", "SERT", "DAT", "VMAT2"])
    assert (colours["SERT"], colours["DAT"], colours["NET"]) == ("#0072B2", "#D55E00", "#009E73")
    assert len(set(colours.values())) == 5
    assert palette.target_order(colours) == ["SERT", "DAT", "NET", "5-HT2A", "VMAT2"]


def test_heat_maps_show_every_plate_on_one_scale_without_blanks(archive):
    pages = list(plates.prepare(archive, [archive["wells"]]))
    drop, assay, _, _, data = pages[0]
    assert (drop, assay) == (report_tables.REAL_DROP, "dat_binding")
    assert [panel.verdict for panel in data.panels] == ["pass", "warn", "fail"]
    assert data.low > 100  # the blanks of 40 cpm do not stretch the scale
    with style.context():
        figure = plates.draw(data)
    page = figure.axes[0]
    headings = [text.get_text() for text in page.texts if "Z′" in text.get_text()]
    assert headings == ["pass, Z′ 0.910", "warn, Z′ 0.450", "fail, Z′ 0.210"]
    signals, residuals = page.images[::2], page.images[1::2]
    assert [image.get_clim() for image in signals] == [(data.low, data.high)] * 3
    assert [image.get_clim() for image in residuals] == [(-4, 4)] * 3


def test_residuals_are_distances_from_the_curve_in_its_standard_deviations(archive):
    curves_, wells = archive["curves"].reset_index(drop=True), archive["wells"]
    found = points.residual_of_wells(curves_, wells)
    exact = curves_[(curves_["ic50_qualifier"] == "=") & curves_["counting_per_unit"].isna()]
    key = ["drop", "run", "assay", "plate", "compound", "role"]
    checked = 0
    for _, fit in exact.iterrows():
        mine = wells[(wells[key] == fit[key]).all(axis=1) & wells["signal"].notna()]
        dose = mine["concentration_nM"].to_numpy(float)
        fitted = fit["bottom"] + (fit["top"] - fit["bottom"]) / (
            1 + (dose / fit["ic50_nM"]) ** fit["hill"]
        )
        expected = (mine["signal"].to_numpy(float) - fitted) / np.sqrt(fit["rss"] / fit["df"])
        if np.isfinite(expected).all():
            np.testing.assert_allclose(found[mine.index], expected, rtol=1e-9)
            checked += len(mine)
    assert checked > 0
    assert found[wells["role"].isin(["blank", "total_added", "empty"])].isna().all()


def test_copied_figures_stay_unless_somebody_touched_them(tmp_path):
    folder, record = tmp_path / "figures", tmp_path / "copied.json"
    folder.mkdir()
    for stem in ("one", "two"):
        for suffix in (".svg", ".png"):
            (tmp_path / f"{stem}{suffix}").write_text(stem)
    entries = {"a": tmp_path / "one", "b": tmp_path / "two"}
    cache.copy_out(entries, folder, record)
    looks = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    (folder / "a.svg").write_text("drawn over")
    (folder / "b.png").unlink()
    (folder / "gone.svg").write_text("of an earlier run")
    cache.copy_out(entries, folder, record)
    assert {f.name: f.read_text() for f in folder.iterdir()} == {
        "a.svg": "one", "a.png": "one", "b.svg": "two", "b.png": "two"
    }  # fmt: skip
    for name in ("a.png", "b.svg"):
        assert (folder / name).stat().st_mtime_ns == looks[name]
    cache.copy_out({"a": tmp_path / "two"}, folder, record)
    assert {f.name: f.read_text() for f in folder.iterdir()} == {"a.svg": "two", "a.png": "two"}


def test_letters_stand_on_the_wells_of_their_role(archive):
    data = next(iter(plates.prepare(archive, [archive["wells"]])))[4]
    with style.context():
        page = plates.draw(data).axes[0]
    left, right, low, high = page.images[0].get_extent()
    pitch = (right - left) / 12
    assert np.isclose((high - low) / 8, pitch)
    first, wells = data.panels[0], data.wells.cut()
    wells = wells[(wells["run"] == first.run) & (wells["plate"] == first.plate)]
    marked = {
        (round((x - left) / pitch - 0.5, 6), round((high - y) / pitch - 0.5, 6))
        for line in page.lines
        for x, y in zip(*line.get_data(), strict=True)
        if left < x < right and low < y < high
    }
    named = wells[
        wells["role"].isin(list(plates.ROLE_LETTERS)) | wells["excluded"] | wells["flagged"]
    ]
    assert marked == set(zip(named["col"].astype(float), named["row"].astype(float), strict=True))


def test_384_wells_and_many_plates_fit_their_pages(archive):
    wells = archive["wells"]
    one = wells[wells["plate"] != ""].iloc[:1]
    rows = [
        one.assign(plate=f"P{p}", row=r, col=c, drop="big", assay="a", simulated=False)
        for p in range(13)
        for r, c in ((0, 0), (15, 23))
    ]
    pages = list(plates.prepare(archive, [pd.concat(rows)]))
    named = [panel.plate for page in pages for panel in page[4].panels]
    assert named == [f"P{p}" for p in range(13)]  # P2 before P10
    assert [len(page[4].panels) for page in pages] == [12, 1]
    assert [page[2] for page in pages] == [1, 2]
    with style.context():
        figure = plates.draw(pages[1][4])
    left, right, low, high = figure.axes[0].images[0].get_extent()
    assert np.isclose((right - left) / (high - low), 24 / 16)
    assert figure.axes[0].images[0].get_array().shape == (16, 24)


def test_selectivity_draws_each_claim_and_skips_refusals(archive):
    pages = list(selectivity.prepare(archive))
    assert [page[4] for page in pages] == [False, True]
    rows = pages[0][5].rows
    assert (rows["qualifier"] != "").all()
    assert "compound A: > 42,800-fold over NET" in selectivity.caption(pages[0][5])
    refused = archive["selectivity"].assign(qualifier="")
    assert list(selectivity.prepare({"selectivity": refused})) == []


def test_no_drop_at_all_leaves_the_diagrams_alone(tmp_path):
    folder = report_tables.write(report_tables.empty(), tmp_path / "tables")
    assert draw_all(folder, tmp_path) == 9
    assert set(read_index(tmp_path / "figures")["kind"]) == {"diagram"}


def test_the_figures_of_a_removed_compound_go(archive, tmp_path):
    folder = report_tables.write(small_tables(archive), tmp_path / "tables")
    draw_all(folder, tmp_path)
    assert len(list((tmp_path / "figures").iterdir())) == 33 + 2 * len(DIAGRAMS)
    report_tables.write(report_tables.empty(), folder)
    draw_all(folder, tmp_path)
    left = {p.name.partition("-")[0] for p in (tmp_path / "figures").iterdir()}
    assert left == {"diagram", "index.csv"}
    assert len(list((tmp_path / "cache").iterdir())) == 2 * len(DIAGRAMS)


def test_normalised_responses_and_other_species_are_drawn_too(archive):
    curve = archive["curves"].query("compound == 'compound A' and target == 'SERT'").iloc[:1]
    place = dict(curve[["drop", "run", "assay", "plate"]].iloc[0])
    wells = archive["wells"]
    wells = wells[(wells[list(place)] == pd.Series(place)).all(axis=1)]
    roles = {"total": "vehicle", "nonspecific": "full_block"}
    plain = {"plate": "", "kind": "response", "species": "rat"}
    wells = wells.assign(**plain, row=pd.NA, col=pd.NA, role=wells["role"].replace(roles))
    tables = archive | {"curves": curve.assign(**plain)}
    ((compound, modality, _, data),) = curves.prepare(tables, [wells])
    assert (compound, modality) == ("compound A", "response")
    assert set(data.fits["series"]) == {"SERT, rat"}
    assert data.controls["upper"].sum() == 8
    assert (~data.controls["upper"]).sum() == 6
    with style.context():
        figure = curves.draw(data)
    (line,) = figure.axes[0].collections
    assert len(line.get_segments()) == 1
    assert to_hex(line.get_colors()[0]) == palette.TARGET_COLOURS["SERT"].lower()
    assert line.get_linestyles()[0][1] is not None  # broken, for it is not human SERT
    assert list(plates.prepare(tables, [wells])) == []


def test_very_many_wells_become_an_image_in_each_panel(archive, tmp_path, monkeypatch):
    """The SVG no longer grows with the wells; its text stays text."""
    *_, data = next(curves.prepare(archive, [archive["wells"]]))
    sizes = []
    for most in (len(data.wells) + len(data.controls), 0):
        monkeypatch.setattr(curves, "_MOST_MARKS", most)
        with style.context():
            svg, _ = style.save(curves.draw(data), tmp_path / str(most))
        text = svg.read_text(encoding="utf-8")
        sizes.append((text.count("<image"), text.count("<use")))
    (no_image, many_marks), (images, few_marks) = sizes
    assert (no_image, images) == (0, 2)
    assert few_marks < many_marks


def test_weighted_residuals_by_hand():
    # equal weights: SS/nu = 40/10 = 4, so 110 on 100 lies 5 SD off
    nothing = np.array([np.nan])
    flat = points.weighted_residuals(np.array([110.0]), 100.0, 40.0, 10.0, nothing, nothing)
    assert flat == pytest.approx([5.0])
    # counted: Var = 0.5 x 100 + (0.1 x 100)^2 = 150, SS/nu = 1.5: SD 15
    k, c = np.array([0.5]), np.array([0.1])
    counted = points.weighted_residuals(np.array([70.0]), 100.0, 15.0, 10.0, k, c)
    assert counted == pytest.approx([-2.0])
    none = points.weighted_residuals(np.array([70.0]), 70.0, 0.0, 10.0, nothing, nothing)
    assert np.isnan(none).all()


def test_residuals_of_a_fit_have_unit_spread_and_stand_in_their_strip():
    """Over all wells of a fitted plate the squares sum to the degrees of freedom."""
    rng = np.random.default_rng(7)
    dose = np.r_[np.repeat(10.0 ** np.arange(-1, 4, 0.5), 3), np.zeros(8), np.full(6, np.inf)]
    signal = 600 + 4200 / (1 + dose / 30.0) + rng.normal(size=len(dose)) * 100
    fit = fit_curves(np.zeros(len(dose), int), dose, signal, 1).iloc[0]
    with np.errstate(divide="ignore"):
        fitted = models.logistic(
            np.log10(dose), np.log10(fit.ic50_nM), fit.hill, fit.top, fit.bottom
        )
    nothing = np.full(len(dose), np.nan)
    found = points.weighted_residuals(signal, fitted, fit.rss, fit.df, nothing, nothing)
    assert (found**2).sum() == pytest.approx(fit.df, rel=1e-9)


def test_the_curves_figure_has_wells_means_residuals_and_hollow_exclusions(archive):
    data = {k[:3]: k[3] for k in curves.prepare(archive, [archive["wells"]])}[
        ("citalopram", "uptake", False)
    ]
    with style.context():
        panel, _, residuals = curves.draw(data).axes
    shown = data.wells[~data.wells["excluded"]]
    assert data.wells["excluded"].sum() > 0
    for axes, name in ((panel, "percent"), (residuals, "residual")):
        marks = [line for line in axes.lines if line.get_marker() == "o"]
        light = [line for line in marks if line.get_alpha()]
        drawn = np.concatenate([line.get_ydata() for line in light])
        inside = shown[name].to_numpy()
        if name == "residual":
            inside = inside[np.abs(inside) <= 4.5]
            assert np.isfinite(inside).all()
            assert np.sort(drawn) == pytest.approx(np.sort(inside))
        else:
            assert set(np.round(inside, 6)) <= set(np.round(drawn, 6))
        hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
        assert sum(len(line.get_xdata()) for line in hollow) >= data.wells["excluded"].sum()


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((-2.3, 4.3), ["0.01", "0.1", "1", "10", "100", "1,000", "10,000"]),
        ((0.1, 0.62), ["1.5", "2", "3"]),
        ((-0.004, 0.05), ["1", "1.1"]),
    ],
)
def test_ticks_are_round_numbers_at_their_places(ends, expected):
    with style.context():
        axes = style.new_figure(80, 40).add_subplot()
        axes.set_xlim(*ends)
        style.log10_ticks(axes.xaxis, *ends, length_mm=80)
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    assert [label for label in labels if label] == expected
    for place, label in zip(axes.get_xticks(), labels, strict=True):
        if label:
            assert 10**place == pytest.approx(float(label.replace(",", "")), rel=1e-9)


def test_numbers_of_ticks_do_not_touch():
    with style.context():
        axes = style.new_figure(80, 40).add_subplot()
        style.log10_ticks(axes.xaxis, -3, 6, length_mm=40)
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    places = [(p + 3) / 9 * 40 for p in axes.get_xticks()]
    shown = [(at, len(t) * 1.5 / 2) for at, t in zip(places, labels, strict=True) if t]
    assert 2 <= len(shown) < len(labels)
    for (a, half_a), (b, half_b) in pairwise(shown):
        assert b - half_b > a + half_a


def test_a_figure_shows_the_wells_that_were_fitted(archive):
    """The points of each curve are those that :func:`gather` hands to the fit."""
    place = {"drop": "d", "run": "r", "assay": "a", "plate": "p", "excluded": False}
    responses = pd.DataFrame(
        [
            place | {"role": role, "compound": compound, "concentration_nM": at, "signal": signal}
            for compound, level in (("A", 100.0), ("B", 80.0))
            for role, at, signal in (
                ("vehicle", np.nan, level), ("full_block", np.nan, 0.1 * level),
                ("sample", 1.0, 0.9 * level), ("sample", 10.0, 0.5 * level), ("sample", 10.0, 0.4),
            )
        ]
    )  # fmt: skip
    wells = pd.concat([archive["wells"][responses.columns], responses], ignore_index=True)
    wells["excluded"] = wells["excluded"].astype(bool)
    fitted, curve, concentration, signal = gather(wells)
    found = points.points_of(fitted, wells)
    found = found[~found["excluded"]]
    assert len(fitted) > 20
    for i in range(len(fitted)):
        mine = found[found["curve"] == i][["concentration_nM", "signal"]].to_numpy(float)
        theirs = np.stack([concentration, signal], axis=1)[curve == i]
        np.testing.assert_array_equal(
            mine[np.lexsort(mine.T)], theirs[np.lexsort(theirs.T)], str(fitted.loc[i].to_dict())
        )
