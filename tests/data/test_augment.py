"""Augmentation as a whole: what it depends on, what it leaves alone, its settings and errors."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data.augment import (
    PRESETS,
    Augmentation,
    augmented,
    augmented_batch,
    get_augmentation,
)
from pellucid.errors import ArgumentError, PellucidError, ShapeError
from tests.data.made_files import noise
from tests.messages import check_line
from tests.ops.philox import philox as plain_philox

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVERYTHING = Augmentation(
    horizontal_flip=True, shift=0.2, rotation=30.0, scale=0.3, brightness=0.4, contrast=0.4,
    saturation=0.4, cutout=0.4, border=7,
)  # fmt: skip
SINGLY = {
    "flip": Augmentation(horizontal_flip=True),
    "flip of numbers": Augmentation(horizontal_flip=True, flip_negates=("angle", "x")),
    "shift": Augmentation(shift=0.3),
    "rotation": Augmentation(rotation=90.0),
    "scale": Augmentation(scale=0.5, border="edge"),
    "brightness": Augmentation(brightness=0.5),
    "contrast": Augmentation(contrast=0.5),
    "saturation": Augmentation(saturation=0.5),
    "cutout": Augmentation(cutout=0.3),
    **PRESETS,
    "everything": EVERYTHING,
}
SHAPES = [(20, 13, 11, 3), (20, 6, 9, 1), (20, 1, 1, 3), (20, 1, 40, 1)]


def changed(
    images: NDArray[np.uint8],
    augmentation: Augmentation,
    indices: Any = None,
    seed: int = 5,
    epoch: int = 2,
) -> NDArray[np.uint8]:
    chosen = np.arange(len(images)) if indices is None else np.asarray(indices)
    return augmented(images, chosen, augmentation, seed=seed, epoch=epoch)


@pytest.mark.parametrize("name", SINGLY)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_depends_on_seed_epoch_and_index_alone(name: str, shape: tuple[int, ...]) -> None:
    """Not on the batch, the place in it, the order, the neighbours or the thread."""
    images = noise(1, *shape)
    whole = changed(images, SINGLY[name], np.arange(20) + 100)
    order = np.random.default_rng(2).permutation(20)
    np.testing.assert_array_equal(changed(images[order], SINGLY[name], order + 100), whole[order])
    alone = [changed(images[i : i + 1], SINGLY[name], [100 + i])[0] for i in range(20)]
    np.testing.assert_array_equal(np.stack(alone), whole)
    with ThreadPoolExecutor(4) as pool:
        parts = pool.map(
            lambda i: changed(images[i : i + 5], SINGLY[name], np.arange(i, i + 5) + 100),
            range(0, 20, 5),
        )
        np.testing.assert_array_equal(np.concatenate(list(parts)), whole)


def test_large_batches_are_cut_without_a_trace() -> None:
    """Pictures of which only a few are worked on at once, against each alone."""
    images = noise(3, 9, 100, 90, 3)
    whole = changed(images, EVERYTHING)
    for i in range(9):
        np.testing.assert_array_equal(changed(images[i : i + 1], EVERYTHING, [i])[0], whole[i])


@pytest.mark.parametrize("name", [name for name in SINGLY if name != "none"])
def test_seed_epoch_and_index_matter(name: str) -> None:
    images = np.repeat(noise(4, 1, 13, 11, 3), 32, axis=0)
    first = changed(images, SINGLY[name])
    assert (first != changed(images, SINGLY[name], seed=6)).any()
    assert (first != changed(images, SINGLY[name], epoch=3)).any()
    assert (first != changed(images, SINGLY[name], np.arange(32) + 1000)).any()
    assert (first != first[0]).any()  # equal pictures are changed differently


@pytest.mark.parametrize("name", SINGLY)
def test_the_input_stays_and_the_output_is_new(name: str) -> None:
    images = noise(5, 8, 9, 7, 3)
    before = images.copy()
    images.flags.writeable = False
    made = changed(images, SINGLY[name])
    np.testing.assert_array_equal(images, before)
    assert made.dtype == np.uint8
    assert made.shape == images.shape
    assert not np.shares_memory(made, images)
    made[:] = 0


def test_nothing_is_done_where_all_is_off() -> None:
    images = noise(6, 8, 9, 7, 3)
    np.testing.assert_array_equal(changed(images, Augmentation()), images)
    assert not Augmentation(mixup=0.5).changes_pixels
    assert all(a.changes_pixels for name, a in SINGLY.items() if name != "none")


def test_amounts_near_zero_are_the_identity() -> None:
    images = noise(7, 8, 9, 7, 3)
    tiny = Augmentation(
        shift=1e-9, rotation=1e-7, scale=1e-9, brightness=1e-9, contrast=1e-9, saturation=1e-9
    )
    np.testing.assert_array_equal(changed(images, tiny), images)


def test_no_pictures() -> None:
    none = np.empty((0, 5, 5, 3), np.uint8)
    assert changed(none, EVERYTHING).shape == (0, 5, 5, 3)
    assert augmented_batch(
        noise(1, 3, 5, 5, 3), np.array([0, 1, 1]), np.array([], np.int64),
        Augmentation(mixup=0.2), classes=2, seed=0, epoch=0,
    )[1].shape == (0, 2)  # fmt: skip


def test_one_change_does_not_stir_another() -> None:
    """Each has random words of its own: flip and shift stay when cut-out comes on."""
    images = noise(8, 30, 12, 12, 1)
    without = changed(images, Augmentation(horizontal_flip=True, shift=0.25))
    covered = changed(images, Augmentation(horizontal_flip=True, shift=0.25, cutout=0.25))
    assert (without != covered).any()
    equal = (without == covered).reshape(30, -1).sum(axis=1)
    assert (equal >= 12 * 12 - 3 * 3).all()


def test_words_against_plain_integers() -> None:
    """The flip's word: the first of counter (0, 0, epoch, index) under key (seed, "AUGM")."""
    images = noise(9, 50, 1, 5, 1)
    indices = np.arange(50) * 85_899_345  # up to 2³² − 1
    made = changed(images, Augmentation(horizontal_flip=True), indices, seed=2**32 - 1, epoch=7)
    for i, index in enumerate(indices.tolist()):
        word = plain_philox((0, 0, 7, index), (2**32 - 1, 0x4155474D))[0]
        expected = images[i, :, ::-1] if word >= 2**31 else images[i]
        np.testing.assert_array_equal(made[i], expected)


@pytest.mark.parametrize("name", SINGLY)
def test_settings_as_json_and_back(name: str) -> None:
    text = json.dumps(SINGLY[name].to_dict())
    assert Augmentation.from_dict(json.loads(text)) == SINGLY[name]
    assert json.loads(text)["kind"] == "augmentation"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "augmentation: must be a JSON object, got list"),
        ({"kind": "flip"}, "unknown augmentation 'flip'"),
        ({"kind": "augmentation", "blur": 1}, "augmentation augmentation has no setting 'blur'"),
        ({"kind": "augmentation", "shift": "a"}, "shift must be a finite number from 0 to 1"),
    ],
)
def test_settings_that_are_none(values: object, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Augmentation.from_dict(values)
    assert message in str(caught.value)
    check_line(caught.value, 200)


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizontal_flip": 1}, {"shift": -0.1}, {"shift": 1.5}, {"rotation": 181.0},
        {"rotation": float("nan")}, {"scale": 4.0}, {"brightness": 2.0}, {"contrast": -1.0},
        {"saturation": None}, {"cutout": 1.1}, {"mixup": 1.1}, {"border": "wrap"},
        {"border": 256}, {"border": -1}, {"border": 1.0}, {"border": True},
        {"flip_negates": "angle"}, {"flip_negates": 1, "horizontal_flip": True},
        {"flip_negates": ("",), "horizontal_flip": True},
    ],
)  # fmt: skip
def test_settings_outside_their_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))) as caught:
        Augmentation(**wrong)
    check_line(caught.value, 200)


def test_presets_by_name() -> None:
    assert get_augmentation("photos").horizontal_flip
    assert not get_augmentation("digits").horizontal_flip
    assert get_augmentation("none") == Augmentation()
    with pytest.raises(ArgumentError, match="'foto'; did you mean 'photos'"):
        get_augmentation("foto")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mixup=0.2", Augmentation(mixup=0.2)),
        ("photos, rotation=10", replace(PRESETS["photos"], rotation=10.0)),
        ("photos,horizontal_flip=no,shift=0", replace(
            PRESETS["photos"], horizontal_flip=False, shift=0.0
        )),
        ("digits,border=7,cutout=0.25", replace(PRESETS["digits"], border=7, cutout=0.25)),
        ("shift=0.1,border=edge", Augmentation(shift=0.1, border="edge")),
        ("horizontal_flip=yes,flip_negates=angle; x", Augmentation(
            horizontal_flip=True, flip_negates=("angle", "x")
        )),
    ],
)  # fmt: skip
def test_settings_in_words(text: str, expected: Augmentation) -> None:
    assert get_augmentation(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foto,shift=0.1", "unknown augmentation 'foto'"),
        ("photos,blur=1", "setting of an augmentation 'blur'; there are horizontal_flip"),
        ("photos,shift", "'shift' is no setting"),
        ("shift=much", "shift must be a number, got 'much'"),
        ("shift=2", "shift must be a finite number from 0"),
        ("horizontal_flip=perhaps", "horizontal_flip must be"),
        ("border=round", "border must be one of"),
        ("", "unknown augmentation ''"),
    ],
)
def test_wrong_settings_in_words(text: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        get_augmentation(text)
    check_line(caught.value, 300)


@pytest.mark.parametrize(
    ("images", "indices", "settings", "kind", "message"),
    [
        (np.zeros((2, 3, 3, 1), np.float32), [0, 1], {}, ShapeError, "pictures are float32"),
        (np.zeros((2, 3, 3), np.uint8), [0, 1], {}, ShapeError, r"of shape \(2, 3, 3\)"),
        (np.zeros((2, 3, 3, 4), np.uint8), [0, 1], {}, ShapeError, "C 1"),
        (np.zeros((2, 3, 3, 1), np.uint8), [0], {}, ShapeError, "for 1 indices"),
        (np.zeros((2, 0, 3, 1), np.uint8), [0, 1], {}, ShapeError, "at least one pixel"),
        (np.zeros((2, 3, 3, 1), np.uint8), [0, -1], {}, ArgumentError, "reach from -1 to 0"),
        (np.zeros((1, 3, 3, 1), np.uint8), [2**32], {}, ArgumentError, "from 0 to 4294967295"),
        (np.zeros((1, 3, 3, 1), np.uint8), [0.5], {}, ArgumentError, "indices are float64"),
        (np.zeros((1, 3, 3, 1), np.uint8), [0], {"seed": -1}, ArgumentError, "seed"),
        (np.zeros((1, 3, 3, 1), np.uint8), [0], {"epoch": 2**32}, ArgumentError, "epoch"),
    ],
)
def test_what_cannot_be_augmented(
    images: NDArray[Any], indices: Any, settings: Any, kind: type[PellucidError], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        changed(images, EVERYTHING, indices, **settings)
    check_line(caught.value, 200)
