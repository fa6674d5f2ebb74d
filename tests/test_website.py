"""The site's pages as they are made, without building it: scripts/docs does that."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest
import typer
import yaml
from website import checks, commands, links, notebooks, operations, reference

from pellucid import layers, ops
from pellucid.cli.app import app
from pellucid.version import __version__

ROOT = Path(__file__).resolve().parent.parent


def test_every_public_name_has_a_place() -> None:
    pages = "\n".join(reference.pages().values())
    found = set(re.findall(r"^::: (\S+)$|\{#(\S+)\}|<span id=\"(\S+)\">", pages, re.MULTILINE))
    documented = {name for each in found for name in each if name}
    names = reference.public_names()
    assert len(names) > 150
    assert set(names) <= documented
    assert len(re.findall(r"^::: ", pages, re.MULTILINE)) == len(
        set(re.findall(r"^::: (\S+)$", pages, re.MULTILINE))
    ), "documented twice"


def test_a_module_begins_with_what_it_has() -> None:
    """A row for each name: a link to where it is documented, and what it is in a line."""
    page = reference.pages()["reference/pellucid.layers.md"]
    rows = dict(re.findall(r"^\| \[`(\w+)`\][\[(][#\w.]+[\])] \| (.*) \|$", page, re.MULTILINE))
    assert {"Conv2D", "Dense", "Sequential"} <= set(rows)
    described = {name for name in rows if inspect.isroutine(getattr(layers, name))}
    assert len(described) > 30
    assert not [name for name in described if not rows[name]]
    everything = "".join(reference.pages().values())
    for row in re.findall(r"^\| \[`.*$", everything, re.MULTILINE):
        assert len(re.findall(r"(?<!\\)\|", row)) == 3, row
        assert ":`" not in row, row


def test_every_operation_has_its_formula_and_its_weights() -> None:
    """What a reader of model files needs who has the site alone."""
    text = operations.page()
    for kind in {**ops.OPERATIONS, **ops.QUANTISED, **ops.LOSSES}:
        (section,) = re.findall(rf"^###? {kind}\n\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
        assert " = " in section.partition("```")[0], kind
        assert kind in ops.LOSSES or f'operation  {{"kind": "{kind}"' in section
    dense = text[text.index("## dense") :].partition("\n## ")[0]
    inputs = re.findall(r"^inputs +\((\d+),\)$", dense, re.MULTILINE)
    assert re.findall(r"^weights +kernel \((\d+), \d+\)$", dense, re.MULTILINE) == inputs


def test_every_command_has_its_options() -> None:
    text = commands.page()
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        section = text.partition(f"## pellucid {name}\n")[2].partition("\n## ")[0]
        assert section or command.hidden, name
        for option in command.params:
            assert (
                command.hidden
                or option.hidden
                or all(f"`{each}`" in section for each in option.opts if each[0] == "-")
            ), (name, option.name)


def test_links_lead_to_pages() -> None:
    text = "[a](../CONTRIBUTING.md#tests) [b](photos.md) [c](../src/pellucid/ops/tanh.py) [d](https://x.org/a.md)"
    assert links.rewritten(text, "tasks.md") == (
        "[a](contributing.md#tests) [b](photos.md) [c](source/src/pellucid/ops/tanh.py.md) [d](https://x.org/a.md)"
    )
    assert links.rewritten("[a](docs/tasks.md)", "index.md") == "[a](tasks.md)"
    assert links.rewritten("```\n[a](docs/tasks.md)\n```", "index.md").count("docs/") == 1


def test_the_navigation_names_pages_that_are_there() -> None:
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    settings = yaml.safe_load(text[text.index("\nnav:") :])
    there = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert links.named_pages(settings["nav"]) <= there | set(links.repository_pages())


def test_what_is_fetched_is_found(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    names = "".join(f'<h2 id="{name}">' for name in reference.public_names())
    page = tmp_path / "reference" / "all.html"
    page.write_text(
        names + '<a href="https://x.org">x</a><link rel="canonical" href="https://x.org">'
    )
    assert checks.faults(tmp_path) == []
    for fetched in (
        '<script async src="https://x.org/a.js">', '<img alt="a" src=//x.org/a.png>',
        '<link rel="stylesheet" href="https://x.org/a.css">',
    ):  # fmt: skip
        page.write_text(names + fetched)
        assert len(checks.faults(tmp_path)) == 1, fetched
    page.write_text(names.replace("pellucid.layers.Dense", "pellucid.layers.Dens"))
    (tmp_path / "a.css").write_text("@font-face { src: url(https://x.org/a.woff2) }")
    missing, style = checks.faults(tmp_path)
    assert "pellucid.layers.Dense" in missing
    assert style.startswith("a.css")


def test_the_citation_is_of_this_version() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(found)
    assert found["version"] == __version__


@pytest.mark.parametrize("name", ["fault", "speed"])
def test_forms_ask_for_what_doctor_prints(name: str) -> None:
    form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{name}.yml").read_text("utf-8"))
    asked = {each["id"]: each for each in form["body"] if each["type"] != "markdown"}
    assert "pellucid doctor" in json.dumps(asked["doctor"])
    assert asked["doctor"]["validations"]["required"] is True


@pytest.mark.parametrize("path", sorted(notebooks.FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_was_run_from_first_to_last(path: Path) -> None:
    """What is kept is what its cells put out, in order, and small; scripts/notebooks runs them."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [each for cell in code for each in cell["outputs"] if each["output_type"] == "error"]
    for cell in code:
        compile("".join(cell["source"]).replace("%matplotlib inline", ""), path.name, "exec")
    assert path.stat().st_size < 700_000
    page = notebooks.pages()[f"notebooks/{path.stem}.md"]
    assert "data:image/png;base64," in page or path.stem.startswith("3")
    for target in re.findall(r"\]\(\.\./([^)]*)\)", page):
        assert (ROOT / "docs" / target).is_file()


def test_there_are_five_notebooks() -> None:
    assert len(notebooks.pages()) == 5
