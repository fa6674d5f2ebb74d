from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import read_idx, read_idx_pair
from pellucid.errors import DataError
from tests.data.made_files import idx_bytes, noise, write

PICTURES = idx_bytes(noise(0, 30, 7, 5))


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_idx(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("uint8", 0, 255),
        ("int8", -128, 127),
        ("int16", -(2**15), 2**15 - 1),
        ("int32", -(2**31), 2**31 - 1),
        ("float32", -1e30, 1e30),
        ("float64", -1e300, 1e300),
    ],
)
def test_every_type_comes_back(
    tmp_path: Path, dtype: str, low: float, high: float, compressed: bool
) -> None:
    values = np.array([[low, 0, 1], [high, 2, -1 if low else 3]]).astype(dtype)
    content = idx_bytes(values)
    path = write(tmp_path / "values", gzip.compress(content) if compressed else content)
    found = read_idx(path)
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, values)


def test_a_file_written_out_byte_by_byte(tmp_path: Path) -> None:
    content = bytes([0, 0, 0x0B, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0xFF, 0xFE, 1, 2])
    found = read_idx(write(tmp_path / "two", content))
    assert found.tolist() == [[-2], [258]]


def test_compression_is_seen_by_content(tmp_path: Path) -> None:
    plain = read_idx(write(tmp_path / "plain.gz", PICTURES))
    packed = read_idx(write(tmp_path / "packed", gzip.compress(PICTURES)))
    np.testing.assert_array_equal(plain, packed)


def test_no_values(tmp_path: Path) -> None:
    assert read_idx(write(tmp_path / "none", idx_bytes(noise(0, 0, 7, 5)))).shape == (0, 7, 5)


@pytest.mark.parametrize("tenths", range(10))
@pytest.mark.parametrize("compressed", [False, True])
def test_cut_short(tmp_path: Path, tenths: int, compressed: bool) -> None:
    content = gzip.compress(PICTURES) if compressed else PICTURES
    message = refusal(write(tmp_path / "cut", content[: len(content) * tenths // 10]))
    if tenths:
        assert "cut short" in message
    else:
        assert "0 bytes" in message


def test_cut_in_the_header(tmp_path: Path) -> None:
    assert "after 9 bytes of 16" in refusal(write(tmp_path / "header", PICTURES[:9]))


def test_cut_inside_a_whole_gzip(tmp_path: Path) -> None:
    message = refusal(write(tmp_path / "inner", gzip.compress(PICTURES[:-4])))
    assert "30 × 7 × 5" in message
    assert "1050 bytes, and there are 1046" in message


@pytest.mark.parametrize(
    ("content", "printed"),
    [
        (PICTURES + b"abc", "3 bytes more behind"),
        (gzip.compress(PICTURES + b"abc"), "more bytes behind"),
        (gzip.compress(PICTURES) + b"abc", "gzip data are damaged"),
        (b"\x89PNG" + PICTURES[4:], "89 50 4e 47"),
        (b"\0\0\x0a\3" + PICTURES[4:], "type code 0x0a"),
        (b"\0\0\x08\0" + PICTURES[4:], "0 dimensions"),
        (b"\0\0\x08\xff" + bytes(2000), "255 dimensions"),
        (b"", "0 bytes"),
    ],
    ids=["more", "more packed", "more behind gzip", "magic", "type", "flat", "deep", "empty"],
)
def test_other_contents(tmp_path: Path, content: bytes, printed: str) -> None:
    assert printed in refusal(write(tmp_path / "file", content))


def test_a_flipped_bit_in_gzip_is_noticed(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(PICTURES))
    content[-6] ^= 1  # its checksum
    assert "gzip data are damaged" in refusal(write(tmp_path / "flipped", bytes(content)))
    content = bytearray(gzip.compress(PICTURES))
    content[14] ^= 0xFF  # its deflate blocks
    assert "damaged" in refusal(write(tmp_path / "flipped", bytes(content)))


@pytest.mark.parametrize("shape", [(2**32 - 1, 2**31, 2**20), (1000, 1000, 1000)])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_lying_header_costs_no_memory(
    tmp_path: Path, shape: tuple[int, ...], compressed: bool
) -> None:
    content = struct.pack(">BBBB3I", 0, 0, 8, 3, *shape) + bytes(100)
    path = write(tmp_path / "liar", gzip.compress(content) if compressed else content)
    tracemalloc.start()
    try:
        message = refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "cut short" in message
    assert peak < 1_000_000


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing")
    assert "a folder; expected a file" in refusal(tmp_path)


def test_an_unlisted_error_of_the_system_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "secret", PICTURES)
    monkeypatch.setattr(Path, "open", broken)
    assert "cannot be read (Permission denied)" in refusal(path)


def test_pair(tmp_path: Path) -> None:
    pixels = noise(1, 4, 3, 2)
    images = write(tmp_path / "images", idx_bytes(pixels))
    labels = write(tmp_path / "labels", idx_bytes(np.array([3, 0, 200, 9], np.uint8)))
    x, y = read_idx_pair(images, labels)
    assert x.shape == (4, 3, 2, 1)
    np.testing.assert_array_equal(x[..., 0], pixels)
    assert y.dtype == np.int64
    assert y.tolist() == [3, 0, 200, 9]


def test_pair_in_colour(tmp_path: Path) -> None:
    pixels = noise(1, 4, 3, 2, 3)
    images = write(tmp_path / "images", idx_bytes(pixels))
    labels = write(tmp_path / "labels", idx_bytes(np.arange(4, dtype=np.int32)))
    np.testing.assert_array_equal(read_idx_pair(images, labels)[0], pixels)


@pytest.mark.parametrize(
    ("images", "labels", "printed"),
    [
        (noise(0, 4, 3, 2), noise(0, 5), "4 pictures, but .*labels has 5 labels"),
        (noise(0, 4, 3, 2).astype(np.int32), noise(0, 4), "type int32; expected .*unsigned bytes"),
        (noise(0, 4, 6), noise(0, 4), "dimensions 4 × 6; expected pictures"),
        (noise(0, 4, 3, 2, 2), noise(0, 4), "dimensions 4 × 3 × 2 × 2; expected pictures"),
        (noise(0, 4, 0, 2), noise(0, 4), "at least one picture"),
        (noise(0, 0, 3, 2), noise(0, 0), "at least one picture"),
        (noise(0, 4, 3, 2), noise(0, 4, 1), "dimensions 4 × 1, type uint8; expected labels"),
        (noise(0, 4, 3, 2), np.zeros(4), "type float64; expected labels"),
    ],
)
def test_files_that_do_not_make_a_pair(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, printed: str
) -> None:
    first = write(tmp_path / "images", idx_bytes(images))
    second = write(tmp_path / "labels", idx_bytes(labels))
    with pytest.raises(DataError, match=printed):
        read_idx_pair(first, second)
