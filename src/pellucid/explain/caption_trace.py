"""The trace of a caption: for each word its probability, what else it might have been, and why.

The logits are linear in the layer before them, and that is a ReLU of what the words so far and the
places looked at give, each by itself. So the lead of a word over the next likely one is a sum:

    z_word − z_other = Σ_k m_k·(o_k,word − o_k,other)·(s·W_s + look·W_l + b)_k + (b_word − b_other)

with m the ReLU's mask, s the recurrent layer's state, W_s and W_l the rows of the hidden layer's
kernel. The terms of s are what the words so far add, those of look what the picture adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.architectures.captioner import (
    LOGITS,
    LOOKED,
    LOOKS,
    PLACES,
    READS,
    WORDS,
    WORDS_GRAPH,
)
from pellucid.engines.batches import forward
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.caption_word import (
    ANSWER,
    HIDDEN,
    WordClassifier,
    class_names,
    next_places,
    place_of,
    word_classifier,
)
from pellucid.explain.explanation import explain
from pellucid.explain.method_sheet import explain_by_every_method
from pellucid.explain.records import number, numbers, record
from pellucid.explain.trace import Guess, Trace, trace
from pellucid.files.referenced import read_picture
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning
from pellucid.tasks.caption_search import write_captions
from pellucid.tasks.captioning import END, UNKNOWN
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.method_sheet import MethodSheet
    from pellucid.files.classifier import Classifier
    from pellucid.tasks.caption import Caption

OTHERS = 4
"""How many words are named beside the one that was written."""


@dataclass(frozen=True, eq=False)
class CaptionStep:
    """One word of a caption, or its end.

    Attributes:
        word: The word; ``(end)`` for the end.
        probability: Given the picture and the words before, 0 to 1.
        others: The likeliest others, first; unknown words, which are never written, among them.
        against: The likeliest other that may be written, which it is compared with.
        lead: By how much its logit is above that of ``against``; below 0 where the search has taken
            a less likely word.
        words: What the words before add to the lead.
        picture: What the places that it looked at add.
        bias: What is added whatever words and picture are.
        looked: Where it looked, float64 (h, w); adds up to 1.
    """

    word: str
    probability: float
    others: tuple[Guess, ...]
    against: str
    lead: float
    words: float
    picture: float
    bias: float
    looked: NDArray[np.float64]

    @property
    def most(self) -> tuple[int, int, float]:
        """The row and the column that it looked at most, and that place's share."""
        row, column = np.unravel_index(int(self.looked.argmax()), self.looked.shape)
        return int(row), int(column), float(self.looked.max())

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "word": self.word,
            "probability": number(self.probability),
            "others": [{"word": each.name, "probability": number(each.probability)}
                       for each in self.others],
            "against": self.against,
            "lead": number(self.lead),
            "terms": {
                "words": number(self.words),
                "picture": number(self.picture),
                "bias": number(self.bias),
            },
            "looked": numbers(self.looked),
        }  # fmt: skip


@short_repr
@dataclass(frozen=True, eq=False)
class CaptionTrace(Record):
    """A caption, word by word.

    Attributes:
        captioner: Who wrote it.
        picture: The picture as it was given.
        pixels: What the network takes, uint8 (H, W, C).
        caption: What was written.
        beam: How many beginnings were followed.
        steps: Every word, and the end.
        engine: Who computes, by its name.
    """

    record_kind: ClassVar[str] = "caption trace"
    captioner: Classifier
    picture: Picture
    pixels: NDArray[np.uint8]
    caption: Caption
    beam: int
    steps: tuple[CaptionStep, ...]
    engine: str

    def word(self, place: int, *, whole: bool = False) -> Trace:
        """One word opened: every number between the picture and its logits.

        Args:
            place: Which word, from 0; the number of words is the end.
            whole: As :func:`pellucid.explain.trace.trace` takes it.

        Raises:
            ArgumentError: If there is no such word.
        """
        return trace(self._classifier(place), self.picture, whole=whole)

    def activations(self, place: int | None = None) -> Activations:
        """The picture in the network that chooses a word, behind the words before it.

        Args:
            place: As :meth:`explain` takes it.
        """
        chosen = self._classifier(self.seen if place is None else place)
        return Activations.of(chosen, self.picture)

    def _classifier(self, place: int) -> WordClassifier:
        return word_classifier(self.captioner, self._before(place), self.engine)

    def explain(
        self,
        place: int | None = None,
        method: str = "evidence",
        *,
        target: str | None = None,
        against: str | None = None,
        **options: Any,
    ) -> Heatmap | Evidence:
        """Why one word was written: evidence that adds up, or a heatmap.

        Evidence is exact for where the word looked: with other pixels it would look elsewhere, too,
        which all other methods, and evidence by tangents, take into account.

        Args:
            place: Which word, from 0; none: the one to whose lead the picture adds most.
            method: A name of :data:`pellucid.explain.methods.METHODS`.
            target: The word in question; none: the one that was written.
            against: What it is compared with; none: for evidence the likeliest other.
            options: The method's own.

        Raises:
            ArgumentError: If there is no such word, method or option.
        """
        place = self.seen if place is None else place
        before, step = self._before(place), self.steps[place]
        held = method == "evidence" and not options.get("tangent")
        chosen = word_classifier(
            self.captioner, before, self.engine, looked=step.looked if held else None
        )
        if method == "evidence" and against is None and target is None:
            against = step.against
        activations = Activations.of(chosen, self.picture)
        return explain(activations, method, target=target or step.word, against=against, **options)

    def explain_by_every_method(
        self, place: int | None = None, *, target: str | None = None, **options: Any
    ) -> MethodSheet:
        """Why one word was written, by every method that suits.

        Args:
            place: As :meth:`explain` takes it.
            target: The word in question; none: the one that was written.
            options: As :func:`pellucid.explain.method_sheet.explain_by_every_method` takes them.

        Raises:
            ArgumentError: If there is no such word, or no method suits.
        """
        place = self.seen if place is None else place
        activations = self.activations(place)
        return explain_by_every_method(
            activations, target=target or self.steps[place].word, **options
        )

    @property
    def seen(self) -> int:
        """The word to whose lead the picture adds most, from 0."""
        return int(np.argmax([step.picture for step in self.steps[:-1]]))

    def _before(self, place: int) -> list[int]:
        task = self.captioner.model_.task
        assert isinstance(task, Captioning)
        if type(place) is not int or not 0 <= place < len(self.steps):
            words = [f"{n} {step.word}" for n, step in enumerate(self.steps, start=1)]
            asked = place + 1 if type(place) is int else place
            raise ArgumentError(
                f"there is no word {asked!r:.40}; the caption has "
                f"{counted(len(self.steps) - 1, 'word')} and its end: "
                f"{printable(', '.join(words))} (--word; in Python from 0)"
            )
        return [place_of(task, word) for word in self.caption.words[:place]]

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """As plain JSON values; see ``docs/records.md``."""
        return record(
            "caption trace",
            **self.caption.to_dict(),
            beam=self.beam,
            engine=self.captioner.program_.made_by(),
            steps=[step.to_dict() for step in self.steps],
        )


def trace_caption(
    captioner: Classifier, picture: Picture, engine: str, *, beam: int | None = None
) -> CaptionTrace:
    """Write a caption of a picture, and say of each word why.

    Args:
        captioner: The captioner.
        picture: A path, the bytes of a file, a Pillow image or pixels.
        engine: Who computes single words, by its name.
        beam: How many beginnings are followed; none: as many as the task says.
    """
    model, program = captioner.model_, captioner.program_
    task, graph = model.task, model.network.graphs[WORDS_GRAPH]
    assert isinstance(task, Captioning)
    pixels = read_picture(model, picture, max_pixels=captioner.max_pixels)
    places = forward(program, pixels[None])
    (caption,) = write_captions(program, graph, task, places, beam=beam)
    chosen = [*(place_of(task, word) for word in caption.words), END]
    feeds = {PLACES: places, WORDS: next_places(chosen[:-1], task.length)}
    seen = graph.extend(outputs={**graph.outputs, READS: READS, LOOKS: LOOKS})
    out = {name: array[0].astype(np.float64) for name, array in program.run(seen, feeds).items()}
    size = places.shape[1:3]
    steps = tuple(
        _step(model.network.weights, task, out, n, word, size) for n, word in enumerate(chosen)
    )
    wide = task.beam if beam is None else beam
    return CaptionTrace(captioner, picture, pixels, caption, wide, steps, engine)


def _step(
    weights: Any,
    task: Captioning,
    out: dict[str, NDArray[np.float64]],
    n: int,
    word: int,
    size: tuple[int, ...],
) -> CaptionStep:
    """What is behind the n-th word, or the end, of a caption."""
    names = class_names(task)
    logits = out[LOGITS][n]
    apart = np.exp(logits - logits.max())
    shares = apart / apart.sum()
    order = [int(k) for k in np.argsort(-logits, kind="stable") if k != word]
    refused = {UNKNOWN} | ({END} if n == 0 else set())
    other = next((k for k in order if k not in refused), order[0])  # of one known word alone
    kernel, bias = (weights[f"{HIDDEN}.{p}"].astype(np.float64) for p in ("kernel", "bias"))
    last, last_bias = (weights[f"{ANSWER}.{p}"].astype(np.float64) for p in ("kernel", "bias"))
    units = out[READS].shape[1]
    parts = np.stack([out[READS][n] @ kernel[:units], out[LOOKS][n] @ kernel[units:], bias])
    counts = (parts.sum(axis=0) > 0) * (last[:, word] - last[:, other])
    words, picture, own = (parts @ counts).tolist()
    return CaptionStep(
        names[word],
        float(shares[word]),
        tuple(Guess(names[k], float(shares[k])) for k in order[:OTHERS]),
        names[other],
        float(logits[word] - logits[other]),
        words,
        picture,
        own + float(last_bias[word] - last_bias[other]),
        out[LOOKED][n].reshape(size),
    )
