"""Reads and keeps recorded stream events: a JSON file, a file of JSON lines, or a folder of these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from notifications.common.errors import ConfigurationError, why_unreadable


def files_of(path: Path) -> list[Path]:
    """List the event files at `path`: the file itself, or the files in the folder and below it, by name.

    Raises ConfigurationError if there are no events.
    """
    if not path.exists():
        raise ConfigurationError(f"{path}: there is no such file or folder")
    if path.is_file():
        return [path]
    found = sorted(each for each in path.rglob("*") if each.suffix in {".json", ".jsonl", ".ndjson"})
    if not found:
        raise ConfigurationError(f"{path}: the folder holds no .json, .jsonl or .ndjson file")
    return found


def records_in(path: Path) -> Iterator[Any]:
    """Yield the records of one file, unchecked: an event, a list of records, one record, or one of these a line.

    Raises ConfigurationError, in one line that names the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {why_unreadable(error)}") from None
    try:
        content = _parsed(text)
    except json.JSONDecodeError as error:
        yield from _records_of_lines(text, path, error)
    else:
        yield from _records(content, str(path))


def kept(records: Iterable[Any], path: Path) -> Iterator[Any]:
    """Pass records on, each written to the file as a line that `records_in` reads.

    Raises ConfigurationError where the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(record) + "\n")
                yield record
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror or error}") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", text, 0) from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # of `int`, for its limit of digits
        raise json.JSONDecodeError("a number has thousands of digits", text, 0) from None


def _records_of_lines(text: str, path: Path, whole: json.JSONDecodeError) -> Iterator[Any]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) <= 1:  # a single line that does not parse is broken JSON, not JSON lines
        raise ConfigurationError(f"{path}: is not JSON: {whole}")
    for number, line in lines:
        try:
            content = _parsed(line)
        except json.JSONDecodeError as error:
            reason = whole if number == 1 else f"line {number}: {error}"
            raise ConfigurationError(f"{path}: is neither JSON nor JSON lines: {reason}") from None
        yield from _records(content, f"{path}, line {number}")


def _records(content: Any, place: str) -> list[Any]:
    if isinstance(content, dict) and isinstance(content.get("Records"), list):
        return list(content["Records"])
    if isinstance(content, dict) and ("dynamodb" in content or "eventName" in content):
        return [content]
    if isinstance(content, list):
        return content
    raise ConfigurationError(f'{place}: expected a stream event, {{"Records": [...]}}, as in events/price-drop.json')
