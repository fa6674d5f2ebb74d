"""How answers are written, in tables, as JSON and for people: one form for each task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any

from pellucid.data.targets import joined
from pellucid.numerals import percent
from pellucid.tasks import (
    Captioning,
    Detection,
    MultiLabel,
    RegionDetection,
    Regression,
    SingleLabel,
    Task,
    Transcription,
)
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.evaluation.predictions import Prediction

    Bar = tuple[str, str, float | None, str]


class AnswerForm(ABC):
    """How the answers of a task are written.

    Args:
        task: The task.

    Attributes:
        columns: Of a table, after the picture and what is true.
        true: The columns of what is true.
        in_lines: Whether people read an answer as lines rather than as bars.
    """

    in_lines = False

    columns: list[str]
    true: list[str]

    @property
    def threshold(self) -> float | None:
        """From which probability on a label is given; none where that is no question."""
        return None

    @abstractmethod
    def cells(self, answer: Prediction) -> list[str]:
        """The cells of an answer, one for each of ``columns``."""

    def rows(self, answer: Prediction) -> list[list[str]]:
        """The lines of a table that an answer has: one."""
        return [self.cells(answer)]

    @abstractmethod
    def values(self, answer: Prediction, top: int, *, every: bool = True) -> dict[str, Any]:
        """An answer as JSON values, null or empty where there is none.

        Args:
            answer: The answer.
            top: How many of the likeliest classes are its guesses, where it has guesses.
            every: Whether the probabilities of all classes are given beside guesses.
        """

    @abstractmethod
    def line(self, answer: Prediction) -> str:
        """An answer in a line, without the picture's name."""

    def lines(self, answer: Prediction) -> list[str]:
        """The same in as many lines as it needs: one."""
        return [self.line(answer)]

    @abstractmethod
    def bars(self, answer: Prediction, top: int) -> list[Bar]:
        """Names, numbers in words, shares 0 to 1 to be drawn as bars if there are, and notes."""

    def counted(self, answer: Prediction) -> list[str]:
        """What is counted over many answers: classes."""
        return []


class ClassForm(AnswerForm):
    """One class a picture: ``class``, and a probability a class."""

    def __init__(self, task: SingleLabel) -> None:
        self._classes = task.classes
        self.true = ["true"]
        self.columns = ["class", *_apart(task.classes, ("picture", "true", "class"))]

    def cells(self, answer: Prediction) -> list[str]:
        assert answer.probabilities is not None
        assert answer.place is not None
        numbers = (f"{p:.6g}" for p in answer.probabilities.tolist())
        return [printable(self._classes[answer.place]), *numbers]

    def values(self, answer: Prediction, top: int, *, every: bool = True) -> dict[str, Any]:
        place, probabilities = answer.place, answer.probabilities
        guesses = answer.ranked(self._classes, top)
        values: dict[str, Any] = {
            "class": None if place is None else self._classes[place],
            "true": answer.true,
            "guesses": [{"class": name, "probability": p} for name, p in guesses],
        }
        if every:
            shares = [] if probabilities is None else probabilities.tolist()
            values["probabilities"] = dict(zip(self._classes, shares, strict=bool(shares)))
        return values

    def line(self, answer: Prediction) -> str:
        words = "  ".join(
            f"{printable(name)}  {p:.2%}" for name, p in answer.ranked(self._classes, 1)
        )
        rank = answer.rank(self._classes)
        if rank is None:
            return words
        true = "right" if rank == 1 else f"wrong: {printable(str(answer.true))} is guess {rank}"
        return f"{words}  {true}"

    def bars(self, answer: Prediction, top: int) -> list[Bar]:
        """The likeliest classes, and the right one behind them if it is none of these."""
        ranked, rank = answer.ranked(self._classes), answer.rank(self._classes)
        rows: list[Bar] = [
            (name, percent(p), p, "right" if name == answer.true else "")
            for name, p in ranked[:top]
        ]
        if rank is not None and rank > top:
            name, p = ranked[rank - 1]
            rows.append((name, percent(p), p, f"right, guess {rank}"))
        return rows

    def counted(self, answer: Prediction) -> list[str]:
        return [] if answer.place is None else [self._classes[answer.place]]


class LabelForm(AnswerForm):
    """Any number of labels a picture: ``labels``, and a probability a label."""

    def __init__(self, task: MultiLabel) -> None:
        self._task = task
        self.true = ["true"]
        self.columns = ["labels", *_apart(task.classes, ("picture", "true", "labels"))]

    @property
    def threshold(self) -> float:
        return self._task.threshold

    def counted(self, answer: Prediction) -> list[str]:
        if answer.probabilities is None:
            return []
        likely = answer.probabilities >= self._task.threshold
        return [name for name, given in zip(self._task.classes, likely, strict=True) if given]

    def cells(self, answer: Prediction) -> list[str]:
        assert answer.probabilities is not None
        numbers = (f"{p:.6g}" for p in answer.probabilities.tolist())
        return [printable(joined(self.counted(answer))), *numbers]

    def values(self, answer: Prediction, top: int, *, every: bool = True) -> dict[str, Any]:
        probabilities = answer.probabilities
        return {
            "labels": None if probabilities is None else self.counted(answer),
            "threshold": self._task.threshold,
            "probabilities": {}
            if probabilities is None
            else dict(zip(self._task.classes, probabilities.tolist(), strict=True)),
        }

    def line(self, answer: Prediction) -> str:
        return printable(joined(self.counted(answer)))

    def bars(self, answer: Prediction, top: int) -> list[Bar]:
        given = set(self.counted(answer))
        return [
            (name, percent(p), p, "given" if name in given else "")
            for name, p in answer.ranked(self._task.classes)
        ]


class NumberForm(AnswerForm):
    """Numbers of a picture."""

    def __init__(self, task: Regression) -> None:
        self._names = task.columns
        self.columns = [f"predicted {name}" for name in task.columns]
        self.true = [f"true {name}" for name in task.columns]

    def cells(self, answer: Prediction) -> list[str]:
        assert answer.numbers is not None
        return [f"{value:.9g}" for value in answer.numbers.tolist()]

    def values(self, answer: Prediction, top: int, *, every: bool = True) -> dict[str, Any]:
        numbers = answer.numbers
        return {
            "numbers": {}
            if numbers is None
            else dict(zip(self._names, numbers.tolist(), strict=True))
        }

    def line(self, answer: Prediction) -> str:
        return "  ".join(f"{printable(name)} {text}" for name, text, *_ in self.bars(answer, 1))

    def bars(self, answer: Prediction, top: int) -> list[Bar]:
        if answer.numbers is None:
            return []
        values = zip(self._names, answer.numbers.tolist(), strict=True)
        return [(name, f"{value:.5g}", None, "") for name, value in values]


class BoxForm(AnswerForm):
    """Any number of boxes a picture, each with its class and probability; a line a box."""

    in_lines = True

    def __init__(self, task: Detection) -> None:
        self._task = task
        self.true = []
        self.columns = ["class", "probability", "x0", "y0", "x1", "y1"]

    @property
    def threshold(self) -> float:
        return self._task.shown

    def cells(self, answer: Prediction) -> list[str]:
        raise AssertionError("a table of boxes has a line a box")

    def rows(self, answer: Prediction) -> list[list[str]]:
        """A line a box; of a picture without any, one without coordinates, as data have it."""
        found = [
            [printable(each["class"]), f"{each['probability']:.6g}",
             *(f"{edge:.2f}" for edge in each["box"])]
            for each in self._boxes(answer)
        ]  # fmt: skip
        return found or [[""] * len(self.columns)]

    def values(self, answer: Prediction, top: int, *, every: bool = True) -> dict[str, Any]:
        boxes = None if answer.boxes is None else answer.boxes.to_list()
        return {"boxes": boxes, "threshold": self._task.shown}

    def line(self, answer: Prediction) -> str:
        numbers = Counter(self.counted(answer))
        found = ", ".join(f"{number} {printable(name)}" for name, number in numbers.most_common())
        return found or self._nothing

    def lines(self, answer: Prediction) -> list[str]:
        """Class, probability and corners of each box, in pixels of the picture."""
        return [f"{name}  {words}" for name, words, *_ in self.bars(answer, len(self.columns))] or [
            self._nothing
        ]

    def bars(self, answer: Prediction, top: int) -> list[Bar]:
        return [
            (
                printable(each["class"]),
                f"{each['probability']:.1%}  ({x0:.1f}, {y0:.1f})–({x1:.1f}, {y1:.1f})",
                each["probability"],
                "",
            )
            for each in self._boxes(answer)
            for x0, y0, x1, y1 in [each["box"]]
        ]

    def counted(self, answer: Prediction) -> list[str]:
        return [each["class"] for each in self._boxes(answer)]

    @property
    def _nothing(self) -> str:
        return f"nothing found (of a probability from {self._task.shown:.0%} on)"

    @staticmethod
    def _boxes(answer: Prediction) -> list[dict[str, Any]]:
        return [] if answer.boxes is None else answer.boxes.to_list()


class TextForm(AnswerForm):
    """What is said in a recording: ``text``, and the time of each word."""

    in_lines = True

    def __init__(self) -> None:
        self.columns = ["text"]
        self.true = ["true"]

    def cells(self, answer: Prediction) -> list[str]:
        return [self._text(answer)]

    def values(self, answer: Prediction, top: int, *, every: bool = True) -> dict[str, Any]:
        heard = answer.transcript
        return {
            "text": None if heard is None else heard.text,
            "words": [] if heard is None else heard.to_list(),
        }

    def line(self, answer: Prediction) -> str:
        return printable(self._text(answer)) or "nothing heard"

    def bars(self, answer: Prediction, top: int) -> list[Bar]:
        return [
            (each.word, f"{each.start:.2f}–{each.end:.2f} s  {percent(each.probability)}",
             each.probability, "")
            for each in (() if answer.transcript is None else answer.transcript.words)
        ]  # fmt: skip

    @staticmethod
    def _text(answer: Prediction) -> str:
        return "" if answer.transcript is None else answer.transcript.text


class CaptionForm(AnswerForm):
    """A caption, and how likely it is given the picture."""

    in_lines = True

    def __init__(self) -> None:
        self.true = ["true"]
        self.columns = ["caption", "log probability"]

    def cells(self, answer: Prediction) -> list[str]:
        assert answer.caption is not None
        return [printable(str(answer.caption)), f"{answer.caption.log_probability:.6g}"]

    def values(self, answer: Prediction, top: int, *, every: bool = True) -> dict[str, Any]:
        if answer.caption is None:
            return {"caption": None, "words": [], "log_probability": None}
        return answer.caption.to_dict()

    def line(self, answer: Prediction) -> str:
        return printable(str(answer.caption or ""))

    def bars(self, answer: Prediction, top: int) -> list[Bar]:
        if answer.caption is None:
            return []
        return [(self.line(answer), f"ln p {answer.caption.log_probability:.1f}", None, "")]


def form_of(task: Task | Sequence[str]) -> AnswerForm:
    """How a task's answers are written; names stand for one class of these a picture."""
    if not isinstance(task, Task):
        return ClassForm(SingleLabel(tuple(task)))
    form = FORMS.get(task.kind)
    return ClassForm(SingleLabel(task.names)) if form is None else form(task)


FORMS: dict[str, Callable[[Any], AnswerForm]] = {
    SingleLabel.kind: ClassForm,
    MultiLabel.kind: LabelForm,
    Regression.kind: NumberForm,
    Detection.kind: BoxForm,
    RegionDetection.kind: BoxForm,
    Transcription.kind: lambda _: TextForm(),
    Captioning.kind: lambda _: CaptionForm(),
}
"""How each task's answers are written, by its kind; pictures that are made are no answers."""


def _apart(names: Sequence[str], taken: tuple[str, ...]) -> list[str]:
    return [printable(f"probability of {name}" if name in taken else name) for name in names]
