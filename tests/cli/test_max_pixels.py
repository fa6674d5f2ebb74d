"""``--max-pixels`` in every command that opens pictures, and the limit that a classifier keeps."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.app import app
from pellucid.errors import DataError, PellucidError

if TYPE_CHECKING:
    from pathlib import Path

OPENS = (
    "train", "check", "find-rate", "evaluate", "compare", "predict", "explain", "trace",
    "backward", "lecture", "surgery", "experiment", "filter", "mistakes",
)  # fmt: skip
LISTS = ("train", "check", "find-rate", "evaluate", "compare", "surgery", "experiment", "mistakes")
TOO_MANY = "too many pixels"


def folder(root: Path, side: int, count: int = 20) -> Path:
    generator = np.random.default_rng(0)
    for k, name in enumerate(("dark", "light")):
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = generator.integers(100 * k, 100 * k + 99, (side, side), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("pictures") / "data", 8)


def fitted(pictures: Path, **settings: int) -> pl.ImageClassifier:
    layers = pl.layers.Sequential([pl.layers.Flatten(), pl.layers.Dense(2)])
    model = pl.ImageClassifier(layers, epochs=1, **settings)  # type: ignore[arg-type]
    return model.fit(pictures)


def test_every_command_that_opens_pictures_has_the_option() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name in OPENS:
        options = {option for parameter in commands[name].params for option in parameter.opts}
        assert "--max-pixels" in options, name
        assert "--max-bytes" in options, name
        if name in LISTS:
            assert {"--path-column", "--label-column"} <= options, name


@pytest.mark.parametrize(
    "command",
    [
        ("predict",), ("explain",), ("trace",), ("backward", "--label", "dark"), ("lecture",),
        ("surgery", "--mute", "dense1:0"),
    ],
)  # fmt: skip
def test_the_limit_holds_for_single_pictures(
    pictures: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    model = tmp_path / "model.safetensors"
    fitted(pictures).save(model)
    picture = pictures / "dark" / "0.png"
    name, *options = command
    for limit, refused in ((64, False), (63, True)):
        ran = CliRunner().invoke(
            app, [name, str(model), str(picture), *options, "--max-pixels", str(limit)]
        )
        assert isinstance(ran.exception, PellucidError) or ran.exit_code in (0, 1)
        printed = f"{ran.exception} {ran.output}"
        assert (TOO_MANY in printed) is refused, printed


def test_the_classifier_s_own_limit(pictures: Path, tmp_path: Path) -> None:
    large = folder(tmp_path / "large", 9, 1) / "dark" / "0.png"
    model = fitted(pictures, max_pixels=64)
    for asked in (model.predict, model.explain, model.trace):
        with pytest.raises(DataError, match=TOO_MANY):
            asked(large)
    with pytest.raises(DataError, match=TOO_MANY):
        model.evaluate(large.parent.parent)
    model.save(tmp_path / "model.safetensors")
    kept = pl.load(tmp_path / "model.safetensors")
    assert kept.max_pixels == 64
    with pytest.raises(DataError, match=TOO_MANY):
        kept.predict([large])
    lifted = pl.load(tmp_path / "model.safetensors", max_pixels=81)
    assert lifted.predict([large])[0] in ("dark", "light")
    assert lifted.explain(large) is not None


def test_a_model_from_elsewhere_lifts_no_limit(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fitted(pictures, max_pixels=10**9)
    model.save(tmp_path / "model.safetensors")
    assert pl.load(tmp_path / "model.safetensors").max_pixels == 89_478_485
    monkeypatch.setattr("pellucid.files.provenance.MAX_PIXELS", 63)
    with pytest.raises(DataError, match=TOO_MANY):
        pl.load(tmp_path / "model.safetensors").predict(pictures / "dark" / "0.png")


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "9", None])
def test_limits_that_are_none(pictures: Path, tmp_path: Path, wrong: object) -> None:
    model = fitted(pictures)
    model.save(tmp_path / "model.safetensors")
    model.max_pixels = wrong  # type: ignore[assignment]
    for asked in (model.fit, model.predict):
        with pytest.raises(PellucidError, match="max_pixels"):
            asked(pictures / "dark" / "0.png")
    if wrong is not None:
        with pytest.raises(PellucidError, match="max_pixels"):
            pl.load(tmp_path / "model.safetensors", max_pixels=wrong)  # type: ignore[arg-type]


def test_a_run_of_a_list_with_columns_of_other_names(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(pictures, tmp_path / "data")
    lines = [f"data/{name}/{i}.png,{name}" for name in ("dark", "light") for i in range(20)]
    (tmp_path / "list.csv").write_text("\n".join(["where it is,what", *lines]))
    monkeypatch.chdir(tmp_path)
    columns = ["--path-column", "where it is", "--label-column", "what"]
    ran = CliRunner().invoke(
        app,
        [
            "train",
            "list.csv",
            *columns,
            "-a",
            "lenet5",
            "-e",
            "1",
            "-o",
            "run",
            "--image-size",
            "28",
        ],
    )
    assert ran.exit_code == 0, ran.output
    (command,) = [line for line in ran.output.splitlines() if line.startswith("judge it: ")]
    _, *arguments = shlex.split(command.removeprefix("judge it: "))
    judged = CliRunner().invoke(app, arguments)
    assert judged.exit_code == 0, judged.output
    refused = CliRunner().invoke(app, ["evaluate", "run", "list.csv"])
    assert "--path-column" in f"{refused.exception} {refused.output}"
