"""Who may import whom: between the top-level packages, and between the rooms of one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each top-level package or module, and which of the others its modules may import.
ALLOWED = {
    "notifications": set(),
    "event_source_mapping": set(),
    "handler": {"notifications"},
    "operations": {"notifications"},
    "console": {"notifications", "operations"},
    "local": {"notifications", "operations", "event_source_mapping"},
    "benchmarks": {"handler", "notifications", "operations", "event_source_mapping", "local"},
}
# The packages whose folders hold at most a dozen modules.
IN_ROOMS = ("notifications", "event_source_mapping", "local", "operations", "console", "benchmarks")
MOST_MODULES = 12  # in one folder, `__init__.py` not counted

Graph = Mapping[str, set[str]]


def modules(folder: Path = ROOT) -> dict[str, Path]:
    """Return every module of the project by its dotted name; a package stands for its `__init__.py`."""
    found = {path.stem: path for path in folder.glob("*.py")}
    for package in folder.iterdir():
        if (package / "__init__.py").exists() and package.name != "tests":
            found |= {_dotted(path.relative_to(folder)): path for path in package.rglob("*.py")}
    return found


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(known: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return which of the known modules each of them imports, at its top or inside a function."""
    return {name: set(_imported(name, path, known)) - {name} for name, path in known.items()}


def _imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (_nearest(alias.name, known) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, name, is_package=path.name == "__init__.py")
            # `from package import module` imports the module; `from module import name` the module, too.
            yield from (_nearest(f"{source}.{alias.name}", known) for alias in node.names)


def _absolute(node: ast.ImportFrom, importer: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    above = importer.split(".")
    above = above[: len(above) - node.level + is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def _nearest(name: str, known: Mapping[str, Path]) -> str:
    """Return the known module that a dotted name is in, else the project's folder that it is in, else ""."""
    top = name.partition(".")[0]
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or (top if (ROOT / top).is_dir() else "")


def circles(graph: Graph) -> list[list[str]]:
    """Return every set of nodes that reach each other, each sorted."""
    reached = {node: _reachable(node, graph) for node in graph}
    found = {frozenset(other for other in reached[node] if node in reached.get(other, ())) for node in graph}
    return sorted(sorted(circle) for circle in found if circle)


def _reachable(start: str, graph: Graph) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += graph.get(node, ())
    return seen


def between_folders(files: Mapping[str, Path], graph: Graph) -> dict[str, set[str]]:
    """Return which folders each folder's modules import from, itself excepted."""
    folder = {name: path.parent.relative_to(ROOT).as_posix() for name, path in files.items()}
    arrows: dict[str, set[str]] = {each: set() for each in folder.values()}
    for name, imported in graph.items():
        arrows[folder[name]] |= {folder[other] for other in imported if other} - {folder[name]}
    return arrows


def within(package: str, names: Iterable[str]) -> list[str]:
    """Return the names of a package and of all that is in it."""
    return [name for name in names if name == package or name.startswith(f"{package}.")]


MODULES = modules()


@cache
def imports_of_all() -> dict[str, set[str]]:
    """Parse the project, once."""
    return imports(MODULES)


def part(package: str) -> tuple[dict[str, Path], dict[str, set[str]]]:
    """Return a package's modules and the imports among them."""
    names = within(package, MODULES)
    return {name: MODULES[name] for name in names}, {name: imports_of_all()[name] & set(names) for name in names}


def test_every_package_has_its_directions() -> None:
    """A new package at the top level says what it may import."""
    assert {name.partition(".")[0] for name in MODULES} == set(ALLOWED)


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    """Directions between the top-level packages, wherever in a module the import stands."""
    others = {
        (name, other)
        for name in within(package, MODULES)
        for other in imports_of_all()[name]
        if other and other.partition(".")[0] not in {package, *ALLOWED[package]}
    }
    assert sorted(others) == []


def test_only_its_own_commands_import_those_of_operations() -> None:
    """A command reads arguments and prints; what it does stands beside it, where the console calls it too."""
    importers = {name for name, others in imports_of_all().items() for other in others if _is_command(other)}
    assert {name for name in importers if not _is_command(name)} == {"operations.__main__"}


def _is_command(name: str) -> bool:
    return name.startswith("operations.commands")


@pytest.mark.parametrize("package", ALLOWED)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Every module can be read after those that it imports."""
    _, graph = part(package)
    assert circles(graph) == []


@pytest.mark.parametrize("package", ALLOWED)
def test_no_folders_import_each_other_in_a_circle(package: str) -> None:
    """Arrows run one way between the rooms of a package, and between a room and the modules beside it."""
    files, graph = part(package)
    assert circles(between_folders(files, graph)) == []


@pytest.mark.parametrize("package", IN_ROOMS)
def test_no_folder_holds_more_than_a_dozen_modules(package: str) -> None:
    """A folder is read in one look."""
    files, _ = part(package)
    parents = [path.parent for path in files.values() if path.name != "__init__.py"]
    assert {str(folder.relative_to(ROOT)) for folder in parents if parents.count(folder) > MOST_MODULES} == set()


def test_imports_are_found_wherever_and_however_they_are_written(tmp_path: Path) -> None:
    """At the top, inside a function, relative, of a module or of a name in it."""
    sources = {
        "a/__init__.py": "from .one import thing",
        "a/one.py": "import json",
        "a/room/__init__.py": "",
        "a/room/two.py": "def later():\n    from ..one import thing\n",
        "a/room/three.py": "from a.room import two\nimport b",
        "b.py": "import a\nimport a.room.two as two\n",
    }
    for name, source in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    found = {name: others - {""} for name, others in imports(modules(tmp_path)).items()}
    assert found == {
        "a": {"a.one"},
        "a.one": set(),
        "a.room": set(),
        "a.room.two": {"a.one"},
        "a.room.three": {"a.room.two", "b"},
        "b": {"a", "a.room.two"},
    }


def test_circles_are_found() -> None:
    """A circle of two and one of three are found; what only leads to one, or stands alone, is left out."""
    graph = {"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"e"}, "e": {"c"}, "f": {"a"}, "g": set()}
    assert circles(graph) == [["a", "b"], ["c", "d", "e"]]
