"""Commands on captions: data looked at, a model judged, captions printed, written and drawn."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.files import save_model
from tests.estimators.test_captioner import body_model, made, pictures

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captions")
    images, captions = pictures(24)
    rows = [["image", "caption", "split"]]
    for n, (image, texts) in enumerate(zip(images, captions, strict=True)):
        Image.fromarray(image).save(folder / f"{n:02d}.png")
        part = "train" if n < 12 else "val" if n < 18 else "test"
        rows += [[f"{n:02d}.png", text, part] for text in texts]
    with (folder / "captions.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    save_model(folder / "body.safetensors", body_model())
    made(folder / "body.safetensors", least_count=1).fit(
        folder / "captions.csv", out=folder / "run", cache=False
    )
    frames = [Image.fromarray(image) for image in images[:3]]
    frames[0].save(folder / "film.gif", save_all=True, append_images=frames[1:])
    return folder


def test_check(pellucid: Command, folder: Path) -> None:
    found = json.loads(pellucid("check", folder / "captions.csv", "--json").stdout)
    assert found["task"] == "image captioning"
    assert not [each for each in found["findings"] if each["severity"] == "error"]


def test_train(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    done = pellucid(
        "train", folder / "captions.csv", "--from", folder / "body.safetensors", "--epochs", 1,
        "--out", tmp_path / "run", "--engine", "reference",
    )  # fmt: skip
    assert "BLEU-4" in done.stderr
    assert {"model.safetensors", "report.html", "captions.csv", "summary.csv", "bleu.png"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }
    again = pellucid("train", folder / "captions.csv", "--from", folder / "body.safetensors",
                     "--ema", 0.9, "--out", tmp_path / "no", code=1)  # fmt: skip
    assert "--ema" in again.stderr
    assert not (tmp_path / "no").exists()


def test_evaluate(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    found = json.loads(
        pellucid(
            "evaluate", folder / "run", folder / "captions.csv", "--json", "--beam", 1,
            "--out", tmp_path / "judged", "--engine", "reference",
        ).stdout
    )  # fmt: skip
    assert (found["count"], found["references"], found["beam"]) == (6, 12, 1)
    assert [each["name"] for each in found["baselines"]] == [
        "the nearest picture's caption", "the most frequent caption", "the best constant caption",
    ]  # fmt: skip
    own = pl.ImageCaptioner.load(folder / "run", engine="reference")
    names = [each["name"] for each in sorted(found["pictures"], key=lambda row: row["index"])]
    assert names == [f"{n:02d}.png" for n in range(18, 24)]
    images, _ = pictures(24)
    greedy = own.captions(images[18:], beam=1)
    assert isinstance(greedy, list)
    written = [each["caption"] for each in sorted(found["pictures"], key=lambda r: r["index"])]
    assert written == [str(each) for each in greedy]
    with (tmp_path / "judged" / "captions.csv").open() as file:
        assert len(list(csv.reader(file))) == 7


def test_evaluate_on_other_data_has_no_baselines(
    pellucid: Command, folder: Path, tmp_path: Path
) -> None:
    images, _ = pictures(2)
    for n in range(2):
        Image.fromarray(images[n]).save(tmp_path / f"{n}.png")
    (tmp_path / "captions.csv").write_text("path,caption\n0.png,a red square\n1.png,a green square")
    found = json.loads(
        pellucid("evaluate", folder / "run", tmp_path, "--json", "--engine", "reference").stdout
    )
    assert found["count"] == 2
    assert found["baselines"] == []


def test_predict(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    own = pl.ImageCaptioner.load(folder / "run", engine="reference")
    two = [folder / "20.png", folder / "21.png"]
    given = ["predict", folder / "run", *two, "--engine", "reference"]
    lines = pellucid(*given).stdout.splitlines()
    texts = own.predict(two)
    assert [line.split("  ", 1)[1] for line in lines] == texts
    found = json.loads(pellucid(*given, "--json").stdout)
    assert [each["caption"] for each in found] == texts
    pellucid(*given, "--out", tmp_path / "captions.csv")
    with (tmp_path / "captions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["caption"] for row in rows] == texts
    pellucid(*given, "--out", tmp_path / "looked")
    assert sorted(path.name for path in (tmp_path / "looked").iterdir()) == ["20.png", "21.png"]
    pellucid("predict", folder / "run", folder / "20.png", "--out", tmp_path / "looked.png",
             "--engine", "reference")  # fmt: skip
    with Image.open(tmp_path / "looked.png") as sheet, Image.open(folder / "20.png") as one:
        assert sheet.width > 2 * one.width  # the picture, and once more for each word
    film = json.loads(
        pellucid("predict", folder / "run", folder / "film.gif", "--json", "--engine",
                 "reference").stdout
    )  # fmt: skip
    assert len(film) == 3
    assert all(each["caption"] for each in film)


@pytest.mark.parametrize(
    "given",
    [
        ["backward", "M", "P"],
        ["predict", "M", "P", "--top", "3"],
        ["predict", "M", "P", "--threshold", "0.5"],
        ["predict", "M", "P", "--label", "red"],
    ],
    ids=lambda given: " ".join(given[:1] + given[3:4]),
)
def test_what_is_made_for_others_says_so(
    pellucid: Command, folder: Path, tmp_path: Path, given: list[str]
) -> None:
    places = {"M": folder / "run", "P": folder / "20.png", "D": folder / "captions.csv"}
    done = pellucid(*(places.get(each, each) for each in given), code=1)
    line = done.stderr.splitlines()[-1]
    assert len(line) < 400
    assert "image captioning" in line, line
    assert not list(tmp_path.iterdir())


def test_words_are_opened(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    given = [folder / "run", folder / "20.png", "--engine", "reference"]
    found = json.loads(pellucid("trace", *given, "--json").stdout)
    own = pl.ImageCaptioner.load(folder / "run", engine="reference")
    words = own.predict(folder / "20.png").split()
    assert [each["word"] for each in found["steps"]] == [*words, "(end)"]
    pellucid("trace", *given, "--out", tmp_path / "trace.html")
    one = json.loads(pellucid("trace", *given, "--word", 1, "--json").stdout)
    assert one["guesses"][0]["probability"] >= found["steps"][0]["probability"] - 1e-6
    why = json.loads(pellucid("explain", *given, "--word", 1, "--json").stdout)
    assert why["target"] == words[0]
    opened = pellucid("trace", *given, "--word", 1, "--layer", "caption-hidden", "--at", 2)
    assert "caption-hidden" in opened.stdout
    many = pellucid("trace", *given, "--word", 99, code=1)
    assert f"1 {words[0]}" in many.stderr
    every = pellucid("explain", *given, "--word", 99, "--method", "all", code=1)
    assert f"1 {words[0]}" in every.stderr
    assert "20.png, word 1: " in pellucid("trace", *given, "--word", 1).stdout
    assert f"20.png, word 1 ({words[0]}): " in pellucid("explain", *given, "--word", 1).stdout
    made = pellucid("generate", folder / "run", "-o", tmp_path / "made.png", code=1)
    assert "generator" in made.stderr
    assert pellucid("explain", *given, "--box", 1, code=2).stderr.count("--box")
    other = pellucid("trace", folder / "body.safetensors", folder / "20.png", "--word", 1, code=2)
    assert "--word" in other.stderr


def test_export_and_verify(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.onnx"
    found = json.loads(pellucid("export", folder / "run", "--out", out, "--json").stdout)
    assert found["outputs"] == {"places": "float32 (N, 3, 3, 10)"}
    assert found["words"]["file"] == str(tmp_path / "captions-words.onnx")
    assert set(found["words"]["outputs"]) == {"logits", "probabilities", "looked", "next_state"}
    pictures = [folder / f"{n}.png" for n in range(18, 24)]
    checked = json.loads(pellucid("verify", folder / "run", out, *pictures, "--json").stdout)
    assert checked["agrees"]
    given = ["predict", *pictures]
    one, two = (
        pellucid(*given[:1], model, *given[1:], "--engine", "reference").stdout
        for model in (folder / "run", out)
    )
    assert one == two


def test_compare(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    other = folder / "other"
    pellucid(
        "train", folder / "captions.csv", "--from", folder / "body.safetensors", "--epochs", 1,
        "--cell", "lstm", "--hidden", 9, "--embedding", 5, "--dropout", 0.2, "--least-count", 2,
        "--out", other, "--engine", "reference", "--no-report",
    )  # fmt: skip
    own = pl.ImageCaptioner.load(other)
    graph = own.model_.network.graphs["words"]
    assert graph["caption-reads"].operation.kind == "lstm"
    assert graph.shapes["caption-reads"][1] == 9
    assert graph.shapes["caption-embedding"][1] == 5
    found = json.loads(
        pellucid("compare", folder / "run", other, folder / "captions.csv", "--json", "--out",
                 tmp_path, "--engine", "reference").stdout
    )  # fmt: skip
    for which, model in (("first", folder / "run"), ("second", other)):
        alone = json.loads(
            pellucid("evaluate", model, folder / "captions.csv", "--json", "--engine",
                     "reference").stdout
        )  # fmt: skip
        assert found[which]["bleu"] == alone["bleu"]
    apart = found["second"]["bleu"][-1] - found["first"]["bleu"][-1]
    assert found["bleu4"]["difference"] == pytest.approx(apart)
    low, high = found["bleu4"]["interval"]
    assert low <= apart <= high
    with (tmp_path / "comparison.csv").open() as file:
        assert [row["path"] for row in csv.DictReader(file)] == [f"{n}.png" for n in range(18, 24)]
    assert "paired bootstrap" in (tmp_path / "comparison.html").read_text()
    line = pellucid(
        "train", "mnist", "--cell", "gru", "--out", tmp_path / "no", code=1
    ).stderr.splitlines()[-1]
    assert "--cell" in line


def test_networks_are_shown(pellucid: Command, folder: Path) -> None:
    for command in ("summary", "explain-plan"):
        assert pellucid(command, folder / "run").stdout
    assert np.isfinite(pl.ImageCaptioner.load(folder / "run").score(folder / "captions.csv"))
