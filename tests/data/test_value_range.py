"""Pictures of more than 8 bits are scaled by the range of the data's own values."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.cli.leakage import leakage_notes, picture_root
from pellucid.data import Preprocessing, load, load_for
from pellucid.data.check import inspect
from pellucid.data.convert import Range
from pellucid.data.decode import header
from pellucid.data.value_range import array_range
from pellucid.errors import DataError, FileFormatError
from tests.data.made_files import encoded, png_by_hand, write
from tests.data.test_formats import tiff

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RNG = np.random.default_rng(0)


def content_of(values: NDArray[Any], kind: str) -> bytes:
    """Grey values as a file: PNG of 16 bits, or TIFF of several types."""
    if kind == "png":
        return png_by_hand(values[..., np.newaxis], 16, 0)
    if kind == "lzw":
        buffer = io.BytesIO()
        Image.fromarray(values.astype(np.uint16)).save(buffer, "TIFF", compression="tiff_lzw")
        return buffer.getvalue()
    bits, sample_format = {"u2": (16, 1), "i2": (16, 2), "i4": (32, 2), "u4": (32, 1),
                           "f4": (32, 3)}[kind[1:]]  # fmt: skip
    return tiff(values.astype(kind), bits, sample_format, 1, kind[0])


def folder(root: Path, pictures: NDArray[Any], kind: str = "png") -> Path:
    for i, values in enumerate(pictures):
        write(root / "ab"[i % 2] / f"{i:03}", content_of(values, kind))
    return root


def expected(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    clipped = np.clip(values.astype(np.float64), low, high)
    return np.rint((clipped - low) / (high - low) * 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("png", 0, 1502),
        ("lzw", 31000, 33000),
        ("<u2", 0, 1502),
        (">u2", 12, 4095),
        ("<i2", -1024, 3071),
        ("<i4", -70_000, 70_000),
        ("<u4", 3_000_000_000, 3_100_000_000),
        ("<f4", -0.25, 0.5),
    ],
)
def test_values_are_scaled_by_their_own_range(
    tmp_path: Path, kind: str, low: float, high: float
) -> None:
    pictures: NDArray[Any]
    if kind == "<f4":
        pictures = RNG.uniform(low, high, (20, 9, 8)).astype(np.float32)
    else:
        pictures = RNG.integers(int(low), int(high), (20, 9, 8), endpoint=True)
    pictures.flat[:2] = low, high
    root = folder(tmp_path, pictures, kind)
    assert header(root / "a" / "000").deep
    splits = load(root, cache=False)
    train = splits.train
    assert train.value_range is not None
    assert train.value_range[:2] == pytest.approx((low, high))
    assert train.value_range.fractions == (kind == "<f4")
    assert any(f"{low:g}" in note or f"{int(low)}" in note for note in splits.notes)
    assert train.names is not None
    for image, name in zip(train.images, train.names, strict=True):
        i = int(name[-3:])
        difference = image[..., 0].astype(int) - expected(pictures[i], low, high)
        assert np.abs(difference).max() <= (1 if kind == "<f4" else 0)


def test_colours_of_sixteen_bits_keep_their_low_bytes(tmp_path: Path) -> None:
    colours = RNG.integers(0, 1503, (20, 5, 4, 3))
    colours.flat[:2] = 0, 1502
    for i, values in enumerate(colours):
        write(tmp_path / "ab"[i % 2] / f"{i:03}", png_by_hand(values, 16, 2))
    train = load(tmp_path, cache=False).train
    assert train.value_range == Range(0, 1502)
    assert train.names is not None
    for image, name in zip(train.images, train.names, strict=True):
        np.testing.assert_array_equal(image, expected(colours[int(name[-3:])], 0, 1502))


def test_opacity_is_not_scaled(tmp_path: Path) -> None:
    values = RNG.integers(0, 1000, (5, 4, 4))
    values[..., 3] = 0xFFFF
    values[0, 0, 3] = 0
    found = Preprocessing(5, 4, 3, background=9, value_range=Range(0, 999)).read(
        png_by_hand(values, 16, 6)
    )
    wanted = expected(values[..., :3], 0, 999)
    wanted[0, 0] = 9
    np.testing.assert_array_equal(found, wanted)


def test_grey_with_opacity(tmp_path: Path) -> None:
    values = RNG.integers(0, 1503, (20, 5, 4, 2))
    values[..., 1] = 0xFFFF
    values.flat[0], values.flat[2] = 0, 1502
    for i, picture in enumerate(values):
        write(tmp_path / "ab"[i % 2] / f"{i:03}", png_by_hand(picture, 16, 4))
    train = load(tmp_path, cache=False).train
    assert train.value_range == Range(0, 1502)
    assert train.names is not None
    for image, name in zip(train.images, train.names, strict=True):
        wanted = expected(values[int(name[-3:]), ..., :1], 0, 1502)
        np.testing.assert_array_equal(image, np.broadcast_to(wanted, image.shape))


def test_a_few_outliers_are_clipped_and_reported(tmp_path: Path) -> None:
    pictures = RNG.integers(100, 1503, (20, 30, 30))
    pictures.flat[:2] = 100, 1502
    pictures[3, 7, 7] = 65535
    splits = load(folder(tmp_path, pictures), cache=False)
    assert splits.train.value_range == Range(100, 1502)
    (note,) = (note for note in splits.notes if "65535" in note)
    assert "100..1502" in note
    assert "%" in note


def test_bright_pictures_are_no_outliers() -> None:
    pictures = RNG.integers(0, 100, (50, 10, 10)).astype(np.uint16)
    pictures[0] = RNG.integers(0, 65536, (10, 10))
    pictures[0, 0, 0] = 65535
    found = array_range([pictures])
    assert found is not None
    assert found.high == 65535
    assert found.outside == 0


def test_the_range_covers_all_parts_and_is_kept(tmp_path: Path) -> None:
    for part, top in (("train", 500), ("val", 800), ("test", 1502)):
        pictures = RNG.integers(3, top, (6, 9, 8))
        pictures[0, 0, 0] = top
        pictures[1, 0, 0] = 3
        folder(tmp_path / "data" / part, pictures)
    kept = tmp_path / "cache"
    fresh, again, uncached = (
        load(tmp_path / "data", cache=c) for c in (str(kept), str(kept), False)
    )
    assert fresh.train.value_range == Range(3, 1502)
    assert fresh.notes == again.notes == uncached.notes
    assert fresh.train.fingerprint() == again.train.fingerprint() == uncached.train.fingerprint()
    assert fresh.test is not None
    preprocessing = Preprocessing(9, 8, 1, value_range=Range(3, 1502))
    judged = load_for(tmp_path / "data", preprocessing=preprocessing, classes=("a", "b"))
    assert judged.fingerprint() == fresh.test.fingerprint()


def test_the_cache_tells_ranges_apart(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", RNG.integers(0, 1502, (6, 9, 8)))
    narrow, wide = (
        load_for(
            root, classes=("a", "b"), cache=tmp_path / "cache",
            preprocessing=Preprocessing(9, 8, 1, value_range=Range(0, top)),
        )
        for top in (1502, 15020)
    )  # fmt: skip
    assert narrow.images.max() > 5 * wide.images.max()


def test_pictures_of_eight_bits_keep_their_values(tmp_path: Path) -> None:
    folder(tmp_path, RNG.integers(0, 1502, (10, 9, 8)))
    plain = RNG.integers(0, 200, (9, 8)).astype(np.uint8)
    for i in range(10):
        write(tmp_path / "ab"[i % 2] / f"plain{i}.png", encoded(plain))
    splits = load(tmp_path, cache=False)
    assert splits.train.names is not None
    for image, name in zip(splits.train.images, splits.train.names, strict=True):
        if "plain" in name:
            np.testing.assert_array_equal(image[..., 0], plain)
    assert any("10 pictures of 8 bits" in note for note in splits.notes)


def test_the_rarer_of_integers_and_fractions_is_left_out(tmp_path: Path) -> None:
    folder(tmp_path, RNG.integers(0, 1502, (6, 9, 8)))
    write(tmp_path / "a" / "f", content_of(RNG.random((9, 8)), "<f4"))
    splits = load(tmp_path, cache=False)
    assert [file.name for file in splits.quarantined] == ["a/f"]
    assert "fraction" in splits.quarantined[0].reason
    assert "damaged" not in splits.quarantined[0].reason
    assert [finding.names for finding in inspect(tmp_path).by_kind()["unusable"]] == [("a/f",)]


def test_arrays_of_sixteen_bits(tmp_path: Path) -> None:
    x, x_test = (RNG.integers(5, top, (20, 6, 5)).astype(np.uint16) for top in (1000, 1501))
    x.flat[0], x_test.flat[0] = 5, 1500
    labels = np.arange(20) % 2
    np.savez(tmp_path / "a.npz", x=x, y=labels, x_test=x_test, y_test=labels)
    splits = load(tmp_path / "a.npz", validation=0)
    assert splits.train.value_range == Range(5, 1500)
    np.testing.assert_array_equal(splits.train.images[..., 0], expected(x, 5, 1500))
    assert any("5..1500" in note for note in splits.notes)
    seen = Preprocessing(6, 5, 1, value_range=Range(5, 1500))
    np.testing.assert_array_equal(seen.read(x[0])[..., 0], splits.train.images[0, ..., 0])


def test_without_a_range_conversion_is_as_before() -> None:
    values = RNG.integers(0, 65536, (9, 8))
    found = Preprocessing(9, 8, 1).read(content_of(values, "png"))
    np.testing.assert_array_equal(found[..., 0], values >> 8)


def test_settings_survive_and_are_checked() -> None:
    seen = Preprocessing(9, 8, 1, value_range=Range(0, 1502))
    assert Preprocessing.from_dict(seen.to_dict()) == seen
    assert "value_range" not in Preprocessing(9, 8, 1).to_dict()
    for wrong in ([3], [5, 5], [0, float("nan")], "ab", [True, 5]):
        with pytest.raises(FileFormatError, match="value_range"):
            Preprocessing.from_dict({**seen.to_dict(), "value_range": wrong})


def test_check_compares_all_bits(tmp_path: Path) -> None:
    base = RNG.integers(0, 1502, (9, 8))
    pictures = np.stack([base, base, base + (np.arange(72).reshape(9, 8) == 5)])
    for i, values in enumerate(pictures):
        write(tmp_path / "a" / f"{i}.png", content_of(values, "png"))
    write(tmp_path / "b" / "3.png", content_of(RNG.integers(0, 1502, (9, 8)), "png"))
    write(tmp_path / "b" / "4.tif", content_of(base, "<u2"))
    report = inspect(tmp_path, near=False)
    (conflict,) = report.by_kind()["conflicting-labels"]
    assert set(conflict.names) == {"a/0.png", "a/1.png", "b/4.tif"}
    assert report.by_kind()["deep-values"]
    preview = report.preview("a/0.png")
    assert preview is not None
    assert np.asarray(preview).max() > 240


def test_check_compares_arrays_before_they_are_scaled() -> None:
    base = RNG.integers(0, 60_000, (6, 5)).astype(np.uint16)
    x = np.stack([base, base + np.uint16(1), base, RNG.integers(0, 60_000, (6, 5)).astype("u2")])
    report = inspect({"x": x, "y": np.array([0, 1, 0, 1])}, near=False)
    kinds = report.by_kind()
    assert "conflicting-labels" not in kinds
    assert [finding.names for finding in kinds["duplicates"]] == [("all[0]", "all[2]")]


def test_sixteen_bits_that_repeat_a_byte_are_eight_bits(tmp_path: Path) -> None:
    plain = RNG.integers(0, 256, (9, 8))
    write(tmp_path / "a" / "0.png", encoded(plain.astype(np.uint8)))
    write(tmp_path / "a" / "1.png", content_of(plain * 257, "png"))
    write(tmp_path / "b" / "2.png", content_of(plain.T.copy() * 257, "png"))
    (same,) = inspect(tmp_path, near=False).by_kind()["duplicates"]
    assert set(same.names) == {"a/0.png", "a/1.png"}


def test_values_beyond_the_learned_ones_are_remarked(tmp_path: Path) -> None:
    root = folder(tmp_path, RNG.integers(0, 3000, (6, 9, 8)))
    for top, remarks in ((1502, 1), (3000, 0)):
        seen = Preprocessing(9, 8, 1, value_range=Range(0, top))
        for cache in (False, tmp_path / "cache"):
            found = load_for(root, preprocessing=seen, classes=("a", "b"), cache=cache)
            assert len(found.remarks) == remarks
            assert all("1502" in remark for remark in found.remarks)


def test_training_does_not_stop_for_pictures_that_differ_below_8_bits(tmp_path: Path) -> None:
    """Of different labels, one level of 16 bits apart, beside one that takes the whole range."""
    base = RNG.integers(1000, 1020, (9, 8))
    wide = RNG.integers(0, 65536, (9, 8))
    wide.flat[:2] = 0, 65535
    pictures = np.stack([base, base + 1, *RNG.integers(0, 65536, (8, 9, 8)), wide])
    root = folder(tmp_path / "data", pictures)
    splits = load(root, cache=False)
    assert leakage_notes(splits, "data", (), picture_root(str(root))) == ()
    write(root / "b" / "copy", content_of(base, "png"))
    splits = load(root, cache=False)
    with pytest.raises(DataError, match="copy"):
        leakage_notes(splits, "data", (), picture_root(str(root)))
