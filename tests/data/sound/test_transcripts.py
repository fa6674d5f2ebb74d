"""Recordings with what is said in them: lists, texts beside recordings, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jiwer
import numpy as np
import pytest

from pellucid.data import Preprocessing, load, load_for
from pellucid.data.check import inspect
from pellucid.data.dataset import Dataset
from pellucid.data.transcripts import Transcripts, joined_units, normalised, units_of
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import encoded
from tests.data.sound.spoken import RATE, recordings, spoken, texts
from tests.data.sound.tones import wav

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recordings(tmp_path_factory.mktemp("spoken"), {"train": 10, "val": 3, "test": 4})


def test_texts_are_compared_without_case_and_punctuation() -> None:
    assert normalised("  Seven, eight!\n NINE ") == "seven eight nine"
    assert normalised("Don’t – he's well-known' (x2)") == "don't he's well-known x2"
    assert normalised("Ａ́!") == "ａ́"
    assert normalised("e\u0301te\u0301") == "été"
    assert normalised("नमस्ते।") == "नमस्ते"
    assert normalised(" . ! ") == ""
    ours = "seven eight nine don't"
    apart = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemoveMultipleSpaces(), jiwer.Strip()])
    assert apart(normalised("Seven,  eight! Nine… don't")) == ours
    for units in ("words", "characters"):
        assert joined_units(units_of(ours, units), units) == ours


def test_units_follow_from_the_texts() -> None:
    few = Transcripts.of(["one two", "two one one"] * 10)
    assert (few.units, few.vocabulary) == ("words", ("one", "two"))
    many = Transcripts.of([f"word{k} and word{k + 1}" for k in range(30)])
    assert many.units == "characters"
    assert " " in many.vocabulary
    assert Transcripts.of(["one two"], "words").vocabulary == ("one", "two")
    with pytest.raises(ArgumentError, match="units"):
        Transcripts.of(["one"], "syllables")


def test_a_list_of_recordings_with_texts(listed: Path) -> None:
    splits = load(listed)
    assert splits.train.kind == "transcripts"
    targets = splits.train.targets
    assert isinstance(targets, Transcripts)
    assert list(targets.texts) == texts(10)
    assert targets.vocabulary == ("ha", "ho", "hu")
    sound = splits.train.sound
    assert sound is not None
    assert sound.part == "whole"
    words = targets.array
    assert words.shape == (10, max(len(text.split()) for text in targets.texts))
    assert [targets.vocabulary[k] for k in words[0] if k >= 0] == targets.texts[0].split()
    spelled = load(listed, units="characters").train.targets
    assert spelled.names == tuple(sorted(set("".join(texts(10) + texts(3, 1) + texts(4, 2)))))
    assert load(listed, label_column="text", task="transcripts").train.kind == "transcripts"
    report = inspect(listed)
    assert (report.noun, report.pictures, report.task) == ("recording", 17, "speech to text")


def test_findings_speak_of_recordings(tmp_path: Path) -> None:
    for name, level in (("a", 1.0), ("b", 0.7)):
        (tmp_path / f"{name}.wav").write_bytes(wav(level * spoken("ha ho"), RATE))
    for text, noun in (("one", "recording"), ("a picture", "picture")):  # texts stay as they are
        (tmp_path / "list.csv").write_text(f"path,text\na.wav,{text}\nb.wav,{text}\n")
        (found,) = inspect(tmp_path / "list.csv", task="transcripts").findings[:1]
        assert f"2 {noun}s" in found.words
        assert text in found.words


def test_a_recording_begins_on_the_left_and_is_heard_whole(listed: Path) -> None:
    train = load(listed, sound="seconds=3").train
    loud = train.images[..., 0].max(axis=1).astype(int)  # by column
    behind = loud[:, loud.shape[1] // 2 :]
    assert behind.max() == 0
    assert loud[:, : loud.shape[1] // 4].max(axis=1).min() > 240
    short = load(listed, sound="seconds=0.9")
    left_out = [file for file in short.quarantined if "0.9 s are heard" in file.reason]
    assert len(left_out) == len(short.quarantined) > 0
    assert any("left out" in note for note in short.notes)
    with pytest.raises(ArgumentError, match="middle"):
        load(listed, sound="part=middle")


def test_texts_beside_recordings(tmp_path: Path) -> None:
    for part, count in (("train", 8), ("val", 2), ("test", 3)):
        for k, text in enumerate(texts(count)):
            place = tmp_path / part / "someone" / f"{k}.wav"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(wav(spoken(text), RATE))
            place.with_suffix(".txt").write_text(f"{text.upper()}\n", encoding="utf-8-sig")
    splits = load(tmp_path)
    assert list(splits.train.targets.labels) == texts(8)
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.validation), len(splits.test)) == (2, 3)
    assert any("single-label" in note for note in splits.notes)
    assert load(tmp_path, task="single-label", allow_one_class=True).train.kind == "single-label"
    (tmp_path / "train" / "someone" / "3.txt").unlink()
    assert load(tmp_path, allow_one_class=True).train.kind == "single-label"
    with pytest.raises(DataError, match=r"train/someone/3\.wav"):
        load(tmp_path, task="transcripts")
    (tmp_path / "train" / "someone" / "3.txt").write_bytes(b"ha\nh\xfc\n")
    with pytest.raises(DataError, match=r"3\.txt, line 2: .*UTF-8"):
        load(tmp_path)
    (tmp_path / "train" / "someone" / "3.txt").write_bytes(b"ha " * 400_000)
    with pytest.raises(DataError, match=r"3\.txt: more than 1 MiB"):
        load(tmp_path)
    (tmp_path / "train" / "someone" / "3.txt").write_text("...")
    with pytest.raises(DataError, match=r"3\.txt: has no words"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"0.wav,ha ho,\n1.wav,?!,\n", r"1.wav \(list.csv, line 3\).*no words"),
        (b"0.wav,ha ho,\n1.wav,,\n", "line 3.*missing"),
        (
            b"0.wav,ha ho,\n0.wav,ha hu,\n",
            r"0.wav \(list.csv, line 3\) is listed with different texts",
        ),
        (b"0.wav,ha ho,\n1.wav,hu, ha,ho\n", "line 3: 4 values in 3 columns.*quotes"),
        (b"0.wav,ha ho,\n1.wav,h\xfc,\n", "line 3.*UTF-8"),
        (b"x.png,ha ho,\n", "x.png.*single-label"),
    ],
)
def test_wrong_lists_end_in_one_line(tmp_path: Path, line: bytes, fault: str) -> None:
    for k in range(2):
        (tmp_path / f"{k}.wav").write_bytes(wav(spoken("ha"), RATE))
    (tmp_path / "x.png").write_bytes(encoded(np.zeros((9, 9), np.uint8)))
    (tmp_path / "list.csv").write_bytes(b"path,text,note\n" + line)
    with pytest.raises(DataError, match=fault) as caught:
        load(tmp_path / "list.csv", task="transcripts")
    assert "\n" not in str(caught.value)


def test_units_are_for_transcripts(tmp_path: Path) -> None:
    for name in ("up", "down"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.wav").write_bytes(wav(spoken("ha"), RATE))
    with pytest.raises(ArgumentError, match="units"):
        load(tmp_path, units="words")


def test_other_texts_keep_words_that_are_not_known(listed: Path) -> None:
    """They are errors of the network; only learning needs the place of every word."""
    known = Transcripts((), ("ha", "ho"))
    train = load(listed).train
    targets = known.adopt(train.targets, "others")
    assert targets.texts == train.targets.texts  # type: ignore[attr-defined]
    assert targets.unknown.keys() == {"hu"}
    with pytest.raises(DataError, match="hu"):
        _ = targets.array
    preprocessing = Preprocessing(*train.image_shape, sound=train.sound)
    test = load_for(listed, preprocessing=preprocessing, classes=("ha", "ho"), known=known)
    assert list(test.labels) == texts(4, 2)


def test_targets_are_cut_and_joined() -> None:
    whole = Transcripts.of(["one two", "two", "three one two"], "words")
    some = whole.subset(np.array([2, 0]))
    assert some.texts == ("three one two", "one two")
    assert some.joined_with([whole.subset(np.array([1]))]).texts[-1] == "two"
    assert not np.array_equal(some.digested, whole.digested)
    images = np.zeros((3, 8, 8, 1), np.uint8)
    data = Dataset(images, targets=whole)
    others = Dataset(images, targets=Transcripts.of(["one two", "two", "three two one"], "words"))
    assert data.fingerprint() != others.fingerprint()
    for wrong in (["one", "two"], ["one", "", "two"]):
        with pytest.raises(DataError, match="my data"):
            Transcripts(tuple(wrong), ("one", "two")).check("my data", 3)
