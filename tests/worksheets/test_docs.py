"""The example of the page on worksheets, run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.worksheets.topics import TOPICS

if TYPE_CHECKING:
    import pytest

    from pellucid import ImageClassifier

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "worksheets.md").read_text("utf-8")


def test_the_example(
    classifier: ImageClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("runs/digits", "examples"):
        Path(folder).mkdir(parents=True)
    classifier.save("runs/digits/model.safetensors")
    shutil.copy(ROOT / "examples" / "digit-7.png", "examples")
    Path("class.csv").write_text("student,1a,2a\nKim,0,1\n")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "worksheets.md", "exec"), {})  # noqa: S102 - ours
    assert capsys.readouterr().out.startswith("Kim ")
    assert "합성곱" in Path("sheet.html").read_text("utf-8")


def test_every_topic_is_described() -> None:
    assert re.findall(r"^\| `([\w-]+)` \| [a-z]", PAGE, re.MULTILINE)[: len(TOPICS)] == list(TOPICS)
