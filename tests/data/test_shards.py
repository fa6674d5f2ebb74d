"""Shards hold what the folder held: the same pictures, labels and parts; and a network learns."""

from __future__ import annotations

import json
import sys
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import load
from pellucid.data.reading import Reading
from pellucid.data.shards.images import ShardImages, ShardReader, samples
from pellucid.data.shards.index import ShardIndex
from pellucid.data.shards.source import open_shards
from pellucid.errors import ArgumentError, DataError, MissingDependencyError, OutputError
from pellucid.files.shards import check_shards, write_shards
from pellucid.training import make_recipe
from pellucid.training.batch_loader import BatchLoader
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data import Dataset

READING = Reading(cache=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Colour pictures of several formats and sizes, one damaged; divided into parts."""
    root = tmp_path_factory.mktemp("data") / "few"
    random = np.random.default_rng(7)
    for part, count in (("train", 11), ("val", 4), ("test", 3)):
        for name in ("cat", "dog"):
            place = root / part / name
            place.mkdir(parents=True)
            for i in range(count):
                pixels = random.integers(0, 256, (10 + i % 3, 12, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(place / f"{i}{('.png', '.jpg', '.webp')[i % 3]}")
    (root / "train" / "cat" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return root


@pytest.fixture(scope="module")
def shards(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "shards"
    written = write_shards(folder, out, READING, shard_bytes=2500)
    assert [file.name for file in written.quarantined] == ["train/cat/broken.png"]
    assert len(written.index.parts["train"]) > 2
    return out


def _same(found: Dataset, expected: Dataset) -> None:
    assert found.names == expected.names
    assert found.classes == expected.classes
    np.testing.assert_array_equal(np.asarray(found.images), expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.fingerprint() == expected.fingerprint()


@pytest.mark.parametrize("size", [None, (9, 7)])
def test_the_same_pictures_labels_and_parts(
    size: tuple[int, int] | None, folder: Path, shards: Path
) -> None:
    found, expected = (load(path, image_size=size, cache=False) for path in (shards, folder))
    _same(found.train, expected.train)
    assert found.validation is not None
    assert expected.validation is not None
    _same(found.validation, expected.validation)
    assert found.test is not None
    assert expected.test is not None
    _same(found.test, expected.test)


@pytest.mark.parametrize("label", ["1.5", "a;b"])
def test_numbers_and_several_labels_that_are_drawn(label: str, tmp_path: Path) -> None:
    lines = ["path,label"]
    for i in range(30):
        Image.fromarray(np.full((4, 5), 8 * i, np.uint8)).save(tmp_path / f"{i}.png")
        of = f"{i + 0.5}" if label == "1.5" else ("a;b", "a", "b")[i % 3]
        lines.append(f"{i}.png,{of}")
    table = tmp_path / "list.csv"
    table.write_text("\n".join(lines) + "\n")
    write_shards(table, tmp_path / "out", READING, shard_bytes=300)
    found, expected = (load(path, cache=False) for path in (tmp_path / "out", table))
    for name in ("train", "validation", "test"):
        _same(getattr(found, name), getattr(expected, name))


def test_any_reader_of_the_format_takes_them(shards: Path, folder: Path) -> None:
    with tarfile.open(shards / "train-000000.tar") as tar:
        picture, about = tar.getmembers()[:2]
        content, text = (tar.extractfile(each) for each in (picture, about))
        assert content is not None
        assert text is not None
        values: dict[str, Any] = json.loads(text.read())
        assert content.read() == (folder / values["name"]).read_bytes()
    assert (values["label"], values["part"]) == ("cat", "train")


def test_each_file_is_read_once_an_epoch_and_orders_repeat(
    shards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = replace(open_shards(shards, READING), window=6000)
    data = source.read("train")
    orders = [data.order(3, epoch) for epoch in (0, 1, 0)]
    assert sorted(orders[0].tolist()) == list(range(len(data)))
    np.testing.assert_array_equal(orders[0], orders[2])
    assert (orders[0] != orders[1]).any()
    read: list[str] = []
    plain = ShardReader._read

    def counted(self: ShardReader, shard: Any) -> list[bytes]:
        read.append(shard.name)
        return plain(self, shard)

    monkeypatch.setattr(ShardReader, "_read", counted)
    recipe = make_recipe(batch_size=4, seed=3)
    feeds = [BatchLoader(data, recipe, rank=rank, world=2) for rank in range(2)]
    for number in range(feeds[0].steps):
        pairs = [feed.batch(0, number) for feed in feeds]
        whole = np.concatenate([images for images, _ in pairs])
        expected = np.asarray(data.images)[orders[0][4 * number : 4 * number + len(whole)]]
        np.testing.assert_array_equal(whole, expected)
    held = {name: read.count(name) for name in read}
    assert len(held) == len(source.index.parts["train"])


def test_a_network_learns_from_them(shards: Path, tmp_path: Path) -> None:
    from pellucid import ImageClassifier

    learner = ImageClassifier("lenet5-original", epochs=1, engine="reference", seed=1, verbose=0)
    learner.fit(shards, out=tmp_path / "run")
    assert learner.history_[0].validation_loss is not None
    assert np.isfinite(learner.history_[0].loss)


def test_what_is_damaged_is_named(shards: Path, folder: Path, tmp_path: Path) -> None:
    import shutil

    index = ShardIndex.read(shards)
    assert check_shards(index) == 36
    hurt = tmp_path / "hurt"
    shutil.copytree(shards, hurt)
    path = hurt / "train-000001.tar"
    path.write_bytes(path.read_bytes()[:700])
    for fault in (
        lambda: check_shards(ShardIndex.read(hurt)),
        lambda: np.asarray(open_shards(hurt, READING).read("train").images),
    ):
        with pytest.raises(DataError) as caught:
            fault()
        check_line(caught.value)
        assert "train-000001.tar" in str(caught.value)
        assert "_io." not in str(caught.value)
    first = "train-000000.tar"
    with tarfile.open(shards / first) as whole, tarfile.open(hurt / first, "w") as fewer:
        for member in whole.getmembers()[:-2]:
            fewer.addfile(member, whole.extractfile(member))
    with pytest.raises(DataError, match=first) as caught:
        open_shards(hurt, READING).read("train").images[0]
    check_line(caught.value)
    (hurt / "shards.json").write_text('{"format": "pellucid shards 1"}')
    with pytest.raises(DataError) as caught:
        load(hurt)
    check_line(caught.value)
    (hurt / "shards.json").write_text('{"format": "pellucid shards 9"}')
    with pytest.raises(DataError, match=r"pellucid shards 9, expected .*; write the shards again"):
        load(hurt)
    with pytest.raises(OutputError):
        write_shards(folder, shards, READING)
    with pytest.raises(ArgumentError):
        write_shards(shards, tmp_path / "again", READING)
    assert next(samples(shards / "test-000000.tar"))[0] == "test-000000-000000"


def test_the_library_is_loaded_when_shards_are_opened(
    shards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when the first is read: a run catches signals then, which would break an import off."""
    monkeypatch.setitem(sys.modules, "webdataset", None)
    with pytest.raises(MissingDependencyError) as caught:
        open_shards(shards, READING)
    check_line(caught.value)
    assert "pellucid[shards]" in str(caught.value)


def test_the_nearest_of_pictures_in_shards(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a generator is judged by, whatever the pictures are read from."""
    from pellucid.evaluation import nearest

    monkeypatch.setattr(nearest, "AT_ONCE", 5 * 12 * 12 * 3)
    train, test = (open_shards(shards, READING).read(part).images for part in ("train", "test"))
    found = nearest.nearest_pictures(test, train)
    expected = nearest.nearest_pictures(np.asarray(test), np.asarray(train))
    np.testing.assert_array_equal(found, expected)
    apart = np.asarray(train).astype(float)[None] - np.asarray(test)[:, None]
    np.testing.assert_allclose(found[1] ** 2, (apart**2).mean(axis=(2, 3, 4)).min(axis=1))


def test_views_are_not_read(shards: Path) -> None:
    images: Any = open_shards(shards, READING).read("train").images
    assert isinstance(images, ShardImages)
    every = images[::3]
    assert isinstance(every, ShardImages)
    np.testing.assert_array_equal(np.asarray(every), np.asarray(images)[::3])
    np.testing.assert_array_equal(np.asarray(every[1::2]), np.asarray(images)[3::6])
    np.testing.assert_array_equal(images[-1], np.asarray(images)[-1])


def test_pictures_with_more_pixels_than_allowed_are_refused(shards: Path) -> None:
    source = replace(open_shards(shards, READING), max_pixels=119)  # the smallest have 10×12
    with pytest.raises(DataError, match="in shards") as caught:
        source.read("test").images[0]
    check_line(caught.value)


def test_pixels_are_read_once_before_the_first_step(
    shards: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mean, ranges and fingerprint come from one reading; they are those of the folder."""
    from collections import Counter

    from pellucid import ImageClassifier
    from pellucid.training import batch_loader

    decoded: Counter[str] = Counter()
    before: list[dict[str, int]] = []
    plain, made = ShardImages._read, batch_loader._Maker._made

    def counted(self: ShardImages, content: bytes, position: int) -> Any:
        decoded[self._names[position]] += 1
        return plain(self, content, position)

    def first(self: Any, epoch: int, number: int) -> Any:
        before.append(dict(decoded))
        return made(self, epoch, number)

    monkeypatch.setattr(ShardImages, "_read", counted)
    monkeypatch.setattr(batch_loader._Maker, "_made", first)
    settings: dict[str, Any] = {"epochs": 1, "engine": "reference", "seed": 1, "verbose": 0}
    found = ImageClassifier("lenet5-original", **settings).fit(load(shards))
    learned = load(shards).train
    assert {before[0].get(name) for name in learned.names or ()} == {1}
    expected = ImageClassifier("lenet5-original", **settings).fit(load(folder, cache=False))
    assert found.model_.provenance == expected.model_.provenance
    assert found.history_[0].loss == expected.history_[0].loss


def test_a_survey_of_more_pictures_than_give_the_ranges(
    shards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pellucid.data import picture_statistics, survey

    monkeypatch.setattr(picture_statistics, "MOST_PICTURES", 8)
    monkeypatch.setattr(survey, "_AT_ONCE", 5 * 12 * 12 * 3)
    data = open_shards(shards, READING).read("train")
    plain = replace(data, images=np.asarray(data.images))
    assert data.learned_ranges() == plain.learned_ranges()
    assert data.channel_statistics() == plain.channel_statistics()
    assert data.fingerprint() == plain.fingerprint()
