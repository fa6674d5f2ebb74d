"""Judging speech to text: word error, and which words were taken for which."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.transcripts import Transcripts
from pellucid.evaluation.judgement import Judgement, json_values, written
from pellucid.evaluation.outputs import output_batches
from pellucid.metrics.word_error import (
    Pair,
    align,
    distance,
    word_error_interval,
    word_error_rate,
    word_errors,
)
from pellucid.short_repr import short_repr
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.evaluation.judgement import Row
    from pellucid.tasks import Transcription

SCHEMA = 1
"""Version of :meth:`TranscriptReport.to_dict`."""

HARDLY = 0.95
"""A word error from here on is hardly better than nothing heard, which has 1."""

NOTHING = "–"
"""Stands for no word in tables: one that was left out, or added."""


@dataclass(frozen=True)
class WordRow:
    """How a word fared.

    Attributes:
        word: The word.
        said: How often it was said.
        heard: How often of these it was heard.
        substituted: How often another was heard instead.
        deleted: How often nothing was heard instead.
        inserted: How often it was heard, and nothing was said.
        recall: The share of its occurrences that was heard; none where it was not said.
    """

    word: str
    said: int
    heard: int
    substituted: int
    deleted: int
    inserted: int
    recall: float | None


@dataclass(frozen=True)
class Confusion:
    """A word that was taken for another.

    Attributes:
        said: The word that was said; none of one that was added.
        heard: The word that was heard; none of one that was left out.
        count: How often.
    """

    said: str | None
    heard: str | None
    count: int


@dataclass(frozen=True)
class RecordingRow:
    """What was heard in a recording.

    Attributes:
        index: Its place in the data, from 0.
        name: Its name there: a path, or ``test[17]``.
        said: The text of the data.
        heard: The text of the network.
        errors: Words that are wrong, missing or too many.
        words: Words that were said.
    """

    index: int
    name: str
    said: str
    heard: str
    errors: int
    words: int


@short_repr
@dataclass(frozen=True, eq=False)
class TranscriptReport(Judgement):
    """A speech recognizer's judgement on recordings with texts.

    Attributes:
        units: What the network writes: ``"words"`` or ``"characters"``.
        count: How many recordings, N.
        classes: The words or characters that the network writes.
        words: How many words were said.
        word_error: (substitutions + deletions + insertions) / words, 0 and more.
        word_error_interval: Its 95 % interval, by resampling recordings (bootstrap).
        substitutions: Words that were taken for others.
        deletions: Words that were not heard.
        insertions: Words that were heard and not said.
        character_error: The same of characters, with a blank between words.
        whole: How many texts have no error.
        unknown: Words, or characters, of the texts that the network cannot write.
        per_word: A row a word, those said most often first.
        confusions: What was taken for what, the most frequent first.
        recordings: Every recording, that with most errors first.
    """

    TABLES: ClassVar[tuple[str, ...]] = (
        "summary.csv", "words.csv", "confusions.csv", "transcripts.csv",
    )  # fmt: skip
    PICTURE: ClassVar[str] = "word_confusion.png"
    record_kind: ClassVar[str] = "transcript report"
    noun: ClassVar[str] = "recording"  # type: ignore[misc]
    units: str
    count: int
    classes: tuple[str, ...] = field(repr=False)
    words: int
    word_error: float
    word_error_interval: tuple[float, float]
    substitutions: int
    deletions: int
    insertions: int
    character_error: float
    whole: int
    unknown: int
    per_word: tuple[WordRow, ...] = field(repr=False)
    confusions: tuple[Confusion, ...] = field(repr=False)
    recordings: tuple[RecordingRow, ...] = field(repr=False)

    @property
    def score(self) -> float:
        """What the judgement comes to in one number: word accuracy, 1 − word error."""
        return 1.0 - self.word_error

    @property
    def headline(self) -> str:
        """The judgement in a line."""
        low, high = self.word_error_interval
        return (
            f"word error {self.word_error:.2%} (95 % interval {low:.2%} to {high:.2%}): of "
            f"{counted(self.words, 'word')} {self.substitutions} taken for others, "
            f"{self.deletions} left out, {self.insertions} added; {self.whole} of "
            f"{counted(self.count, 'text')} without an error"
        )

    @property
    def remark(self) -> str | None:
        """A remark where next to nothing is heard; else none."""
        if self.word_error < HARDLY:
            return None
        return (
            f"hardly a word is right: word error {self.word_error:.1%}, and a network that hears "
            "nothing has 100 %; train for more epochs, or with more recordings"
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: the attributes above, and ``schema``."""
        values: dict[str, Any] = json_values(asdict(self))
        return {"schema": SCHEMA, "record": self.record_kind, **values}

    def _tables(self) -> Sequence[Sequence[Row]]:
        """The measures, a row a word, a row a confusion, a row a recording."""
        low, high = self.word_error_interval
        summary: list[Row] = [
            ["word error", f"{self.word_error:.6f}"],
            ["… 95 % interval, from", f"{low:.6f}"],
            ["… 95 % interval, to", f"{high:.6f}"],
            ["words", self.words],
            ["substitutions", self.substitutions],
            ["deletions", self.deletions],
            ["insertions", self.insertions],
            ["character error", f"{self.character_error:.6f}"],
            ["recordings", self.count],
            ["texts without an error", self.whole],
            ["unknown", self.unknown],
        ]
        words: list[Row] = [
            [printable(row.word), *(written(v) for v in list(asdict(row).values())[1:])]
            for row in self.per_word
        ]
        confusions: list[Row] = [
            [printable(each.said or ""), printable(each.heard or ""), each.count]
            for each in self.confusions
        ]
        recordings: list[Row] = [
            [each.index, printable(each.name), printable(each.said), printable(each.heard),
             each.errors, each.words]
            for each in sorted(self.recordings, key=lambda row: row.index)
        ]  # fmt: skip
        return (
            [["measure", "value"], *summary],
            [list(WordRow.__dataclass_fields__), *words],
            [list(Confusion.__dataclass_fields__), *confusions],
            [["index", "path", "said", "heard", "errors", "words"], *recordings],
        )


def evaluate_transcripts(
    program: Program, dataset: Dataset, task: Transcription, *, batch_size: int | None = None
) -> TranscriptReport:
    """Judge a speech recognizer on recordings with texts.

    Args:
        program: The network, loaded by an engine.
        dataset: The recordings; words that the network cannot write count as errors.
        task: What the network was trained for.
        batch_size: Recordings computed at once; none: as many as bounded memory allows.

    Raises:
        DataError: The data are not the network's, or it answers with NaN or infinity.
    """
    heard: list[str] = []
    for _, outputs in output_batches(program, dataset, task, batch_size):
        heard += task.answer(outputs).tolist()
    targets = dataset.targets
    assert isinstance(targets, Transcripts)
    aligned = [
        align(said.split(), text.split()) for said, text in zip(targets.texts, heard, strict=True)
    ]
    of_each = [word_errors(pairs) for pairs in aligned]
    errors = np.array([each.errors for each in of_each])
    words = np.array([each.said for each in of_each])
    rows = [
        RecordingRow(i, dataset.picture_name(i), said, text, each.errors, each.said)
        for i, (said, text, each) in enumerate(zip(targets.texts, heard, of_each, strict=True))
    ]
    counts = Counter(pair for pairs in aligned for pair in pairs)
    characters = sum(
        distance(list(said), list(text)) for said, text in zip(targets.texts, heard, strict=True)
    )
    return TranscriptReport(
        units=task.units,
        count=len(dataset),
        classes=task.vocabulary,
        words=int(words.sum()),
        word_error=word_error_rate(errors, words),
        word_error_interval=word_error_interval(errors, words),
        substitutions=sum(each.substitutions for each in of_each),
        deletions=sum(each.deletions for each in of_each),
        insertions=sum(each.insertions for each in of_each),
        character_error=characters / sum(map(len, targets.texts)),
        whole=int((errors == 0).sum()),
        unknown=targets.unknown.total(),
        per_word=_per_word(counts),
        confusions=tuple(
            Confusion(said, text, count)
            for (said, text), count in sorted(
                counts.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1] or "")
            )
            if said != text
        ),
        recordings=tuple(sorted(rows, key=lambda row: (-row.errors, row.index))),
    )


def _per_word(counts: Counter[Pair]) -> tuple[WordRow, ...]:
    """How often each word was heard, taken for others, left out and added, by pairs of words."""
    found, times = [], Counter[str | None]()
    for (own, _), count in counts.items():
        times[own] += count
    for word in sorted({each for pair in counts for each in pair if each is not None}):
        said = times[word]
        heard, deleted = counts[word, word], counts[word, None]
        found.append(
            WordRow(
                word,
                said,
                heard,
                said - heard - deleted,
                deleted,
                counts[None, word],
                heard / said if said else None,
            )
        )
    return tuple(sorted(found, key=lambda row: (-row.said, row.word)))
