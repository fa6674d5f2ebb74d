"""Compressed files of arrays: what they unpack to is bounded, and damage ends in one line."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tracemalloc
import warnings
import zipfile
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from typer.testing import CliRunner

from pellucid.cli.app import app
from pellucid.data import Preprocessing, load, load_for, packed
from pellucid.data.check import inspect
from pellucid.data.idx import read_idx
from pellucid.data.npz import read_npz
from pellucid.errors import ArgumentError, DataError, PellucidError
from tests.data.made_files import noise, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

X, Y = noise(0, 40, 6, 5), np.tile([3, 1, 7, 1], 10)
MEGABYTES = 8
"""What the bombs here unpack to."""


def npy(text: bytes, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def header(shape: str, descr: str = "'|u1'", fortran: str = "False") -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()


def saved(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array))
    return stream.getvalue()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as file:
        warnings.simplefilter("ignore")  # about a name that is given twice
        for name, content in members:
            file.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npz_bomb(folder: Path) -> Path:
    pictures = npy(header(f"({MEGABYTES}, 1000, 1000)"), bytes(MEGABYTES * 10**6))
    labels = saved(np.arange(MEGABYTES) % 2)
    return write(folder / "bomb.npz", zipped(("x", pictures), ("y", labels)))


def idx_bomb(folder: Path) -> Path:
    images = struct.pack(">BBBBIII", 0, 0, 8, 3, MEGABYTES, 1000, 1000) + bytes(MEGABYTES * 10**6)
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, MEGABYTES) + bytes(i % 2 for i in range(MEGABYTES))
    write(folder / "train-images-idx3-ubyte.gz", gzip.compress(images))
    write(folder / "train-labels-idx1-ubyte.gz", gzip.compress(labels))
    return folder


BOMBS: list[Callable[[Path], Path]] = [npz_bomb, idx_bomb]


@pytest.mark.parametrize("make", BOMBS)
def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    monkeypatch.setattr(packed, "MAX_BYTES", 10**6)
    read: list[Callable[[Path], object]] = [load, inspect]
    read.append(read_npz if path.suffix else lambda p: read_idx(next(p.glob("*-im*"))))
    for each in read:
        tracemalloc.start()
        with pytest.raises(DataError, match=r"--max-bytes 800\d{4}, in Python max_b") as caught:
            each(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 3 * 10**6  # it would be 8 million
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", BOMBS)
def test_the_bound_can_be_raised_and_lowered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    assert len(load(path, validation=0, max_bytes=None).train) >= 6  # far below 1 GiB
    monkeypatch.setattr(packed, "MAX_BYTES", 10**6)
    assert load(path, validation=0, max_bytes=9 * 10**6).train.images.shape[1:] == (1000, 1000, 1)
    with pytest.raises(DataError, match="at most 7000000 are allowed"):
        load(path, max_bytes=7 * 10**6)


def test_what_barely_shrinks_may_be_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=noise(0, 40, 32, 32), y=Y)
    monkeypatch.setattr(packed, "MAX_BYTES", 1)
    assert len(read_npz(tmp_path / "a.npz")["x"]) == 40


def test_labels_count_as_what_they_become(tmp_path: Path) -> None:
    """A byte of a label becomes an integer of 8 bytes, and an object."""
    labels = np.zeros(10**5, np.uint8)
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((10**5, 1, 1), np.uint8), y=labels)
    with pytest.raises(DataError, match="that unpack to 6500000, at most 1000000"):
        load(tmp_path / "a.npz", max_bytes=10**6)


@pytest.mark.parametrize("command", [["train"], ["find-rate"], ["check"]])
def test_the_command_line_has_the_option(tmp_path: Path, command: list[str]) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    result = CliRunner().invoke(app, [*command, str(tmp_path / "a.npz"), "--max-bytes", "1000"])
    assert result.exit_code == 1
    assert "at most 1000 are allowed" in " ".join(result.output.split())


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "1GB", True])
def test_bounds_that_are_none(wrong: object) -> None:
    bound = cast("int", wrong)
    reads: list[Callable[[], object]] = [
        lambda: load("mnist", max_bytes=bound),
        lambda: inspect("mnist", max_bytes=bound),
        lambda: load_for(
            "mnist", preprocessing=Preprocessing(6, 5, 1), classes=("1", "3"), max_bytes=bound
        ),
    ]
    for read in reads:
        with pytest.raises(ArgumentError, match="max_bytes is "):
            read()


LZMA_BROKEN = bytearray(zipped(("x", saved(X)), ("y", saved(Y)), method=zipfile.ZIP_LZMA))
LZMA_BROKEN[48:60] = b"\xff" * 12

HEADERS = {
    "open brackets": b"((((",
    "open text": b"{'descr': '",
    "odd escape": rb"{'descr': '\d', 'fortran_order': False, 'shape': (1,)}",
    "no UTF-8": b"\xff\xfe",
    "a zero byte": b"{'descr'\0",
    "deep": b"(" * 3000 + b")" * 3000,
    "minus": b"-" * 9000 + b"1",
    "sums": b"1+" * 4000 + b"1j",
    "a list": b"[1, 2]",
    "other keys": b"{'descr': '<f4', 'shape': (1,)}",
    "unhashable key": b"{[]: 1}",
    "negative": header("(-40, -6, 5)"),
    "a truth value": header("(True, 30)"),
    "no tuple": header("1200"),
    "beyond 64 bits": header(f"({1 << 70},)"),
    "very long number": b"{'descr': '|u1', 'fortran_order': False, 'shape': ("
    + b"9" * 5000
    + b",)}",
    "many axes": header(f"({'1, ' * 65})"),
    "order": header("(40, 6, 5)", fortran="2"),
    "objects": header("(1,)", "'|O'"),
    "a record": header("(1,)", "[('a', '<i4')]"),
    "a record's half": header("(1,)", "[('a',)]"),
    "dates": header("(1,)", "'<M8[s]'"),
    "unknown type": header("(1,)", "'<f3'"),
    "markup in the type": header("(1,)", "'[bold red]\\x1b[31m'"),
    "long text": header("(1,)", "'<U999999999'"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(tmp_path: Path, name: str) -> None:
    text = HEADERS[name]
    for start in (
        b"\x93NUMPY\1\0" + struct.pack("<H", len(text)),
        b"\x93NUMPY\2\0" + struct.pack("<I", len(text)),
    ):
        content = zipped(("x", start + text + bytes(1200)), ("y", saved(Y)))
        assert_one_line(write(tmp_path / "a.npz", content))


def test_a_header_that_claims_gigabytes(tmp_path: Path) -> None:
    content = b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31) + bytes(1000)
    assert_one_line(write(tmp_path / "a.npz", zipped(("x", content), ("y", saved(Y)))))


@pytest.mark.parametrize(
    ("content", "printed"),
    [
        (bytes(LZMA_BROKEN), "damaged"),
        (zipped(("x", saved(X)), ("y", saved(Y)), method=zipfile.ZIP_BZIP2), "number 12"),
        (zipped(("x", saved(X)), ("y", saved(Y)), ("x", saved(X))), "holds x twice"),
        (zipped(("x", saved(X)), ("x.npy", saved(X)), ("y", saved(Y))), "40"),
        (zipped(("z" * 60_000 + "\x1b[31m", saved(Y))), "expected the arrays x"),
    ],
)
def test_archives(tmp_path: Path, content: bytes, printed: str) -> None:
    path = write(tmp_path / "a.npz", content)
    if printed == "40":  # x.npy.npy is another name
        assert len(read_npz(path)["x"]) == 40
    else:
        assert printed in assert_one_line(path)


def test_packed_by_lzma_and_by_columns(tmp_path: Path) -> None:
    """What can be read without risk is read, also Fortran's order and a header of Python 2."""
    content = zipped(
        ("x", saved(np.asfortranarray(X))),
        ("y", npy(header("(40L,)", "'>i2'"), Y.astype(">i2").tobytes())),
        method=zipfile.ZIP_LZMA,
    )
    arrays = read_npz(write(tmp_path / "a.npz", content))
    np.testing.assert_array_equal(arrays["x"], X)
    np.testing.assert_array_equal(arrays["y"], Y)
    assert arrays["x"].flags.c_contiguous


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_random_damage_ends_in_one_line_or_in_the_truth(tmp_path: Path, method: int) -> None:
    content = zipped(("x", saved(X)), ("y", saved(Y)), method=method)
    draw = random.Random(7)
    for _ in range(150):
        changed = bytearray(content)
        for _ in range(draw.choice((1, 1, 3, 20))):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        path = write(tmp_path / "a.npz", bytes(changed))
        arrays: dict[str, NDArray[Any]] = {}
        message = ""
        try:
            arrays = read_npz(path)
        except PellucidError as error:
            message = str(error)
        assert "\n" not in message
        assert len(message) < 600
        if arrays:
            assert all(
                np.array_equal(arrays[k], v) for k, v in {"x": X, "y": Y}.items() if k in arrays
            )


def assert_one_line(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        load(path)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) - len(str(path)) < 400
    return message
