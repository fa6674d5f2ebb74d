"""Recordings as data: found, read, cut, mixed; and what is wrong with those that cannot be used."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

import pellucid as pl
from pellucid.data import Preprocessing, load, load_for
from pellucid.data.check import inspect
from pellucid.data.sound import Sound
from pellucid.data.sound.decode import seen_samples, sound_header
from pellucid.errors import (
    ArgumentError,
    DataError,
    FileFormatError,
    MissingDependencyError,
    PellucidError,
)
from tests.data.made_files import encoded
from tests.data.sound.tones import RATE, sweep, sweeps, tone, wav
from tests.data.test_table import table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SOUND = Sound(RATE, 0.5)


def written(
    samples: NDArray[np.float64], kind: str, rate: int = RATE, subtype: str | None = None
) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, samples, rate, format=kind, subtype=subtype)
    return content.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweeps(tmp_path_factory.mktemp("sweeps"))


def test_every_format_gives_the_same(tmp_path: Path) -> None:
    samples = sweep(300, 2000)
    plain = Preprocessing(*SOUND.shape, sound=SOUND).read(wav(samples))
    for kind, subtype, most in (
        ("FLAC", None, 1), ("WAV", "PCM_24", 1), ("WAV", "FLOAT", 1), ("WAVEX", "PCM_16", 1),
        ("RF64", None, 1), ("OGG", None, 90),
    ):  # fmt: skip
        path = tmp_path / "named.txt"  # the content decides
        path.write_bytes(written(samples, kind, subtype=subtype))
        found = Preprocessing(*SOUND.shape, sound=SOUND).read(path)
        loud = plain > 150
        assert np.abs(found.astype(int) - plain.astype(int))[loud].max() <= most, kind
    assert np.abs(
        Preprocessing(*SOUND.shape, sound=SOUND).read(samples).astype(int) - plain
    )[plain > 100].max() <= 1  # fmt: skip


def test_channels_are_mixed_and_rates_changed() -> None:
    samples = sweep(300, 1500, 0.5, 22050)
    both = np.stack([1.5 * samples, 0.5 * samples], axis=1)
    one = seen_samples(wav(samples, 22050), SOUND)
    two = seen_samples(written(both, "WAV", 22050, subtype="FLOAT"), SOUND)
    assert np.abs(one - two).max() < 1e-3
    assert np.abs(one - sweep(300, 1500, 0.5, RATE))[100:-100].max() < 2e-3
    assert sound_header(written(both, "FLAC", 22050)) == (22050, len(samples), 2)


def test_cut_and_padded() -> None:
    short = seen_samples(wav(tone(500, 0.3)), SOUND)
    assert len(short) == 4000
    assert not short[:800].any()
    assert not short[3200:].any()
    assert np.abs(short[800:3200] - tone(500, 0.3)).max() < 1e-4
    quiet, loud = tone(400, 1.0, level=0.02), tone(900, 0.5, level=0.6)
    long = np.concatenate([loud, quiet, quiet])
    for rate in (RATE, 12000):
        at = np.arange(round(len(long) * rate / RATE)) * RATE / rate
        resampled_long = np.interp(at, np.arange(len(long)), long)
        loudest = seen_samples(wav(resampled_long, rate), SOUND)
        middle = seen_samples(wav(resampled_long, rate), Sound(RATE, 0.5, part="middle"))
        assert np.sqrt((loudest**2).mean()) > 0.35
        assert np.abs(middle).max() < 0.03
    steady = seen_samples(wav(tone(500, 3.0)), SOUND)  # of equal parts the middle one
    assert np.abs(steady - tone(500, 3.0)[10000:14000]).max() < 1e-4


def nan_file() -> bytes:
    samples = tone(300, 2.0)
    samples[-5] = np.nan
    return written(samples, "WAV", subtype="FLOAT")


WRONG: dict[str, Callable[[], bytes]] = {
    "0 bytes": lambda: b"",
    "zero length": lambda: wav(np.zeros(0)),
    "cut short: 1000 of its bytes": lambda: wav(tone(300))[:-1000],
    "damaged": lambda: written(tone(300), "FLAC")[:80],
    "no numbers": nan_file,
    "no recording": lambda: b"hello, this is a text",
    "MP3": lambda: b"ID3\x04" + bytes(40),
    "no recording (it begins with b'\\x89PNG": lambda: encoded(np.zeros((4, 4), np.uint8)),
}


@pytest.mark.parametrize("reason", WRONG)
def test_what_cannot_be_used(reason: str, tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(WRONG[reason]())
    for source in (path, path.read_bytes()):
        with pytest.raises(DataError) as error:
            seen_samples(source, SOUND)
        assert reason in str(error.value)
        assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="no such file"):
        seen_samples(tmp_path / "y.wav", SOUND)


def test_a_flac_file_cut_short(tmp_path: Path) -> None:
    content = written(np.random.default_rng(0).normal(0, 0.1, 40000), "FLAC")
    with pytest.raises(DataError, match=r"cut short|damaged"):
        seen_samples(content[: len(content) // 2], SOUND)


def test_a_size_that_was_never_filled_in_is_no_fault() -> None:
    content = bytearray(wav(tone(300)))
    content[4:8] = content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    assert np.array_equal(seen_samples(bytes(content), SOUND), seen_samples(wav(tone(300)), SOUND))


def test_a_folder_of_recordings(folder: Path, tmp_path: Path) -> None:
    splits = load(folder, cache=False)
    assert splits.train.noun == "recording"
    assert splits.train.sound == Sound(RATE, 0.5)
    assert splits.train.image_shape == splits.train.sound.shape
    assert (len(splits.train), len(splits.test or ())) == (20, 2)
    kept = [load(folder, cache=tmp_path / "kept") for _ in range(2)]
    assert {k.train.fingerprint() for k in kept} == {splits.train.fingerprint()}
    assert kept[1].train.images.base is not None
    softer = load(folder, cache=tmp_path / "kept", sound="decibels=40")  # of the same shape
    assert softer.train.images.mean() < splits.train.images.mean() - 10
    other = load(folder, cache=tmp_path / "kept", sound="mels=32,seconds=0.3,rate=4000")
    assert other.train.image_shape == (32, 17, 1)
    again = load_for(
        folder, preprocessing=Preprocessing(*splits.train.image_shape, sound=splits.train.sound),
        classes=("down", "up"), cache=False,
    )  # fmt: skip
    assert len(again) == 24
    place = again.names.index(splits.train.names[3])  # type: ignore[union-attr, index]
    assert np.array_equal(again.images[place], splits.train.images[3])


def test_bad_recordings_are_set_apart(folder: Path, tmp_path: Path) -> None:
    for path in folder.rglob("*.wav"):
        place = tmp_path / "data" / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    root = tmp_path / "data"
    for k, reason in enumerate(WRONG):
        (root / "up" / f"x{k}.wav").write_bytes(WRONG[reason]())
    (root / "up" / "cover.png").write_bytes(encoded(np.zeros((4, 4), np.uint8)))
    splits = load(root, cache=False)
    assert len(splits.quarantined) == len(WRONG)
    assert splits.train.fingerprint() == load(folder, cache=False).train.fingerprint()
    assert any("cover.png" in note and "left out" in note for note in splits.notes)
    with pytest.raises(DataError, match="x0"):
        load(root, cache=False, bad="error")
    report = inspect(root, near=False)
    assert report.noun == "recording"
    assert report.pictures == 24
    unusable = [f for f in report.findings if f.kind == "unusable"]
    assert sorted(f.names[0] for f in unusable) == sorted(f"up/x{k}.wav" for k in range(len(WRONG)))


def test_what_check_finds(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "1.wav").write_bytes(wav(tone(300)))
    (tmp_path / "a" / "2.flac").write_bytes(written(tone(300), "FLAC", subtype="PCM_16"))
    (tmp_path / "b" / "3.wav").write_bytes(wav(tone(300)))
    (tmp_path / "b" / "4.wav").write_bytes(wav(np.zeros(4000)))
    report = inspect(tmp_path)
    kinds = report.by_kind()
    assert kinds["conflicting-labels"][0].names == ("a/1.wav", "b/3.wav")
    assert kinds["silent"][0].names == ("b/4.wav",)
    assert report.preview("a/1.wav") is not None
    assert "recording" in report.to_html()
    assert [each.smallest for each in report.classes] == [(1, 500), (1, 500)]


def test_a_list_of_recordings(tmp_path: Path) -> None:
    rows = []
    for k in range(20):
        (tmp_path / f"take{k}").write_bytes(wav(tone(300 + 500 * (k % 2), 0.2 + 0.01 * k)))
        rows.append((f"take{k}", f"{k / 7:.3f}", f"s{k % 5}"))
    source = table(tmp_path / "list.csv", ("audio", "target", "speaker"), *rows)
    splits = load(source, cache=False, group="speaker")
    assert splits.train.kind == "regression"
    assert splits.test is not None
    assert splits.test.sound == splits.train.sound
    assert splits.test.groups is not None
    assert splits.test.groups.count == 1


def test_default_settings_follow_from_the_recordings(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        for k in range(4):
            (tmp_path / name / f"{k}.wav").write_bytes(wav(tone(300 + k, 0.31), 44100))
        (tmp_path / name / "long.wav").write_bytes(wav(tone(300, 30.0, 4000), 4000))
    splits = load(tmp_path, cache=False)
    assert splits.train.sound == Sound(16000, 10.0)
    notes = "\n".join(splits.notes)
    assert "10 recordings of 10 are resampled, from 4000 Hz, 44100 Hz" in notes
    assert "2 recordings of 10 cannot hold" in notes
    assert "2 recordings of 10 are longer than 10 s, the longest 30 s" in notes
    assert load(tmp_path, cache=False, sound="seconds=200").train.image_shape[1] <= 4096


def test_what_does_not_go_together(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for k, name in enumerate("ab"):
        (tmp_path / name / "1.png").write_bytes(encoded(np.full((4, 4), k, np.uint8)))
    wrong: list[Callable[[], object]] = [
        lambda: load(folder, cache=False, image_size=(4, 4)),
        lambda: load(tmp_path, cache=False, sound="mels=32"),
        lambda: load(folder, cache=False, sound="mels=500"),
        lambda: Preprocessing(3, 4, 1, sound=SOUND),
        lambda: Preprocessing(*SOUND.shape, sound=SOUND).read(np.zeros((64, 31), np.uint8)),
        lambda: Preprocessing(*SOUND.shape, sound=SOUND).read(np.full(900, np.nan)),
        lambda: Preprocessing(*SOUND.shape, sound=SOUND).read(tmp_path / "a" / "1.png"),
        lambda: Preprocessing(4, 4, 1).read(folder / "up" / "0_s0.wav"),
        lambda: pl.ImageClassifier(augmentation="photos", epochs=1).fit(str(folder)),
        lambda: pl.ImageClassifier(augmentation="sound", epochs=1).fit(
            np.zeros((4, 9, 9), np.uint8), [0, 1, 0, 1]
        ),
        lambda: pl.ImageClassifier(sound="rate=3").fit(str(folder)),
    ]
    for attempt in wrong:
        with pytest.raises((DataError, ArgumentError)) as error:
            attempt()
        assert "\n" not in str(error.value)


def test_without_the_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingDependencyError, match=r"pip install .pellucid\[sound\]"):
        load(folder, cache=False)


def test_settings_in_a_model_file() -> None:
    preprocessing = Preprocessing(*SOUND.shape, sound=SOUND)
    values = preprocessing.to_dict()
    assert values["sound"]["rate"] == RATE
    assert Preprocessing.from_dict(values) == preprocessing
    assert "sound" not in Preprocessing(3, 4, 1).to_dict()
    hostile = [
        {"rate": 8000},
        5,
        {**values["sound"], "seconds": 1e9},
        {**values["sound"], "hop": "1"},
    ]
    for sound in hostile:
        with pytest.raises(FileFormatError):
            Preprocessing.from_dict({**values, "sound": sound})
    assert issubclass(FileFormatError, PellucidError)
