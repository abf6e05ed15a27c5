"""Strict YAML: plain data as text, a line for every place, and nothing hidden."""

from __future__ import annotations

import pytest

from reuptake import documents
from reuptake.problems import ProblemsError


def problems(content: str | bytes) -> list[str]:
    data = content.encode() if isinstance(content, str) else content
    with pytest.raises(ProblemsError) as caught:
        documents.load(data, "f.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_scalars_stay_as_they_are_written():
    data = documents.load(
        b"run: 2026-03-02\nlot: 0123\nyes: no\nn: 1e3\ntime: 12:30:00\nx: 0x10\n", "f.yaml"
    ).data
    assert data == {
        "run": "2026-03-02",
        "lot": "0123",
        "yes": "no",
        "n": "1e3",
        "time": "12:30:00",
        "x": "0x10",
    }


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_what_is_empty_is_none_unless_quoted(written):
    assert documents.load(f"a: {written}\n".encode(), "f").data == {"a": None}
    assert documents.load(f"a: '{written}'\n".encode(), "f").data == {"a": written}


def test_every_place_knows_its_line():
    document = documents.load(b"a: 1\nb:\n  - c: 2\n    d: 3\n  - {e: 4,\n     f: 5}\n", "f")
    assert document.line(("a",)) == 1
    assert document.line(("b", 0, "d")) == 4
    assert document.line(("b", 1, "f")) == 6
    # what is not there is looked for around
    assert document.line(("b", 1, "g")) == 5
    assert document.line(("b", 7)) == 2
    assert document.line(("z",)) == 1


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert documents.load(b"\xef\xbb\xbfa: 1\n", "f").data == {"a": "1"}


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tag:yaml.org,2002:python/object/apply"),
        ("a: 1\nb: !x 2\n", 2, "tags are not allowed"),
        ("a: !!binary aGk=\n", 1, "tags are not allowed"),
        ("a: !!set {b}\n", 1, "tags are not allowed"),
        ("a: &x 1\n", 1, "anchors"),
        ("a: 1\nb: *x\n", 2, "anchors"),
        ("a: 1\n<<: {b: 2}\n", 2, "merge"),
        ("a: 1\nb: 2\na: 3\n", 3, "second time"),
        ("a: {b: 1,\n  b: 2}\n", 2, "second time"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("a: 'b\n", 2, "not valid YAML"),
        ("a: b: c\n", 1, "not valid YAML"),
        ("a: @b\n", 1, "not valid YAML"),
        ("\ta: 1\n", 1, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("[a, b]: c\n", 1, "not a word"),
        ("a: " + "[" * 40 + "]" * 40, 1, "nested too deeply"),
        ("a: " + "{b: " * 40 + "}" * 40, 1, "nested too deeply"),
        ("- a\n", 1, "mapping"),
        ("just text\n", 1, "mapping"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
    ],
)
def test_what_is_refused_and_where(content, line, words):
    found = problems(content)
    assert any(text.startswith(f"f.yaml, line {line}") and words in text for text in found), found
    assert all("\n" not in text for text in found)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: \xff\n", "not UTF-8 at byte 3"),
        ("a: ü\n".encode("latin-1"), "not UTF-8"),
        ("a: 1\n".encode("utf-16"), "not UTF-8"),
        (b"a: \0\n", "not valid YAML"),
        (b"a: \x1b[31m\n", "not valid YAML"),
        (bytes(range(256)), "not UTF-8"),
        (b"#" * 2_000_001, "too large"),
    ],
)
def test_what_is_no_text_is_refused(content, words):
    (found,) = problems(content)
    assert found.startswith("f.yaml")
    assert words in found
    assert found.isprintable()


def test_a_billion_laughs_stay_a_few_lines():
    lines = ["a: &a [ha, ha]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi")]  # noqa: B905
    found = problems("\n".join(lines))
    assert len(found) == 9 + 8 * 9  # each anchor and each alias, none followed


def test_all_faults_are_told_at_once():
    found = problems("a: 1\na: 2\nb: {c: 1, c: 2}\n<<: {}\n")
    assert [text.partition(":")[0] for text in found] == [
        "f.yaml, line 2, a",
        "f.yaml, line 3, c",
        "f.yaml, line 4",
    ]
