"""The configuration: every fault of every file at once, each with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

import dropmaker
from reuptake.problems import ProblemsError
from reuptake.settings.load import ROOT, load_settings

BINDING = """\
b:
  kind: competition_binding
  target: SERT
  {}
"""


@pytest.fixture
def archive(tmp_path):
    return dropmaker.write_archive(tmp_path)


def faults(archive, *more: Path, overrides: dict | None = None) -> list[str]:
    with pytest.raises(ProblemsError) as caught:
        load_settings([archive.config, *more], overrides)
    return [str(problem) for problem in caught.value.problems]


def test_the_projects_own_configuration_is_right():
    settings = load_settings()
    assert [key for key, t in settings.targets.items() if t.role == "primary"] == ["SERT"]
    assert settings.config.guide_compound == "Sert-IN-2"
    assert settings.assays["sert_binding"].kd.run == "2026-02-16-saturation/2026-02-16-S"
    assert settings.assays["dat_uptake"].km.value == "1500 nM"


def test_later_files_win_key_by_key(archive, tmp_path):
    second = tmp_path / "second.yaml"
    second.write_text("limits: {z_prime: {warn: 0.6}}\nstrict: true\n")
    config = load_settings([archive.config, second], {"title": "Mine"}).config
    assert (config.limits.z_prime.warn, config.limits.z_prime.fail) == (0.6, 0.4)
    assert (config.strict, config.title) == (True, "Mine")
    assert config.drops == str(archive.folder / "drops")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("dropz: x\n", ("line 1, dropz", "unknown key", "Did you mean `drops`")),
        ("a: b\n", ("line 1, a", "unknown key", "Known keys: assays")),
        ("\nstrict: perhaps\n", ("line 2, strict", "true or false", "'perhaps'")),
        ("limits: {z_prime: {warn: high}}\n", ("line 1, limits.z_prime.warn", "number", "'high'")),
        ("limits: {z_prime: {warn: nan}}\n", ("limits.z_prime.warn", "finite", "'nan'")),
        ("limits: {z_prime: {warn: 1e400}}\n", ("limits.z_prime.warn", "finite", "'1e400'")),
        ("limits: {zprime: {warn: 1}}\n", ("limits.zprime", "Did you mean `z_prime`")),
        ("limits: none\n", ("line 1, limits", "'none'")),
        ("guide_compound: =cmd\n", ("guide_compound", "may not begin with", "'=cmd'")),
        ("drops: [a, b]\n", ("line 1, drops", "string")),
        ("!!python/object/apply:os.system [ls]\n", ("tags are not allowed",)),
    ],
)
def test_a_fault_of_the_config_file(archive, tmp_path, content, words):
    second = tmp_path / "second.yaml"
    second.write_text(content)
    found = faults(archive, second)
    assert any("second.yaml" in text and all(w in text for w in words) for text in found), found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kd: 5.3 nM", ("line 4, b.kd", "'5.3 nM'")),
        ("kd: {value: 5.3}", ("line 4, b.kd.value", "without a unit", "'5.3'", "5.1 nM")),
        ("kd: {value: 0 nM}", ("line 4, b.kd.value", "zero", "'0 nM'")),
        ("kd: {value: -1 nM}", ("line 4, b.kd.value", "negative", "'-1 nM'")),
        ("kd: {value: 5 uL}", ("line 4, b.kd.value", "cannot be turned into nM", "'5 uL'")),
        ("kd: {relative_error: 0.1}", ("line 4, b.kd.value", "missing", "Add `value:`")),
        ("kd: {value: 5 nM, relative_error: nan}", ("b.kd.relative_error", "'nan'")),
        ("volume: 250", ("line 4, b.volume", "without a unit", "'250'")),
        ("count_time: 0 min", ("line 4, b.count_time", "zero")),
        ("efficiency: {value: 42}", ("line 4, b.efficiency.value", "less than or equal to 1")),
        ("efficiency: {value: inf}", ("line 4, b.efficiency.value", "'inf'")),
        ("total_added_fraction: 0", ("line 4, b.total_added_fraction", "greater than 0")),
        ("weights: poisson", ("line 4, b.weights", "'constant' or 'counting'", "'poisson'")),
        ("weights: counting", ("assays.yaml", "b", "counting time", "count_time")),
        ("depletion: no", ("line 4, b.depletion", "'judge'", "'no'")),
        ("depletion: {assume: negligible}", ("b.depletion.reason", "missing")),
        ("depletion: {assume: negligible, reason: ''}", ("b.depletion.reason", "at least 1")),
        ("radioligand: {name: x, tritiums: 0}", ("b.radioligand.tritiums", "greater than 0")),
        ("radioligand: {name: x, isotope: 2H}", ("b.radioligand.isotope", "'3H'", "'2H'")),
        ("cells: 5", ("line 4, b.cells", "unknown key")),
        ("limits: {z_prime: {warm: 1}}", ("b.limits.z_prime.warm", "Did you mean `warn`")),
        ("temperature: 22 K", ("b.temperature", "degC", "'22 K'")),
    ],
)
def test_a_fault_of_an_assay(archive, line, words):
    (archive.folder / "assays.yaml").write_text(BINDING.format(line))
    found = faults(archive)
    assert any("assays.yaml" in text and all(w in text for w in words) for text in found), found


@pytest.mark.parametrize(
    ("assays", "words"),
    [
        (
            "p: {kind: pca_depletion, control_group: V, challenge_group: V}",
            ("assays.yaml", "p", "one group"),
        ),
        ("b: {kind: binding, target: SERT}\n", ("line 1, b", "unknown kind", "'binding'")),
        ("b: {target: SERT}\n", ("line 1, b", "no kind is given")),
        ("b: {kind: response, target: GABA}\n", ("b", "unknown target", "'GABA'", "SERT, DAT")),
        ("b: {kind: response}\n", ("line 1, b.target", "missing")),
        ("b: text\n", ("line 1, b",)),
        ("b: []\n", ("line 1, b",)),
        ("", ("assays.yaml", "empty")),
    ],
)
def test_a_fault_of_the_assays_file(archive, assays, words):
    (archive.folder / "assays.yaml").write_text(assays)
    found = faults(archive)
    assert any("assays.yaml" in text and all(w in text for w in words) for text in found), found


def test_no_two_targets_are_primary(archive):
    dropmaker.edit(archive.folder / "targets.yaml", "off-target", "primary")
    (found,) = faults(archive)
    assert "targets.yaml: 2 targets have the role primary (found 'SERT, DAT')" in found


EXCLUSION = "d,r,p,A1,why,AB,2026-01-07"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ("line 1", "wrong columns", "drop,run,plate,well,reason,by,date")),
        ("drop;run;plate;well;reason;by;date\n", ("line 1", "wrong columns")),
        ("drop,run,plate,well,reason,by\n", ("line 1", "wrong columns")),
        ("drop,run,plate,well,reason,by,date,x\n", ("line 1", "wrong columns")),
        (f"{dropmaker.EXCLUSIONS_HEADER}{EXCLUSION},x\n", ("line 2", "8 cells, 7 expected")),
        (
            f"{dropmaker.EXCLUSIONS_HEADER}\n{EXCLUSION.replace('why', '')}\n",
            ("line 3, reason", "at least 1"),
        ),
        (
            f"{dropmaker.EXCLUSIONS_HEADER}{EXCLUSION.replace('AB', '')}\n",
            ("line 2, by", "at least 1"),
        ),
        (
            f"{dropmaker.EXCLUSIONS_HEADER}{EXCLUSION.replace('2026-01-07', '7.1.2026')}\n",
            ("line 2, date", "YYYY-MM-DD", "'7.1.2026'"),
        ),
        (
            f"{dropmaker.EXCLUSIONS_HEADER}={EXCLUSION}\n",
            ("line 2, drop", "may not begin with", "'=d'"),
        ),
        (f'{dropmaker.EXCLUSIONS_HEADER}"{EXCLUSION}\n', ("not valid CSV", "quotes")),
        (f"{dropmaker.EXCLUSIONS_HEADER}{'x' * 200_000}\n", ("not valid CSV", "131072")),
        ("\xff\xfe", ("wrong columns",)),
    ],
)
def test_a_fault_of_the_exclusions(archive, content, words):
    archive.exclusions.write_text(content, encoding="utf-8")
    found = faults(archive)
    assert any("exclusions.csv" in text and all(w in text for w in words) for text in found), found


def test_all_files_are_checked_at_once(archive):
    (archive.folder / "assays.yaml").write_text("b: {kind: nonsense}\n")
    (archive.folder / "targets.yaml").write_text("SERT: {name: s, role: main}\n")
    (archive.folder / "compounds.csv").write_bytes(b"\xff\xfe\x00")
    archive.exclusions.unlink()
    found = "\n".join(faults(archive))
    for file in ("assays.yaml", "targets.yaml", "compounds.csv", "exclusions.csv"):
        assert file in found
    assert "cannot be read: No such file or directory" in found


def test_a_fault_of_the_configuration_stops_a_registration_in_words(archive, capsys):
    (archive.folder / "assays.yaml").write_text(BINDING.format("kd: {value: 5.3}"))
    outcome = archive.register(capsys)
    assert outcome.code == 1
    assert "assays.yaml, line 4, b.kd.value" in outcome.text
    assert not (archive.drop() / "SHA256SUMS").exists()


def test_relative_paths_start_at_the_checkout(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_settings().targets.keys() == {"SERT", "DAT", "NET"}
    monkeypatch.chdir(ROOT)
    assert load_settings().targets.keys() == {"SERT", "DAT", "NET"}
