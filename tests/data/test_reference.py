"""Pictures out of data sets, by part and number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.reference import Reference, parse_reference
from pellucid.errors import PellucidError
from pellucid.files.held_out import held_out
from pellucid.files.referenced import ReferencedPictures

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset


def test_forms() -> None:
    wanted = Reference("mnist", "test", 449)
    for text in ("mnist:test[449]", "mnist:test:449", "mnist:TEST:449", "mnist:testing[449]"):
        assert parse_reference(text) == wanted
    assert parse_reference("a:b/c.npz:val[0]") == Reference("a:b/c.npz", "validation", 0)
    assert parse_reference("mnist:test") == Reference("mnist", "test", None)
    for text in ("cat.png", "C:/cat.png", "x:y", "x:y:3", "mnist", ":test[3]", "mnist:test[3][4]"):
        assert parse_reference(text) is None


@pytest.mark.parametrize(
    "text", ["mnist:test[-1]", "mnist:test[]", "mnist:test[x]", "mnist:tset:1"]
)
def test_what_is_no_picture(text: str) -> None:
    with pytest.raises(PellucidError) as raised:
        parse_reference(text)
    assert "mnist:t" in str(raised.value)


def test_a_file_of_that_name_is_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist:test[3]").write_bytes(b"")
    assert parse_reference("mnist:test[3]") is None


def test_mnist_is_numbered_as_load_numbers_it() -> None:
    splits = pl.data.load("mnist")
    assert splits.test is not None
    assert splits.validation is not None
    for part, dataset in (("test", splits.test), ("validation", splits.validation)):
        found = pl.data.picture(f"mnist:{part}[449]")
        assert np.array_equal(found.pixels, dataset.images[449])
        assert found.label == dataset.classes[dataset.places[449]]
        assert found.path is None
    with pytest.raises(PellucidError, match="10000 pictures"):
        pl.data.picture("mnist:test[10000]")
    with pytest.raises(PellucidError, match="train and test"):
        pl.data.picture("mnist:all[0]")


@pytest.fixture
def arrays(digits: tuple[Dataset, Dataset], tmp_path: Path) -> Path:
    path = tmp_path / "digits.npz"
    few = digits[0].subset(range(200))
    np.savez(path, x=few.images, y=few.places)
    return path


@pytest.mark.parametrize("seed", [0, 3])
def test_numbers_are_those_of_evaluate(arrays: Path, seed: int) -> None:
    """Drawn parts, too: with the seed and the share that the model's file tells."""
    splits = pl.data.load(arrays, seed=seed, validation=30)
    model = pl.ImageClassifier("lecture", epochs=1, seed=seed)
    model.fit(splits.train, validation_data=splits.validation)
    found = ReferencedPictures(model.model_)
    for part, option in (("test", "test"), ("validation", "val")):
        judged, _ = held_out(arrays, model.model_, part=option)
        for i in (0, len(judged) - 1):
            one = found.picture(Reference(str(arrays), part, i))
            assert np.array_equal(one.pixels, judged.images[i])
        given = model.predict_proba([f"{arrays}:{part}[0]", f"{arrays}:{part}:1"])
        assert np.array_equal(given, model.predict_proba(judged.images[:2]))
    train = found.part(Reference(str(arrays), "train", 0))
    assert np.array_equal(train.images, splits.train.images)
    whole = found.part(Reference(str(arrays), "all", 0))
    assert len(whole) == 200


def test_python_takes_references_wherever_a_picture_goes(arrays: Path) -> None:
    model = pl.ImageClassifier("lecture", epochs=1).fit(pl.data.load(arrays).train)
    text = f"{arrays}:all[5]"
    pixels = pl.data.picture(text).pixels
    assert np.array_equal(model.predict_proba(text), model.predict_proba(pixels))
    assert np.array_equal(model.trace(text).activations.pixels, pixels)
    assert np.array_equal(
        model.explain(text, "gradient").values,  # type: ignore[union-attr]
        model.explain(pixels, "gradient").values,  # type: ignore[union-attr]
    )
    with pytest.raises(PellucidError, match="200"):
        model.predict(f"{arrays}:all[200]")


def test_files_of_a_folder_are_opened_as_they_are(tmp_path: Path) -> None:
    from PIL import Image

    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(12):
            pixels = random.integers(0, 255, (10, 8, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{i:02}.png")
    splits = pl.data.load(tmp_path / "data", cache=False)
    assert splits.test is not None
    assert splits.test.names is not None
    found = pl.data.picture(f"{tmp_path}/data:test[1]")
    assert found.path == tmp_path / "data" / splits.test.names[1]
    assert np.array_equal(np.asarray(Image.open(found.path)), splits.test.images[1])
    assert np.array_equal(
        pl.data.picture(f"{tmp_path}/data:all[13]").pixels,
        np.asarray(Image.open(tmp_path / "data/dog/01.png")),
    )
