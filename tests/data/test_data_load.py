from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid.data
from pellucid.data import Preprocessing, load, load_for
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data import Dataset, Splits

GREY = Preprocessing(6, 5, 1)


def parts(splits: Splits) -> dict[str, Dataset]:
    pairs = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    return {name: part for name, part in pairs.items() if part is not None}


def sizes(splits: Splits) -> dict[str, int]:
    return {name: len(part) for name, part in parts(splits).items()}


def test_an_undivided_folder(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 60, "dog": 40})
    splits = load(tmp_path, seed=5)
    assert sizes(splits) == {"train": 80, "validation": 10, "test": 10}
    everything: dict[str, np.ndarray] = {}
    for name, part in parts(splits).items():
        assert part.name == name
        assert part.classes == ("cat", "dog")
        assert part.names is not None
        assert np.bincount(part.places).tolist() == [len(part) * 6 // 10, len(part) * 4 // 10]
        for i in range(len(part)):
            assert part.names[i].startswith(part.classes[part.places[i]])
            everything[part.names[i]] = part.images[i, ..., 0]
    assert len(everything) == 100
    for i in range(60):
        np.testing.assert_array_equal(everything[f"cat/{i:03}.png"], noise(i, 6, 5))
    size, classes, drawn = splits.notes
    assert classes == "2 classes: cat 60, dog 40"
    assert size == "all pictures are 5×6 pixels (width×height), grey"
    assert drawn.startswith("pictures: train 80, validation 10, test 10; drawn with seed 5")


def test_the_seed_decides(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    first, again, other = (load(str(tmp_path), seed=seed).train.names for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("validation", "expected"), [(None, 4), (0, 0), (0.0, 0), (0.25, 10), (7, 7), (np.int64(3), 3)]
)
def test_validation_of_an_undivided_folder(tmp_path: Path, validation: Any, expected: int) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    splits = load(tmp_path, validation=validation)
    assert sizes(splits).get("validation", 0) == expected
    assert (splits.validation is None) == (expected == 0)
    assert sizes(splits)["test"] == 4
    assert sizes(splits)["train"] == 36 - expected


@pytest.mark.parametrize(
    ("folders", "validation", "expected"),
    [
        ({"train": 20, "test": 5}, None, {"train": 36, "validation": 4, "test": 10}),
        ({"train": 20, "test": 5}, 0.5, {"train": 20, "validation": 20, "test": 10}),
        ({"train": 20, "test": 5}, 0, {"train": 40, "test": 10}),
        ({"train": 20, "val": 3, "test": 5}, None, {"train": 40, "validation": 6, "test": 10}),
        ({"train": 20, "val": 3, "test": 5}, 0, {"train": 40, "test": 10}),
        ({"train": 20, "val": 3}, None, {"train": 40, "validation": 6}),
        ({"train": 20}, None, {"train": 36, "validation": 4}),
        ({"Training": 20, "Testing": 5}, 0, {"train": 40, "test": 10}),
    ],
)
def test_a_divided_folder(
    tmp_path: Path, folders: dict[str, int], validation: Any, expected: dict[str, int]
) -> None:
    for folder, count in folders.items():
        picture_folder(tmp_path / folder, {"cat": count, "dog": count})
    splits = load(tmp_path, validation=validation)
    assert sizes(splits) == expected
    assert splits.test is None or all(
        name.lower().startswith("test") for name in splits.test.names or ()
    )


def test_pictures_are_resized_as_predictions_are(tmp_path: Path) -> None:
    """One function for training and prediction: the same pixels from the same file."""
    for folder in ("cat", "dog"):
        for i in range(20):
            write(tmp_path / folder / f"{i}.jpg", encoded(noise(i, 20 + i, 30, 3), "JPEG"))
    splits = load(tmp_path, image_size=(12, 16))
    preprocessing = Preprocessing(*splits.train.image_shape)
    assert preprocessing.shape == (12, 16, 3)
    for part in parts(splits).values():
        for i in range(len(part)):
            found = preprocessing.read(tmp_path / part.picture_name(i))
            np.testing.assert_array_equal(found, part.images[i])


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ({"cat": 9}, "one class only, cat; expected at least two"),
        ({"cat": 9, "dog": 0}, "the class dog has no pictures to train with; add some"),
        ({"cat": 9, "dog": 0, "owl": 0}, "the class dog .and 1 other class. has no pictures"),
        (
            {"cat": 0, "dog": 0},
            "no pictures in its class folders; put pictures into one",
        ),
        ({"train/cat": 9, "train/dog": 9, "test/owl": 9}, "the class owl has no pictures to train"),
        ({"train/cat": 9, "test/cat": 9}, "one class only, cat"),
        ({"test/cat": 9, "test/dog": 9}, "nothing to train with, only the part test; add a part"),
        ({"train/cat": 9, "train/dog": 9, "val/dog": 0}, "no pictures in its validation part"),
        ({"cat": 1, "dog": 1}, "part 'validation' asks for 1 picture where 2 are left"),
    ],
)
def test_folders_that_cannot_be_trained_on(
    tmp_path: Path, folders: dict[str, int], message: str
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    picture_folder(tmp_path, folders)
    with pytest.raises(DataError, match=message) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))


def test_a_validation_part_and_a_share(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"train/cat": 9, "train/dog": 9, "val/cat": 2, "val/dog": 2})
    with pytest.raises(ArgumentError, match=r"validation is 0.1, but .* brings a validation part"):
        load(tmp_path, validation=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"validation": 1.0}, "validation is 1.0; expected a fraction"),
        ({"validation": -1}, "validation is -1"),
        ({"validation": True}, "validation is True"),
        ({"validation": False}, "validation is False"),
        ({"validation": "0.1"}, "validation is '0.1'"),
        ({"seed": -1}, "seed is -1; expected an integer"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"image_size": (0, 5)}, "height is 0"),
        ({"image_size": (5, 5000)}, "width is 5000; expected an integer 1..4096"),
        ({"image_size": 28}, r"image_size is 28; expected \(height, width\)"),
        ({"image_size": (28, 28, 1)}, r"expected \(height, width\)"),
        ({"image_size": "28x28"}, r"expected \(height, width\)"),
    ],
)
def test_settings_outside_their_range(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    picture_folder(tmp_path, {"cat": 9, "dog": 9})
    with pytest.raises(ArgumentError, match=message) as caught:
        load(tmp_path, **settings)
    assert "\n" not in str(caught.value)


def test_sources_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture_folder(tmp_path, {"photographs/cat": 1})
    write(tmp_path / "model.safetensors", b"x")
    for source, message in {
        "mnits": r"mnits: neither a folder nor a built-in data set \(mnist\); did you mean mnist\?",
        "MNIST": r"did you mean mnist\?",
        "Photograph": r"did you mean photographs\?",
        str(tmp_path / "photos/phtographs"): "neither a folder nor a built-in data set",
        "zzz": r"zzz: neither a folder nor a built-in data set \(mnist\)$",
        "x" * 5000: "neither a folder|cannot be read",
        "a\nb": r"a\\nb: neither",
        "a\0b": r"a\\x00b: neither|cannot be read",
        "": "an empty name",
        "model.safetensors": "model.safetensors: a file; expected a folder",
    }.items():
        for call in (load, lambda name: load_for(name, preprocessing=GREY, classes=("cat",))):
            with pytest.raises(DataError, match=message) as caught:
                call(source)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", [None, 7, ["mnist"]])
def test_sources_of_another_kind(source: Any) -> None:
    with pytest.raises(ArgumentError, match="data are given as"):
        load(source)


def test_a_path_named_as_a_built_in_set_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture_folder(tmp_path / "mnist", {"cat": 9, "dog": 9})
    monkeypatch.chdir(tmp_path)
    assert load("./mnist/").train.classes == ("cat", "dog")
    assert load(tmp_path / "mnist").train.classes == ("cat", "dog")


def test_all_of_an_undivided_folder_for_a_model(tmp_path: Path) -> None:
    picture_folder(tmp_path / "pets", {"dog": 4, "cat": 3})
    data = load_for(tmp_path / "pets", preprocessing=GREY, classes=("owl", "dog", "cat"))
    assert data.classes == ("owl", "dog", "cat")
    assert data.places.tolist() == [2, 2, 2, 1, 1, 1, 1]
    assert data.name == "pets"
    np.testing.assert_array_equal(data.images[3, ..., 0], noise(0, 6, 5))
    stretched = Preprocessing(9, 9, 3, "stretch")
    data = load_for(tmp_path / "pets", preprocessing=stretched, classes=("cat", "dog"))
    np.testing.assert_array_equal(data.images[3], stretched.read(noise(0, 6, 5)))


def test_one_part_of_a_divided_folder_for_a_model(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"train/dog": 4, "train/cat": 3, "test/dog": 2, "test/owl": 0})
    settings: dict[str, Any] = {"preprocessing": GREY, "classes": ["cat", "dog"]}
    assert load_for(tmp_path, **settings).places.tolist() == [1, 1]
    assert load_for(tmp_path, **settings, split="train").places.tolist() == [0, 0, 0, 1, 1, 1, 1]
    with pytest.raises(DataError, match="no validation part; it has test and train"):
        load_for(tmp_path, **settings, split="validation")
    with pytest.raises(ArgumentError, match="split is 'tests'; expected one of train, validation"):
        load_for(tmp_path, **settings, split="tests")


def test_classes_that_the_model_does_not_know(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 1, "wolf": 1})
    with pytest.raises(DataError, match="does not know the class wolf; it knows cat, dog: leave"):
        load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"))
    many = tuple(f"class {i}" for i in range(100))
    with pytest.raises(DataError, match=r"it knows class 0, .*, class 7 and 92 more: leave"):
        load_for(tmp_path, preprocessing=GREY, classes=many)


def test_nothing_to_judge_by(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match="no pictures to read; put pictures into one"):
        load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"))


def test_public_names() -> None:
    for name in pellucid.data.__all__:
        assert getattr(pellucid.data, name) is not None
