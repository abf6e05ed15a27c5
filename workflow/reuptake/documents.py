"""YAML read strictly: plain data only, every scalar as text, every place remembered.

Scalars stay as they are written (a run called ``2026-03-02`` is a name, not a date); the
typed models turn them into numbers and dates. Tags, anchors, aliases, merge keys and
duplicate keys are refused, so nothing in a file can mean more than it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from reuptake.problems import Problem, ProblemsError

MAX_BYTES = 2_000_000
_MAX_DEPTH = 30
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "value")
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """Contents of a YAML file and the line of every key.

    Attributes
    ----------
    data : dict
        Nested dicts, lists and strings; None where a value is empty, ``null`` or ``~``.
    lines : dict
        Line of each path, a path being the keys and list positions that lead to a value.
    file : str
        Name for messages.
    """

    data: dict
    lines: dict[tuple, int] = field(default_factory=dict)
    file: str = ""

    def line(self, path: tuple) -> int | None:
        """Line of `path`, or of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def load(content: bytes, file: str) -> Document:
    """Read a YAML mapping.

    Raises
    ------
    ProblemsError
        If the file is not UTF-8, does not parse, or uses what is refused.
    """
    if len(content) > MAX_BYTES:
        raise ProblemsError(
            [Problem("the file is too large for a description", "Keep data out of it.", file)]
        )
    try:
        text = content.decode("utf-8-sig")
        events = _check_events(text, file)
        if events:
            raise ProblemsError(events)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        message = f"not UTF-8 at byte {error.start}"
        raise ProblemsError([Problem(message, "Save the file as UTF-8.", file)]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        message = f"not valid YAML: {getattr(error, 'problem', None) or error}"
        remedy = "Mend the syntax here: indentation, colons, quotes and brackets."
        line = mark.line + 1 if mark else None
        raise ProblemsError([Problem(message, remedy, file, line)]) from None
    if not isinstance(node, yaml.MappingNode):
        message = "the file is empty" if node is None else "not a mapping of keys to values"
        raise ProblemsError([Problem(message, "Write `key: value` lines.", file, 1)])
    lines: dict[tuple, int] = {(): 1}
    problems: list[Problem] = []
    data = _plain(node, (), lines, problems, file)
    if problems:
        raise ProblemsError(problems)
    return Document(data, lines, file)


def _check_events(text: str, file: str) -> list[Problem]:
    """Refuse anchors, aliases, tags and deep nesting before anything is built from them."""
    problems, depth = [], 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            remedy = "Write the value out where it is needed."
            problems.append(Problem("anchors and aliases are not used here", remedy, file, line))
        tag = getattr(event, "tag", None)
        if tag and tag not in _PLAIN_TAGS:
            remedy = "Remove the tag; plain values are enough."
            problems.append(Problem("YAML tags are not allowed", remedy, file, line, value=tag))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            problems.append(Problem("nested too deeply", "Write a flatter file.", file, line))
            break
    return problems


def _plain(node, path, lines, problems, file):
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if isinstance(node, yaml.ScalarNode):
        unquoted_null = not node.style and node.value in {"", "~", "null", "Null", "NULL"}
        return None if unquoted_null else node.value
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(item, (*path, i), lines, problems, file) for i, item in enumerate(node.value)
        ]
    out: dict = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem("a key that is not a word", "Use a plain key.", file, line))
            continue
        key = key_node.value
        if key in out:
            message, remedy = "the key stands here a second time", "Keep one of the two."
            problems.append(Problem(message, remedy, file, line, key))
        if key == "<<":
            problems.append(Problem("merge keys are not used", "Write it out.", file, line))
        lines[(*path, key)] = line
        out[key] = _plain(value_node, (*path, key), lines, problems, file)
    return out
