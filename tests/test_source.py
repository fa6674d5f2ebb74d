"""The source's shape: no import circles but one, no long files."""

from __future__ import annotations

from pathlib import Path

from tests.imports_picture import pairs, recorded
from tests.source import circles, imports, modules

LATE = {
    ("pellucid.record", "pellucid.show.records"),  # a record asks for its picture: this one stays
}
"""Imports within functions that close a circle."""

MOST_LINES = 450


def test_no_module_imports_itself_round_a_circle() -> None:
    graph = imports(modules())
    early = {
        name: {target: late for target, late in targets.items() if not late}
        for name, targets in graph.items()
    }
    assert not circles(early)
    closing = {
        (name, target)
        for group in circles(graph)
        for name in group
        for target, late in graph[name].items()
        if late and target in group
    }
    assert closing == LATE, "a new circle, or one less: then take it off the list"


def test_a_circle_is_found(tmp_path: Path) -> None:
    texts = {
        "a": "import b\nfrom c import x",
        "b": "def f():\n    from c import x",
        "c": "if TYPE_CHECKING:\n    import a\nelse:\n    import b",
        "d": "if TYPE_CHECKING:\n    import d2",
        "d2": "import d, a",
    }
    files = {}
    for name, text in texts.items():
        files[name] = tmp_path / f"{name}.py"
        files[name].write_text(text)
    graph = imports(files)
    assert graph["b"] == {"c": True}
    assert circles(graph) == [["b", "c"]]


def test_no_file_is_long() -> None:
    root = Path(__file__).resolve().parent.parent
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("src", "tests", "benchmarks", "examples")
        for path in sorted((root / folder).rglob("*.py"))
    }
    assert len(lengths) > 500
    assert not [name for name, lines in lengths.items() if lines > MOST_LINES], "split by concept"


def test_the_picture_of_imports_is_that_of_the_source() -> None:
    assert recorded() == pairs(), "scripts/imports-picture draws it"
