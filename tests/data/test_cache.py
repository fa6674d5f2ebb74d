"""Pictures from the cache are those from the files, and only as long as these have not changed."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.data import Preprocessing, load, load_for
from pellucid.data.cache import cache_file, file_index, picture_cache
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pellucid.data import Dataset, Splits

CUT = encoded(noise(0, 40, 30, 3), "JPEG")[:-400]
CUT_PNG = encoded(noise(0, 6, 5))[:-40]

Counted = list["Path"]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return picture_folder(tmp_path / "pets", {"cat": 31, "dog": 29})


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The files that were decoded."""
    paths: Counted = []
    read = Preprocessing.read

    def counting(self: Preprocessing, source: Any, **settings: Any) -> Any:
        paths.append(source)
        return read(self, source, **settings)

    monkeypatch.setattr(Preprocessing, "read", counting)
    return paths


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The files whose content was read to know them; even those that were just made are steady."""
    paths: Counted = []
    digest = file_index._digest

    def counting(file: Any) -> Any:
        paths.append(file.path)
        return digest(file)

    monkeypatch.setattr(file_index, "_digest", counting)
    monkeypatch.setattr(file_index, "STEADY", -(10**12))
    return paths


def parts_of(splits: Splits) -> list[Dataset]:
    return [part for part in (splits.train, splits.validation, splits.test) if part is not None]


def assert_equal(found: Splits, expected: Splits) -> None:
    assert found.notes == expected.notes
    assert found.quarantined == expected.quarantined
    for one, other in zip(parts_of(found), parts_of(expected), strict=True):
        assert one.names == other.names
        assert one.name == other.name
        assert one.fingerprint() == other.fingerprint()


def entries(cache: Path) -> list[Path]:
    return sorted(cache.glob("*.pictures"))


@pytest.mark.parametrize("divided", [False, True])
@pytest.mark.parametrize("bad", [{}, {"dog/cut.png": CUT_PNG, "cat/page.png": b"<html>"}])
def test_the_same_as_without(
    tmp_path: Path, cache: Path, decoded: Counted, divided: bool, bad: dict[str, bytes]
) -> None:
    folders = ("train/cat", "train/dog", "test/cat", "test/dog") if divided else ("cat", "dog")
    root = picture_folder(tmp_path / "pets", dict.fromkeys(folders, 25))
    for name, content in bad.items():
        write(root / ("train" if divided else ".") / name, content)
    expected = load(root, cache=False)
    assert len(expected.quarantined) == len(bad)
    assert_equal(load(root, cache=cache), expected)
    decoded.clear()
    assert_equal(load(root, cache=cache), expected)
    found = load(root, cache=cache, seed=7, validation=0.3)
    assert decoded == []
    assert_equal(found, load(root, cache=False, seed=7, validation=0.3))


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_same_bytes_with_any_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    root = picture_folder(tmp_path / "pets", {"cat": 150, "dog": 100}, shape=(20, 30, 3))
    write(root / "cat" / "cut.jpg", CUT)
    caches: list[Path] = []
    for count in (3, threads):
        monkeypatch.setenv("PELLUCID_THREADS", str(count))
        caches.append(tmp_path / f"{len(caches)}")
        splits = load(root, image_size=(8, 9), cache=caches[-1])
        assert_equal(splits, load(root, image_size=(8, 9), cache=False))
    (first,), (second,) = map(entries, caches)
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_small_blocks(pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_file, "BLOCK_BYTES", 6 * 5 * 3)
    assert_equal(load(pictures, cache=cache), load(pictures, cache=False))


@pytest.mark.parametrize("bad", [False, True])
def test_every_part_is_mapped_and_not_copied(pictures: Path, cache: Path, bad: bool) -> None:
    if bad:
        write(pictures / "cat" / "cut.png", CUT_PNG)
    for _ in range(2):
        splits = load(pictures, cache=cache)
        assert_equal(splits, load(pictures, cache=False))
        assert sum(len(part) for part in parts_of(splits)) == 60
        for part in parts_of(splits):
            assert not part.images.flags.owndata
            assert not part.images.flags.writeable
            with pytest.raises(ValueError, match="read-only"):
                part.images[0] = 0
    other = load(pictures, cache=cache, seed=1)
    assert other.train.images.flags.owndata
    assert_equal(other, load(pictures, cache=False, seed=1))


def test_judging_takes_the_same_entry(pictures: Path, cache: Path, decoded: Counted) -> None:
    splits = load(pictures, cache=cache)
    decoded.clear()
    found = load_for(
        pictures, preprocessing=Preprocessing(6, 5, 1), classes=("dog", "cat"), cache=cache
    )
    assert decoded == []
    expected = load_for(
        pictures, preprocessing=Preprocessing(6, 5, 1), classes=("dog", "cat"), cache=False
    )
    assert found.fingerprint() == expected.fingerprint()
    assert found.names == expected.names
    assert len(found) == sum(map(len, parts_of(splits)))


def test_other_settings_are_other_pictures(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged(max_pixels: int = 10_000, **settings: Any) -> None:
        preprocessing = Preprocessing(9, 8, 3, **settings)
        load_for(
            pictures,
            preprocessing=preprocessing,
            classes=("cat", "dog"),
            cache=cache,
            max_pixels=max_pixels,
        )

    others: tuple[dict[str, Any], ...] = (
        {}, {"resize": "crop"}, {"border": 9}, {"background": 0}, {"decoding": "whole"},
        {"filter": "bicubic"}, {"resize": "crop", "margin": 3}, {"max_pixels": 5000},
    )  # fmt: skip
    for count, settings in enumerate(others, 1):
        for _ in range(2):
            judged(**settings)
            assert len(entries(cache)) == count
    monkeypatch.setattr(picture_cache, "decoders", lambda: {"pillow": "99"})
    judged()
    assert len(entries(cache)) == 9


CHANGES: dict[str, Callable[[Path], object]] = {
    "another picture": lambda file: write(file, encoded(noise(77, 6, 5))),
    "one more": lambda file: write(file.with_name("zz.png"), encoded(noise(77, 6, 5))),
    "one less": lambda file: file.unlink(),
    "no picture any more": lambda file: write(file, b"<html>"),
    "cut short": lambda file: write(file, file.read_bytes()[:-40]),
    "two change places": lambda file: (
        file.rename(file.with_name("x")),
        file.with_name("004.png").rename(file),
        file.with_name("x").rename(file.with_name("004.png")),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_stale(
    pictures: Path, cache: Path, hashed: Counted, change: Callable[[Path], object]
) -> None:
    before = load(pictures, cache=cache)
    change(pictures / "cat" / "003.png")
    found = load(pictures, cache=cache)
    assert_equal(found, load(pictures, cache=False))
    assert len(entries(cache)) == 2
    prints = [[part.fingerprint() for part in parts_of(splits)] for splits in (before, found)]
    assert prints[0] != prints[1]


def test_equal_size_and_time_set_back(pictures: Path, cache: Path, hashed: Counted) -> None:
    """The time of change cannot be set back, so that it gives such a file away."""
    file = pictures / "cat" / "003.png"
    before = file.stat()
    pixels = noise(3, 6, 5)
    load(pictures, cache=cache)
    for k in range(256):  # another picture of as many bytes
        pixels[0, 0] = k
        content = encoded(pixels)
        if len(content) == before.st_size and content != file.read_bytes():
            break
    else:
        raise AssertionError("no picture of as many bytes")
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert_equal(load(pictures, cache=cache), load(pictures, cache=False))
    assert hashed[60:] == [file]


def test_files_are_read_again_only_if_they_changed(
    pictures: Path, cache: Path, hashed: Counted, decoded: Counted
) -> None:
    load(pictures, cache=cache)
    assert len(hashed) == len(decoded) == 60
    load(pictures, cache=cache)
    assert len(hashed) == len(decoded) == 60
    touched = pictures / "dog" / "005.png"
    os.utime(touched, (1e9, 1e9))
    load(pictures, cache=cache)
    assert hashed[60:] == [touched]
    assert len(decoded) == 60  # its content is known
    load(pictures, cache=cache)
    assert len(hashed) == 61


def test_headers_are_remembered(
    pictures: Path, cache: Path, hashed: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load(pictures, cache=cache)

    def opened(*_: object) -> None:
        raise AssertionError("a header was read again")

    monkeypatch.setattr(file_index, "header", opened)
    assert_equal(load(pictures, cache=cache), expected)
    monkeypatch.setattr(file_index, "decoders", lambda: {"pillow": "99"})
    with pytest.raises(AssertionError, match="read again"):
        load(pictures, cache=cache)


def test_a_remembered_header_does_not_pass_the_limit(
    pictures: Path, cache: Path, hashed: Counted
) -> None:
    load(pictures, cache=cache)
    with pytest.raises(DataError, match="too many pixels"):
        load(pictures, cache=cache, max_pixels=29)


def test_what_changed_just_now_is_not_remembered(pictures: Path, cache: Path) -> None:
    load(pictures, cache=cache)
    (file,) = cache.glob("*.known")
    assert b'"files": {}' in file.read_bytes()


def test_a_copy_of_the_folder_is_known(
    pictures: Path, cache: Path, decoded: Counted, tmp_path: Path
) -> None:
    expected = load(pictures, cache=cache)
    decoded.clear()
    shutil.copytree(pictures, tmp_path / "copy")
    assert_equal(load(tmp_path / "copy", cache=cache), expected)
    assert decoded == []


def test_a_file_that_changes_while_it_is_decoded(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pictures / "cat" / "003.png"
    read = Preprocessing.read

    def changing(self: Preprocessing, source: Any, **settings: Any) -> Any:
        if source == file and file.stat().st_size != 200:
            file.write_bytes(encoded(noise(78, 6, 5)).ljust(200, b"\0"))
        return read(self, source, **settings)

    monkeypatch.setattr(Preprocessing, "read", changing)
    *_, note = load(pictures, cache=cache).notes[:-2]
    assert note == "decoded pictures are not kept: some files changed while they were read"
    assert entries(cache) == []
    assert list(cache.glob("*.unfinished")) == []
    assert_equal(load(pictures, cache=cache), load(pictures, cache=False))
    assert len(entries(cache)) == 1


def test_stopping_at_a_bad_file(pictures: Path, cache: Path, decoded: Counted) -> None:
    for name in ("dog/001.png", "cat/002.png", "cat/020.png"):
        write(pictures / name, CUT_PNG)
    printed = []
    for where in (False, cache, cache):
        with pytest.raises(DataError) as caught:
            load(pictures, image_size=(6, 5), bad="error", cache=where)
        printed.append(str(caught.value))
    assert "cat/002.png: the picture is damaged" in printed[0]
    assert len(set(printed)) == 1
    load(pictures, image_size=(6, 5), cache=cache)
    decoded.clear()
    with pytest.raises(DataError) as caught:
        load(pictures, image_size=(6, 5), bad="error", cache=cache)
    assert str(caught.value) == printed[0]
    assert decoded == []  # it is known


def test_files_that_cannot_be_read(pictures: Path, cache: Path) -> None:
    (pictures / "cat" / "zz.png").symlink_to(pictures / "nothing.png")
    expected = load(pictures, cache=False)
    assert [file.name for file in expected.quarantined] == ["cat/zz.png"]
    for _ in range(2):
        assert_equal(load(pictures, cache=cache), expected)
        printed = []
        for where in (cache, False):
            with pytest.raises(DataError) as caught:
                load(pictures, image_size=(6, 5), bad="error", cache=where)
            printed.append(str(caught.value))
        assert printed[0] == printed[1]


def test_none_can_be_used(tmp_path: Path, cache: Path) -> None:
    for name in ("cat/1.png", "dog/1.png"):
        write(tmp_path / "pets" / name, CUT_PNG)
    printed = []
    for where in (False, cache, cache):
        with pytest.raises(DataError, match="none of the 2 pictures") as caught:
            load(tmp_path / "pets", image_size=(6, 5), cache=where)
        printed.append(str(caught.value))
    assert len(set(printed)) == 1


@pytest.mark.parametrize("engine", ["reference", "native", "torch"])
def test_engines_learn_from_it(
    digits: tuple[Dataset, Dataset], tmp_path: Path, cache: Path, engine: str
) -> None:
    from PIL import Image

    for i in range(60):
        image = Image.fromarray(digits[0].images[i, ..., 0])
        path = tmp_path / "digits" / digits[0].classes[digits[0].places[i]] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    weights = []
    for where in (False, cache):
        splits = load(tmp_path / "digits", cache=where, validation=10)
        assert splits.train.images.flags.writeable == (where is False)
        classifier = ImageClassifier("lecture", seed=0, epochs=1, batch_size=16, engine=engine)
        classifier.fit(splits.train, validation_data=splits.validation)
        weights.append(classifier.predict_proba(splits.train.images))
    np.testing.assert_array_equal(weights[0], weights[1])


def test_nobody_else_may_read_or_write(pictures: Path, cache: Path) -> None:
    if not hasattr(os, "geteuid"):
        return
    load(pictures, cache=cache)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    for file in cache.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("setting", [None, 1, "", ["x"], b"x"])
def test_other_settings_are_refused(pictures: Path, setting: Any) -> None:
    for call in (
        lambda: load(pictures, cache=setting),
        lambda: load("mnist", cache=setting),
        lambda: load_for(
            pictures, preprocessing=Preprocessing(6, 5, 1), classes=("cat", "dog"), cache=setting
        ),
    ):
        with pytest.raises(ArgumentError, match=r"cache is .*; expected True, False or the path"):
            call()


def test_where_the_environment_says(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(cache))
    load(pictures)
    assert len(entries(cache / "pictures")) == 1
    load(pictures, cache=str(cache / "elsewhere"))
    assert len(entries(cache / "elsewhere")) == 1
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    splits = load(pictures)
    assert splits.train.images.flags.writeable
    assert_equal(splits, load(pictures, cache=False))
