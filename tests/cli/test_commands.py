"""The commands that only look: evaluate, predict, summary, lecture."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, get_args, get_type_hints

import numpy as np
import pytest
from PIL import Image

import pellucid as package
from pellucid.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier
    from tests.cli.conftest import Command


def test_version_and_help(pellucid: Command) -> None:
    assert pellucid("--version").stdout == f"pellucid {package.__version__}\n"
    for command in ("train", "evaluate", "predict", "summary", "lecture"):
        assert command in pellucid("--help").stdout
        assert "Usage" in pellucid(command, "--help").stdout


def test_no_command_is_wrong_use(pellucid: Command) -> None:
    pellucid(code=2)
    pellucid("trian", "mnist", code=2)


def test_a_name_that_an_option_does_not_have(pellucid: Command) -> None:
    """Every option that takes one of a few names says in the same words which there are."""
    for command, option, names in (
        ("export", "--layout", "nhwc, nchw"),
        ("export", "--dtype", "uint8, float32"),
        ("import", "--layout", "nhwc, nchw"),
        ("import", "--task", "single-label, multi-label, regression"),
        ("import", "--resize", "pad, crop, stretch"),
        ("quantise", "--to", "int8, bfloat16"),
        ("runs", "--sort", "date, result, data, name"),
        ("train", "--bad", "quarantine, error"),
    ):
        more = ["x", "--out", "y"] if command in ("export", "import") else ["x"]
        more += ["data"] if command == "quantise" else []
        told = pellucid(command, *more, option, "foo", code=2).stderr
        assert "Value error" not in told
        assert "unknown" in told
        assert f"'foo'; there are {names}" in told
    for each in app.registered_commands:
        assert each.callback is not None
        for name, hint in get_type_hints(each.callback, include_extras=True).items():
            if "Literal[" in str(hint):  # else Typer itself would say it, in its words
                assert get_args(hint)[1].parser is str, name


def test_summary_of_the_lecture_network(pellucid: Command) -> None:
    table = pellucid("summary", "lecture", "--input", "28x28x1").stdout
    assert "421,642" in table
    assert re.search(r"conv2 .*14×14×64 .*18,496 .*3,612,672 .*8×8", table)
    values = json.loads(pellucid("summary", "lecture", "--json").stdout)
    assert values["parameters"] == 421642
    assert values["layers"][0]["layer"] == "conv1"


def test_summary_of_a_model_file(pellucid: Command, model_path: Path) -> None:
    assert "normalise" in pellucid("summary", model_path).stdout


def test_summary_as_a_drawing(pellucid: Command, tmp_path: Path) -> None:
    for ending in ("svg", "html", "json"):
        out = tmp_path / f"net.{ending}"
        assert str(out) in pellucid("summary", "squeezenet", "--out", out).stderr
        assert "fire2" in out.read_text("utf-8")
    assert pellucid("summary", "resnet18", "--json").stdout.count("224") >= 2  # as published
    done = pellucid("summary", "squeezenet", "--out", tmp_path / "net.png", code=1)
    assert ".svg" in done.stderr


def test_summary_of_what_does_not_fit(pellucid: Command) -> None:
    done = pellucid("summary", "lenet5", "--input", "10x10x3", code=1)
    assert "⌊(n + 2p − k)/s⌋ + 1" in done.stderr
    assert "12×12×3" in done.stderr
    pellucid("summary", "lenet5", "--input", "10x10", code=2)
    assert "unknown architecture 'nonet'" in pellucid("summary", "nonet", code=1).stderr


def test_summary_of_a_name_or_a_path(pellucid: Command, tmp_path: Path) -> None:
    (tmp_path / "lecture").mkdir()
    assert "421,642" in pellucid("summary", "lecture").stdout
    done = pellucid("summary", "./lecture", code=1)
    assert "lecture: holds no model.safetensors; give a model file, or the folder" in done.stderr
    for name in ("runs/digits", "digits.safetensors"):
        done = pellucid("summary", name, code=1)
        assert f"{name}: there is no such file; check its name" in done.stderr


def test_lecture_shows_every_worked_number(pellucid: Command) -> None:
    text = pellucid("lecture").stdout
    for row in ("0 1 1 1 0", "1 0 0 2 1", "1 4 2 1 0", "4 2 1", "1 1 0 4 2 1 0 2 1"):
        assert row in text
    assert "prints 1 at row 3, column 3. The arithmetic gives 0" in text
    for number in ("0.2533", "0.7067", "0.3757", "1.0567", "0.95 and 0.05", "−0.6, +0.6"):
        assert number in text
    assert json.loads(pellucid("lecture", "--json").stdout)["pooled"] == [
        [1, 1, 0], [4, 2, 1], [0, 2, 1],
    ]  # fmt: skip


def test_predict_lists_the_top_guesses(
    pellucid: Command, model_path: Path, digits: tuple[Dataset, Dataset], tmp_path: Path,
    classifier: ImageClassifier,
) -> None:  # fmt: skip
    Image.fromarray(digits[1].images[0, ..., 0]).save(tmp_path / "a.png")
    Image.fromarray(digits[1].images[1, ..., 0]).save(tmp_path / "b.png")
    shown = pellucid("predict", model_path, "a.png", "b.png", "--top", 3).stdout.splitlines()
    assert [shown[0], shown[4]] == ["a.png", "b.png"]
    assert shown[1].split()[0] == classifier.predict(digits[1].images[0])
    values = json.loads(pellucid("predict", model_path, "a.png", "--json").stdout)
    guesses = values[0]["guesses"]
    assert len(guesses) == 5
    found = [guess["probability"] for guess in guesses]
    expected = np.sort(classifier.predict_proba(digits[1].images[0]))[::-1][:5]
    assert found == pytest.approx(expected.tolist(), abs=1e-6)


def test_predict_with_bad_pictures(pellucid: Command, model_path: Path, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_text("<html></html>")
    assert "page.png" in pellucid("predict", model_path, "page.png", code=1).stderr
    assert "none.png" in pellucid("predict", model_path, "none.png", code=1).stderr


@pytest.mark.parametrize("content", [b"", b"PNG", b"\x00" * 1000, b'{"a": 1}'])
def test_what_is_no_model_file(pellucid: Command, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.safetensors").write_bytes(content)
    for command in (["evaluate", "m.safetensors", "mnist"], ["summary", "m.safetensors"]):
        assert "m.safetensors" in pellucid(*command, code=1).stderr


def test_evaluate_writes_a_report_and_lists_mistakes(
    pellucid: Command, model_path: Path, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    test = digits[1].subset(range(100))
    for i, label in enumerate(test.places):
        folder = tmp_path / "data" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(test.images[i, ..., 0]).save(folder / f"{i:03}.png")
    text = pellucid("evaluate", model_path, "data", "--out", "report").stdout
    assert "100 pictures" in text
    assert "cross-entropy" in text
    assert {p.name for p in (tmp_path / "report").iterdir()} == {
        "confusion.csv", "confusion.png", "per_class.csv", "predictions.csv", "report.html",
        "summary.csv", "wrong.csv",
    }  # fmt: skip
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "Judged by 100 pictures: data." in page
    assert 'id="training"' not in page  # a model file alone does not tell how it was trained
    values = json.loads(pellucid("evaluate", model_path, "data", "--json").stdout)
    assert values["count"] == 100
    assert len(values["wrong"]) == round(100 * values["error"])


def test_a_report_where_nothing_can_be_written(pellucid: Command, tmp_path: Path) -> None:
    """It is reported before the model is even looked for."""
    (tmp_path / "file").write_text("mine")
    done = pellucid("evaluate", "none", "mnist", "--out", "file/report", code=1)
    assert "file/report: the folder cannot be made" in done.stderr


def test_evaluate_on_pictures_of_another_kind(pellucid: Command, model_path: Path) -> None:
    done = pellucid("evaluate", model_path, "mnist", code=1)
    assert "28" in done.stderr
    assert "8" in done.stderr
