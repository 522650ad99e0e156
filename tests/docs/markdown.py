"""Reading Markdown, as far as these documents use it."""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block."""

    language: str
    text: str
    line: int
    """Of its first line of text, counted from 1."""
    heading: str
    """The heading above it."""


def blocks(text: str) -> list[Block]:
    """List the fenced blocks of a document."""
    found = []
    for match in _FENCE.finditer(text):
        above = headings(text[: match.start()])
        line = text.count("\n", 0, match.start("text")) + 1
        found.append(Block(match["language"], match["text"], line, above[-1][1] if above else ""))
    return found


def headings(text: str) -> list[tuple[int, str]]:
    """List the headings of a document with their levels; lines in fenced blocks do not count."""
    return [(len(match[1]), match[2]) for match in _HEADING.finditer(without_blocks(text))]


def without_blocks(text: str) -> str:
    """Blank the fenced blocks out."""
    return _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)


def section(text: str, heading: str) -> str:
    """Give what stands under a heading, up to the next one of its level or above."""
    plain = without_blocks(text)
    level, start = next((len(match[1]), match.end()) for match in _HEADING.finditer(plain) if match[2] == heading)
    end = next((match.start() for match in _HEADING.finditer(plain, start) if len(match[1]) <= level), len(plain))
    return plain[start:end]


def first_cells(text: str) -> list[str]:
    """List the first cells of the tables in a text, without their heads."""
    rows = [line.strip().strip("|").split("|")[0].strip() for line in text.splitlines() if line.startswith("|")]
    heads = {position - 1 for position, cell in enumerate(rows) if re.fullmatch(r":?-+:?", cell)}
    return [cell for position, cell in enumerate(rows) if position not in heads and not re.fullmatch(r":?-+:?", cell)]


def code_in(text: str) -> list[str]:
    """List what stands in backticks in running text."""
    return re.findall(r"`([^`\n]+)`", without_blocks(text))


def links(text: str) -> list[str]:
    """List where the links of a document lead."""
    return _LINK.findall(without_blocks(text))


def anchors(text: str) -> set[str]:
    """List the anchors that GitHub gives the headings of a document."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for _, heading in headings(text)}
