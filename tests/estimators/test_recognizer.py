"""The speech recognizer: it learns, writes words with their times, and is the same again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jiwer
import numpy as np
import pytest

import pellucid as pl
from pellucid.data import load
from pellucid.data.transcripts import Transcripts
from pellucid.errors import ArgumentError, DataError
from pellucid.estimators import load_estimator
from pellucid.estimators.recognizer import SpeechRecognizer
from pellucid.evaluation.transcription import TranscriptReport
from pellucid.tasks.transcript import Transcript
from tests.data.sound.spoken import RATE, SOUND, recordings, small, spoken
from tests.training.runs import Death, Died

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Splits


def made(**settings: object) -> SpeechRecognizer:
    given = {
        "epochs": 12, "learning_rate": 0.02, "sound": SOUND, "units": "words", "verbose": 0,
        **settings,
    }  # fmt: skip
    return SpeechRecognizer(small, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    path = recordings(tmp_path_factory.mktemp("spoken"), {"train": 64, "val": 12, "test": 24})
    return load(path, sound=SOUND, units="words")


@pytest.fixture(scope="module")
def fitted(splits: Splits) -> SpeechRecognizer:
    return made().fit(splits)


def test_it_learns(fitted: SpeechRecognizer, splits: Splits) -> None:
    test = splits.test
    assert test is not None
    report = fitted.evaluate(test)
    assert isinstance(report, TranscriptReport)
    assert report.word_error < 0.2
    heard = fitted.predict(test.images)
    assert isinstance(heard, list)
    said = list(test.labels)
    assert report.word_error == pytest.approx(jiwer.wer(said, heard))
    assert report.character_error == pytest.approx(jiwer.cer(said, heard))
    assert report.words == sum(len(text.split()) for text in said)
    errors = report.substitutions + report.deletions + report.insertions
    assert report.word_error == errors / report.words
    assert sum(row.said for row in report.per_word) == report.words
    assert sum(each.count for each in report.confusions) == errors
    assert sum(row.errors for row in report.recordings) == errors
    assert report.whole == sum(a == b for a, b in zip(said, heard, strict=True))
    assert fitted.score(test) == pytest.approx(1 - report.word_error)
    assert {"word_accuracy", "whole_texts"} <= fitted.history_[-1].measures.keys()
    assert fitted.model_.task.labels == 3  # type: ignore[attr-defined]


def test_words_are_where_they_are_spoken(fitted: SpeechRecognizer) -> None:
    """The second of two words begins after a second of silence, and not before."""
    samples = np.concatenate([spoken("ha"), np.zeros(RATE // 5), spoken("hu")])
    found = fitted.transcribe(samples)
    assert isinstance(found, Transcript)
    assert found.text == "ha hu" == fitted.predict(samples)
    first, second = found.words
    between = (len(spoken("ha")) + RATE / 10) / RATE
    assert 0 <= first.start < first.end <= second.start < second.end
    assert first.start < between < second.end
    assert all(0.3 < word.probability <= 1 for word in found.words)
    assert found.to_list()[1]["word"] == "hu"
    assert fitted.predict([samples, spoken("ho")]) == ["ha hu", "ho"]


def test_longer_recordings_are_refused(fitted: SpeechRecognizer) -> None:
    with pytest.raises(DataError, match="cut it into pieces") as caught:
        fitted.predict(np.zeros(9 * RATE))
    assert "\n" not in str(caught.value)


def test_characters_write_the_same(splits: Splits) -> None:
    assert splits.test is not None
    data = load_characters(splits)
    model = made(units=None, epochs=1).fit(data)
    task = model.model_.task
    assert task.names == (" ", "a", "h", "o", "u")
    word_error = model.evaluate(data).word_error
    said, heard = list(data.labels), model.predict(data.images)
    assert isinstance(heard, list)
    assert word_error == pytest.approx(jiwer.wer(said, heard))


def load_characters(splits: Splits) -> pl.Dataset:
    from dataclasses import replace

    from pellucid.data.transcripts import Transcripts

    train = splits.train
    return replace(train, targets=Transcripts.of(list(train.labels), "characters"))


def test_saved_and_loaded_it_answers_the_same(
    fitted: SpeechRecognizer, splits: Splits, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model.safetensors")
    loaded = load_estimator(tmp_path / "model.safetensors")
    assert isinstance(loaded, pl.SpeechRecognizer)
    assert loaded.predict(splits.train.images) == fitted.predict(splits.train.images)
    assert loaded.model_.task == fitted.model_.task


def test_a_run_that_is_broken_off_goes_on_with_the_same_bits(
    splits: Splits, tmp_path: Path
) -> None:
    data = splits.train.subset(range(24))
    whole = made(epochs=2).fit(data)
    with pytest.raises(Died):
        made(epochs=2).fit(data, out=tmp_path / "run", watchers=[Death(3)], minutes=0)
    again = made(epochs=2).fit(data, out=tmp_path / "run", resume=True)
    for name, array in whole.model_.network.weights.items():
        np.testing.assert_array_equal(again.model_.network.weights[name], array)


def test_it_learns_the_same_in_pytorch(splits: Splits) -> None:
    data = splits.train.subset(range(32))
    histories = [
        made(epochs=2, engine=engine, batch_size=8, augmentation="none").fit(data).history_
        for engine in ("native", "torch")
    ]
    ours, theirs = ([row.loss for row in history] for history in histories)
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert ours[1] < ours[0]


def test_it_starts_from_what_was_learned(
    fitted: SpeechRecognizer, splits: Splits, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model.safetensors")
    start = made(start_from=tmp_path / "model.safetensors", epochs=1)
    network, record = start._first_network(splits.train, 0)
    assert record is not None
    assert record["from_scratch"] == []
    for name, array in fitted.model_.network.weights.items():
        np.testing.assert_array_equal(network.weights[name], array)
    network, record = start._first_network(load_characters(splits), 0)
    assert record is not None
    assert len(record["from_scratch"]) == 1  # the last layer has other words


def test_what_cannot_be_learned_ends_in_one_line(splits: Splits, tmp_path: Path) -> None:
    path = recordings(tmp_path, {"train": 4})
    lines = path.read_text().splitlines()
    lines[2] = f"train1.wav,{' '.join(['ha'] * 60)},train"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"train1\.wav: .*60 word"):
        made(validation=0).fit(str(path))
    validation = splits.validation
    assert validation is not None
    long = tuple(["ha " * 60] * len(validation))
    held = replace(validation, targets=Transcripts(long, splits.train.classes, "words"))
    run = tmp_path / "run"
    with pytest.raises(DataError, match=r"val0\.wav: .*60 word"):
        made().fit(splits.train, validation_data=held, out=run)
    assert not run.exists()  # nothing was learned before
    other = tuple(["unheard"] * len(validation))
    held = replace(validation, targets=Transcripts(other, splits.train.classes, "words"))
    with pytest.raises(DataError, match="the word unheard"):
        _ = held.targets.array
    made(epochs=1).fit(splits).save(tmp_path / "model.safetensors")
    with pytest.raises(ArgumentError, match=r"model for .*has no last layer"):
        pl.ImageClassifier(start_from=tmp_path / "model.safetensors", verbose=0).fit(
            np.zeros((4, 28, 28), np.uint8), list("abab")
        )
    with pytest.raises(DataError, match="of sound"):
        made().fit(pl.Dataset(splits.train.images, targets=splits.train.targets))
    for wrong, fault in (
        ({"architecture": "lecture"}, "lecture"),
        ({"architecture": lambda _: small(7)}, "4 logits"),
        ({"augmentation": "sound"}, "time_shift"),
        ({"augmentation": "speech,mixup=0.2"}, "mixup"),
    ):
        with pytest.raises(ArgumentError, match=fault) as caught:
            made().set_params(**wrong).fit(splits)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="SpeechRecognizer"):
        pl.ImageClassifier(epochs=1).fit(splits)


def test_its_own_network_takes_any_bands_and_steps() -> None:
    from pellucid.architectures.speech import speech
    from pellucid.errors import ShapeError

    for mels in (4, 17, 64, 80):
        for columns in (2, 4):
            graph = speech(mels, 5, columns).graph((mels, 30, 1))
            assert graph.output_shape == (1, -(-30 // columns), 5)
    with pytest.raises(ShapeError, match="bands"):
        speech(3, 5, 2)
