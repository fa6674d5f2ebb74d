"""Flip, shift, rotation, scale and cut-out, against NumPy's padding, SciPy and Pillow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

from pellucid.data.augment import Augmentation, augmented
from pellucid.data.augment.affine import Placement, placed
from pellucid.data.augment.cutout import cover
from pellucid.data.augment.shift import flip_and_shift
from tests.data.made_files import noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAD_MODES: dict[str | int, dict[str, Any]] = {
    "edge": {"mode": "edge"},
    "reflect": {"mode": "reflect"},
    9: {"mode": "constant", "constant_values": 9},
}
SCIPY_MODES: dict[str | int, dict[str, Any]] = {
    "edge": {"mode": "nearest"},
    "reflect": {"mode": "mirror"},
}


@pytest.mark.parametrize("border", PAD_MODES)
@pytest.mark.parametrize("shape", [(7, 5, 3), (5, 8, 1), (1, 6, 3), (4, 1, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_shift_is_a_cut_out_of_numpys_padding(
    border: str | int, shape: tuple[int, ...], seed: int
) -> None:
    random = np.random.default_rng(seed)
    height, width, _ = shape
    images = noise(seed, 12, *shape)
    down, right = random.integers(-height, height + 1, 12), random.integers(-width, width + 1, 12)
    flip = random.integers(0, 2, 12).astype(np.bool_)
    made = flip_and_shift(images, flip, down, right, border)
    for i in range(12):
        source = images[i, :, ::-1] if flip[i] else images[i]
        padded = np.pad(source, ((height, height), (width, width), (0, 0)), **PAD_MODES[border])
        top, left = height - down[i], width - right[i]
        expected = padded[top : top + height, left : left + width]
        np.testing.assert_array_equal(made[i], expected)


def placement(seed: int, count: int, side: int) -> Placement:
    random = np.random.default_rng(seed)
    return Placement(
        flip=random.integers(0, 2, count).astype(np.bool_),
        angle=random.uniform(-math.pi, math.pi, count),
        scale=np.exp(random.uniform(-1.3, 1.3, count)),
        down=random.integers(-side, side + 1, count),
        right=random.integers(-side, side + 1, count),
    )


def forward_matrix(where: Placement, i: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The matrix and the move from input to output (row, column), about the middle."""
    cosine, sine = math.cos(where.angle[i]), math.sin(where.angle[i])
    mirror = np.diag([1.0, -1.0 if where.flip[i] else 1.0])
    turn = np.array([[cosine, -sine], [sine, cosine]])  # y points down
    return where.scale[i] * turn @ mirror, np.array([where.down[i], where.right[i]], float)


@pytest.mark.parametrize("border", SCIPY_MODES)
@pytest.mark.parametrize("shape", [(9, 7, 3), (8, 12, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_placing_against_scipy(border: str | int, shape: tuple[int, ...], seed: int) -> None:
    """Equal within rounding: half a grey level, and float32 positions."""
    images = noise(seed, 10, *shape)
    where = placement(seed, 10, 4)
    made = placed(images, where, border)
    middle = (np.array(shape[:2]) - 1) / 2
    for i in range(10):
        matrix, move = forward_matrix(where, i)
        inverse = np.linalg.inv(matrix)
        offset = middle - inverse @ (middle + move)
        for channel in range(shape[2]):
            expected = scipy.ndimage.affine_transform(
                images[i, ..., channel].astype(float), inverse, offset, order=1,
                **SCIPY_MODES[border],
            )  # fmt: skip
            assert np.abs(made[i, ..., channel] - expected).max() <= 0.51


@pytest.mark.parametrize("seed", range(3))
def test_a_grey_level_around_the_picture_against_scipy(seed: int) -> None:
    """As if the picture went on in that grey level for ever."""
    images = noise(seed, 10, 9, 7, 1)
    where = placement(seed, 10, 4)
    made = placed(images, where, 200)
    for i in range(10):
        matrix, move = forward_matrix(where, i)
        inverse = np.linalg.inv(matrix)
        wide = np.pad(images[i, ..., 0].astype(float), 60, constant_values=200.0)
        middle = (np.array([9, 7]) - 1) / 2
        expected = scipy.ndimage.affine_transform(
            wide, inverse, middle + 60 - inverse @ (middle + move), (9, 7), order=1,
            cval=200.0, mode="constant",
        )  # fmt: skip
        assert np.abs(made[i, ..., 0] - expected).max() <= 0.51


@pytest.mark.parametrize("degrees", [-170, -45, -3, 10, 60, 120])
def test_rotation_turns_as_pillow_does(degrees: int) -> None:
    """Direction and amount: on a smooth picture, inside the circle that stays in it."""
    y, x = np.mgrid[0:41, 0:41].astype(float)
    smooth = 120 + 80 * np.sin(x / 6) * np.cos(y / 9) + x
    image = smooth.astype(np.uint8)
    zero = np.zeros(1, np.int64)
    where = Placement(
        np.zeros(1, np.bool_), np.array([math.radians(degrees)]), np.ones(1), zero, zero
    )
    made = placed(image[np.newaxis, ..., np.newaxis], where, 0)[0, ..., 0]
    turned = Image.fromarray(image).rotate(degrees, Image.Resampling.BILINEAR)
    inner = (x - 20) ** 2 + (y - 20) ** 2 < 18**2
    difference = np.abs(made.astype(int) - np.asarray(turned).astype(int))
    assert difference[inner].max() <= 2  # Pillow rounds its positions and its values


@pytest.mark.parametrize("quarter", range(4))
def test_quarter_turns_are_exact(quarter: int) -> None:
    images = noise(quarter, 2, 8, 8, 3)
    zero = np.zeros(2, np.int64)
    angle = np.full(2, quarter * math.pi / 2)
    made = placed(images, Placement(zero > 0, angle, np.ones(2), zero, zero), "edge")
    np.testing.assert_array_equal(made, np.rot90(images, quarter, axes=(1, 2)))


def test_placing_without_a_turn_is_flip_and_shift() -> None:
    images = noise(4, 20, 9, 6, 3)
    where = placement(4, 20, 5)
    flat = Placement(where.flip, np.zeros(20), np.ones(20), where.down, where.right)
    for border in ("edge", "reflect", 3):
        np.testing.assert_array_equal(
            placed(images, flat, border),
            flip_and_shift(images, where.flip, where.down, where.right, border),
        )


def test_how_far_pictures_move() -> None:
    """All of −2..2 rows and −1..1 columns occur, equally often, and nothing beyond."""
    count = 3000
    images = np.zeros((count, 8, 5, 1), np.uint8)
    images[:, 4, 2] = 255
    made = augmented(images, np.arange(count), Augmentation(shift=0.25, border=0), seed=1, epoch=0)
    _, rows, columns, _ = np.nonzero(made)
    assert len(rows) == count
    for found, middle, most in ((rows, 4, 2), (columns, 2, 1)):
        moves, times = np.unique(found - middle, return_counts=True)
        assert moves.tolist() == list(range(-most, most + 1))
        share = 1 / len(moves)
        assert np.abs(times - count * share).max() <= 5 * math.sqrt(count * share * (1 - share))


def test_half_of_the_pictures_are_mirrored() -> None:
    count = 4000
    images = np.zeros((count, 1, 2, 1), np.uint8)
    images[:, 0, 0] = 1
    flipped = augmented(
        images, np.arange(count), Augmentation(horizontal_flip=True), seed=2, epoch=0
    )[:, 0, 1, 0].sum()
    assert abs(int(flipped) - count / 2) <= 5 * math.sqrt(count) / 2


def test_bounds_of_rotation_and_scale() -> None:
    """A bright point away from the middle: its angle and its distance afterwards."""
    count = 500
    images = np.zeros((count, 61, 61, 1), np.uint8)
    images[:, 29:32, 49:52] = 255  # 20 to the right of the middle
    made = augmented(
        images, np.arange(count), Augmentation(rotation=30.0, scale=0.25, border=0), seed=3, epoch=0
    )[..., 0].astype(float)  # fmt: skip
    mass = made.sum(axis=(1, 2))
    y = (made.sum(axis=2) @ np.arange(61)) / mass - 30
    x = (made.sum(axis=1) @ np.arange(61)) / mass - 30
    angles, growth = np.degrees(np.arctan2(-y, x)), np.hypot(y, x) / 20
    slack = 0.02
    assert -30 * (1 + slack) <= angles.min() < -28
    assert 28 < angles.max() <= 30 * (1 + slack)
    assert (1 - slack) / 1.25 <= growth.min() < 0.83
    assert 1.21 < growth.max() <= 1.25 * (1 + slack)
    assert abs(np.log(growth).mean()) < 0.04
    assert abs(np.corrcoef(angles, growth)[0, 1]) < 0.25


@pytest.mark.parametrize(("border", "colour"), [(7, [7, 7, 7]), ("edge", [10, 20, 31])])
def test_cut_out_by_hand(border: str | int, colour: list[int]) -> None:
    images = np.empty((4, 5, 6, 3), np.uint8)
    images[:] = [10, 20, 31]
    images[:, 0, 0] += 1  # the mean rounds down again
    before = images.copy()
    rows, columns = np.array([2, 0, 4, 4]), np.array([3, 0, 5, 0])
    images[0, 1, 2] = before[0, 1, 2] = [13, 23, 34]
    cover(images, 2, rows, columns, border)
    for i, (top, bottom, left, right) in enumerate(
        [(1, 3, 2, 4), (0, 1, 0, 1), (3, 5, 4, 6), (3, 5, 0, 1)]
    ):
        assert (images[i, top:bottom, left:right] == colour).all()
        before[i, top:bottom, left:right] = images[i, top:bottom, left:right]
    np.testing.assert_array_equal(images, before)


def test_cut_out_reaches_every_pixel_and_covers_its_share() -> None:
    images = np.full((2000, 8, 6, 1), 255, np.uint8)
    made = augmented(images, np.arange(2000), Augmentation(cutout=0.5, border=0), seed=4, epoch=0)[
        ..., 0
    ]
    covered = (made == 0).sum(axis=(1, 2))
    assert covered.max() == 9  # 3 × 3, as half of 6
    assert covered.min() == 4
    assert (made == 0).any(axis=0).all()
