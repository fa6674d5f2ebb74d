"""Class names for data whose labels are integers, and for models, from load to evaluate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Dataset, load
from pellucid.errors import PellucidError
from pellucid.files.held_out import held_out
from pellucid.layers import Dense, Flatten, Sequential
from tests.data.made_files import idx_bytes, write

if TYPE_CHECKING:
    from pathlib import Path

X = np.random.default_rng(0).integers(0, 90, (90, 6, 5)).astype(np.uint8)
Y = np.arange(90) % 3
X[np.arange(90), 2 * Y] += 120
NAMES = ("cat", "sea lion", "owl")
LAYERS = Sequential([Flatten(), Dense(3)])


def idx_folder(folder: Path, first: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    for part, chosen in (("train", slice(0, 60)), ("t10k", slice(60, 90))):
        write(folder / f"{part}-images-idx3-ubyte", idx_bytes(X[chosen]))
        labels = (Y[chosen] + first).astype(np.uint8)
        write(folder / f"{part}-labels-idx1-ubyte", idx_bytes(labels))
    return folder


def model() -> pl.ImageClassifier:
    return pl.ImageClassifier(LAYERS, epochs=8, batch_size=10)


def sources(folder: Path, first: int = 0) -> dict[str, Any]:
    np.savez(folder / "a.npz", x=X, y=Y + first)
    return {
        "mapping": {"x": X, "y": Y + first},
        "npz": folder / "a.npz",
        "idx": idx_folder(folder / "idx", first),
    }


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("kind", ["mapping", "npz", "idx"])
def test_from_load_to_evaluate(tmp_path: Path, kind: str, first: int) -> None:
    source = sources(tmp_path, first)[kind]
    plain = load(source)
    named = load(source, classes=NAMES)
    assert named.train.classes == NAMES
    assert named.train.labels[:5].tolist() == [NAMES[k] for k in named.train.places[:5]]
    np.testing.assert_array_equal(named.train.places, plain.train.places)
    assert named.train.fingerprint() == plain.train.fingerprint()
    learned = model().fit(named)
    assert learned.classes_.tolist() == list(NAMES)
    learned.save(tmp_path / "m.safetensors")
    loaded = pl.load(tmp_path / "m.safetensors")
    pictures, notes = held_out(source, loaded.model_)
    assert named.test is not None
    np.testing.assert_array_equal(pictures.images, named.test.images)
    assert pictures.classes == NAMES
    assert kind == "idx" or "set aside" in notes[0]
    judged: Any
    for judged in (source, named, plain, plain.test, named.test):
        assert loaded.score(judged) == 1.0


@pytest.mark.parametrize("kind", ["mapping", "npz", "idx"])
def test_a_model_is_renamed(tmp_path: Path, kind: str) -> None:
    """It is judged by the same pictures as before, with their own labels."""
    source = sources(tmp_path)[kind]
    learned = model().fit(load(source))
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    forms: list[Any] = [list(NAMES), ",".join(NAMES), tmp_path / "names.txt", np.array(NAMES)]
    for given in forms:
        assert learned.renamed(given).classes_.tolist() == list(NAMES)
    renamed = learned.renamed(NAMES)
    before = held_out(source, learned.model_)
    renamed.save(tmp_path / "m.safetensors")
    loaded = pl.load(tmp_path / "m.safetensors")
    again = loaded.renamed("a,b,c")
    for each in (renamed, loaded, again):
        pictures, notes = held_out(source, each.model_)
        np.testing.assert_array_equal(pictures.images, before[0].images)
        assert notes == before[1]
        assert each.evaluate(source).accuracy == learned.evaluate(source).accuracy == 1.0
        assert each.evaluate(source).classes == each.model_.classes
    np.testing.assert_array_equal(again.predict_proba(X), learned.predict_proba(X))
    assert learned.classes_.tolist() == [0, 1, 2]
    assert again.renamed([0, 1, 2]).score(X, Y) == 1.0
    assert again.renamed([30, 10, 20]).score(X, np.array([30, 10, 20])[Y]) == 1.0


def test_a_model_of_folders_is_renamed(tmp_path: Path) -> None:
    from PIL import Image

    for i, k in enumerate(Y):
        path = tmp_path / "pets" / NAMES[k] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(X[i]).save(path)
    learned = model().fit(tmp_path / "pets")
    assert learned.classes_.tolist() == sorted(NAMES)
    renamed = learned.renamed("Katze,Eule,Seelöwe")
    pictures, notes = held_out(tmp_path / "pets", renamed.model_)
    assert len(pictures) == 9
    assert notes == held_out(tmp_path / "pets", learned.model_)[1]
    assert renamed.score(tmp_path / "pets") == learned.score(tmp_path / "pets")
    assert renamed.score({"x": X, "y": np.array(["Katze", "Seelöwe", "Eule"])[Y]}) == learned.score(
        X, np.array(NAMES)[Y]
    )
    with pytest.raises(PellucidError, match="pets: its classes have names"):
        load(tmp_path / "pets", classes=NAMES)


def test_a_file_in_a_folder_of_idx_files(tmp_path: Path) -> None:
    folder = idx_folder(tmp_path / "idx")
    before = model().fit(load(folder))
    (folder / "classes.txt").write_text("cat\nsea lion\nowl\n")
    splits = load(folder)
    assert splits.train.classes == NAMES
    assert load(folder, classes="a,b,c").train.classes == ("a", "b", "c")
    learned = model().fit(folder)
    assert learned.score(folder) == before.score(folder) == 1.0
    (folder / "classes.txt").unlink()
    assert learned.score(folder) == 1.0
    (folder / "classes.txt").write_text("owl\ncat\nsea lion\n")
    by_words = model().fit(X, np.array(["owl", "cat", "sea lion"])[Y])  # from elsewhere
    assert by_words.score(folder) == 1.0
    (folder / "classes.txt").write_text("owl\ncat\n")
    with pytest.raises(PellucidError, match="2 class names for the labels 0 to 2"):
        load(folder)
    (folder / "classes.txt").unlink()
    (folder / "classes.txt").symlink_to(folder / "nowhere")
    with pytest.raises(PellucidError, match="no file"):
        load(folder)


def test_names_go_before_those_that_arrays_bring() -> None:
    arrays = {"x": X, "y": Y, "classes": np.array(["x", "y", "z"])}
    assert load(arrays).train.classes == ("x", "y", "z")
    assert load(arrays, classes=NAMES).train.classes == NAMES
    words = {"x": X, "y": np.array(NAMES)[Y]}
    turned = load(words, classes=NAMES[::-1])  # names that are the labels decide the order
    assert turned.train.classes == NAMES[::-1]
    with pytest.raises(PellucidError, match=r"'cat' \(position 0\) is no class"):
        load(words, classes="a,b,c")


def test_mnist_with_names() -> None:
    names = "zero,one,two,three,four,five,six,seven,eight,nine"
    test = load("mnist", classes=names).test
    assert test is not None
    assert test.labels[:3].tolist() == ["seven", "two", "one"]
    with pytest.raises(PellucidError, match="2 class names for the labels 0 to 9"):
        load("mnist", classes="a,b")


@pytest.mark.parametrize("wrong", ["a,b", "a,b,c,d", "a,b,A", ["a", "b", None], [1, 2, 2], "", 3])
def test_names_that_do_not_suit_a_model(wrong: Any) -> None:
    learned = model().fit(X, Y)
    with pytest.raises(PellucidError) as caught:
        learned.renamed(wrong)
    assert "\n" not in str(caught.value)


def test_names_do_not_exchange_classes() -> None:
    """A model's own names in another order are taken for a mistake, not for other classes."""
    numbers = model().fit(X, Y)
    texts = numbers.renamed("cat,owl,seal")
    for learned, wrong in (
        (texts, "owl,cat,seal"),
        (texts, "cat,seal,newt"),
        (texts, ["seal", "cat", "owl"]),
        (numbers, "0,2,1"),
        (numbers, [1, 2, 0]),
    ):
        with pytest.raises(PellucidError, match="another of its classes"):
            learned.renamed(wrong)
    assert texts.renamed("cat,newt,seal").classes_.tolist() == ["cat", "newt", "seal"]
    assert numbers.renamed([1, 2, 3]).classes_.tolist() == [1, 2, 3]


def test_source_classes_of_a_data_set() -> None:
    places = Y[:6]
    data = Dataset(X[:6, ..., None], places, NAMES, source_classes=("1", "2", "3"))
    numbers = Dataset(X[:6, ..., None], places, ("1", "2", "3"), label_kind="int")
    assert data.fingerprint() == numbers.fingerprint()
    assert data.subset([0, 1]).source_classes == ("1", "2", "3")
    with pytest.raises(PellucidError, match="2 source_classes for 3 classes"):
        Dataset(X[:6, ..., None], places, NAMES, source_classes=("1", "2"))
