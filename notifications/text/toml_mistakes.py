"""What the standard library's reader of TOML finds wrong with a file, in the words of somebody who wrote it."""

from __future__ import annotations

import re

_PLACE = re.compile(r" \(at (?:line (\d{1,9}), column (\d{1,9})|end of document)\)")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]{1,80})\s*=")
_BARE_VALUE = re.compile(r"\s*([A-Za-z0-9_.-]{1,80})\s*=\s*([^\s\"'\[{#][^\"'\[\]{}#]{0,99}?)\s*(?:#.*)?")
_BARE_WORD = re.compile(r"[^\s,={}\[\]#\"']{1,100}(?![^\s,={}\[\]#\"']|\s*=)")
_WITH_COMMA = re.compile(r"[0-9]+,[0-9]+")
_QUOTES = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"  # those that a word processor makes
_OF_A_VALUE = ("Invalid value", "Expected newline", "Unclosed inline table", "Unclosed array")
_MOST_TABLES = 5  # parts of a table's name
_LONGEST_HEADER = 60
_ADVICE = {
    "Illegal character '\\n'": "the text is not closed; put a quote at its end",
    'Expected "\'"': "a text is not closed; put a quote at its end",
    "Unterminated string": "a text is not closed; put as many quotes at its end as at its beginning",
    "Unclosed inline table": "expected a comma between two entries, and } at the end of the same line",
    "Unclosed array": "expected a comma between two entries, and ] at the end",
    "Invalid value": 'expected a value behind the =, such as "text", 5 or true',
    "Expected '=' after a key": "expected NAME = VALUE",
    "Expected ']]' at the end": "expected ]] at the end of the header",
    "Expected ']' at the end": "expected ] at the end of the header",
    "Expected newline or end of document": "expected nothing more on the line",
    "Unescaped '\\' in a string": "write \\\\ for one backslash, or the text in single quotes",
}
"""By how the reader's message begins."""
_OPENED = {"Unclosed array": "[", 'Expected "\'"': "'", "Unterminated string": '"""'}


def in_words(message: str, content: str, *, values: bool) -> tuple[str, int | None]:
    """Return what is wrong, and the line, counted from 1; a value of the file stands in it with `values` alone."""
    place = _PLACE.search(message)
    lines = content.split("\n")
    if values and place and place[1] and int(place[1]) <= len(lines) and message.startswith(_OF_A_VALUE):
        advice = _unquoted(lines[int(place[1]) - 1], int(place[2]) - 1)
        if advice:
            return advice, int(place[1])
    said, line = _of_the_form(message, lines)
    return f"is not valid TOML: {said}", line


def _unquoted(line: str, column: int) -> str:
    """Say how to write a value without quotes, the one at a column or alone behind its key; "" where it is missing."""
    alone = _BARE_VALUE.fullmatch(line)
    found = next((each[0] for each in _BARE_WORD.finditer(line) if each.start() <= column < each.end()), "")
    key, value = (f"{alone[1]} = ", alone[2]) if alone else ("", found)
    if not value:
        return ""
    if value.lower() in {"true", "false"}:
        return f"expected small letters; write {key}{value.lower()}"
    if _WITH_COMMA.fullmatch(value):
        return f"expected a number with a point; write {key}{value.replace(',', '.')}"
    if value.endswith("%"):
        return f'expected a percentage in quotes; write {key}"{value}"'
    return f'expected a text in straight quotes; write {key}"{value.strip(_QUOTES)}"'


def _of_the_form(message: str, lines: list[str]) -> tuple[str, int | None]:
    """Return what is wrong but for values, and the line."""
    place = _PLACE.search(message)
    said = _PLACE.sub("", message)
    line = int(place[1]) if place and place[1] else None
    if place and line is None:
        line = _last_with(_OPENED, said, lines)
    text = lines[line - 1] if line and line <= len(lines) else ""
    if said.startswith("Cannot declare") and said.endswith("twice"):
        names = ".".join(re.findall(r"'([A-Za-z0-9_-]{1,80})'", said)[:_MOST_TABLES])
        return f"[{names}] stands twice; put all its keys below the first, and take the second out", line
    if said.startswith("Cannot overwrite a value"):
        if text.lstrip().startswith("["):
            return (
                f"{text.strip()[:_LONGEST_HEADER]} stands elsewhere as another kind of table; write all with [[ ]]",
                line,
            )
        key = _KEY.match(text)
        named = key[1] if key else "a key"
        return f"{named} stands twice; keep one of the two", line
    advice = next((advice for beginning, advice in _ADVICE.items() if said.startswith(beginning)), "")
    return advice or said, line


def _last_with(opened: dict[str, str], said: str, lines: list[str]) -> int:
    """Return the last line that has what is not closed, or else the last of all."""
    mark = next((mark for beginning, mark in opened.items() if said.startswith(beginning)), "")
    found = (number for number, line in enumerate(lines, 1) if mark and mark in line)
    return max(found, default=len(lines))
