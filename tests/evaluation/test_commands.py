"""The command beside a mistake: pasted into a shell, it explains that very picture."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.asked import find_pictures
from pellucid.evaluation.commands import with_commands
from pellucid.files.held_out import held_out
from pellucid.files.referenced import ReferencedPictures

if TYPE_CHECKING:
    from pellucid import Dataset, ImageClassifier
    from pellucid.graph import Graph


def graph_of(classifier: ImageClassifier) -> Graph:
    return classifier.model_.network.graph


@pytest.fixture
def data(
    request: pytest.FixtureRequest, digits: tuple[Dataset, Dataset], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:  # fmt: skip
    """Pictures with labels of which most are wrong, as arrays, as a folder and as a list."""
    monkeypatch.chdir(tmp_path)
    few = digits[1].subset(range(40))
    places = (few.places + 1) % 10
    if request.param == "arrays":
        np.savez("it's.npz", x=few.images, y=places)
        return "it's.npz"
    if request.param == "divided":
        np.savez("d.npz", x=few.images, y=places, x_test=few.images[:9], y_test=places[:9])
        return "d.npz"
    lines = ["path,label"]
    for i, place in enumerate(places.tolist()):
        name = f"{place}/my {i}.png"
        path = tmp_path / "-my photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(few.images[i, ..., 0]).save(path)
        lines.append(f"{name},{place}")
    if request.param == "folder":
        return "-my photos"
    Path("-my photos/list.csv").write_text("\n".join(lines))
    return "-my photos/list.csv"


@pytest.mark.parametrize("data", ["arrays", "divided", "folder", "list"], indirect=True)
def test_a_command_explains_its_picture(data: str, classifier: ImageClassifier) -> None:
    pictures, _ = held_out(data, classifier.model_)
    report = with_commands(
        classifier.evaluate(pictures), graph_of(classifier), "-runs/my run", data, pictures
    )
    assert len(report.wrong) > 5
    for wrong in report.wrong:
        words = shlex.split(wrong.command)
        assert words[:3] == ["pellucid", "explain", "./-runs/my run"]
        assert words[4:] == ["--against", wrong.true]
        found = find_pictures([words[3]], ReferencedPictures(classifier.model_).part)
        assert not found.problems
        (one,) = found.pictures
        source = one if isinstance(one, Path) else one.picture
        pixels = classifier.model_.preprocessing.read(source)
        assert np.array_equal(pixels, pictures.images[wrong.index])


def test_reports_carry_the_command(
    digits: tuple[Dataset, Dataset], classifier: ImageClassifier, tmp_path: Path
) -> None:
    pictures = replace(digits[1], name="test")
    plain = classifier.evaluate(pictures)
    report = with_commands(plain, graph_of(classifier), "run", "mnist", pictures)
    first = report.wrong[0]
    assert first.command == (
        f"pellucid explain run 'mnist:test[{first.index}]' --against {first.true}"
    )
    assert report.to_dict()["wrong"][0]["command"] == first.command
    report.write(tmp_path)
    table = (tmp_path / "wrong.csv").read_text(encoding="utf-8").splitlines()
    assert table[0].endswith(",command")
    assert first.command in table[1]
    plain.write(tmp_path)
    assert "command" not in (tmp_path / "wrong.csv").read_text(encoding="utf-8")


def test_an_undivided_source_that_was_learned(
    digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    """The numbers are those of the part that was set aside, drawn with the run's seed."""
    path = os.fspath(tmp_path / "d.npz")
    few = digits[0].subset(range(150))
    np.savez(path, x=few.images, y=few.places)
    splits = pl.data.load(path, seed=7)
    model = pl.ImageClassifier(epochs=1, seed=7).fit(
        splits.train, validation_data=splits.validation
    )
    pictures, _ = held_out(path, model.model_)
    assert pictures.name == "test"
    report = with_commands(model.evaluate(pictures), graph_of(model), "run", path, pictures)
    assert report.wrong
    for wrong in report.wrong:
        argument = shlex.split(wrong.command)[3]
        (one,) = find_pictures([argument], ReferencedPictures(model.model_).part).pictures
        assert not isinstance(one, Path)
        assert np.array_equal(one.pixels, pictures.images[wrong.index])
