"""Image captioning: what is to be seen in a picture, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.architectures.captioner import LOGITS, LOOKED, PLACES, WORDS, WORDS_GRAPH
from pellucid.data.captions import Captions
from pellucid.errors import ArgumentError, DataError
from pellucid.ops import SequenceCrossEntropy
from pellucid.ops.operation import describe
from pellucid.tasks.no_single_answer import NoSingleAnswer
from pellucid.text import brief_repr, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.targets import Targets
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Shape

END, UNKNOWN = 0, 1
"""Places of what ends a caption, and begins it; and of words that are not known."""

FIRST = 2
"""The place of the first word."""

NOT_COUNTED = -1
"""What is wanted behind the end of a caption: nothing."""

LEAST_COUNT = 3
"""How often a word must be seen to be known."""

LONGEST = 60
"""The most steps: of longer captions the beginning is learned."""

WHOLE = 0.99
"""The share of captions that is learned to the end."""

MOST_WORDS = 200_000
MOST_BEAM = 100


@dataclass(frozen=True)
class Captioning(NoSingleAnswer):
    """Captions, word by word: the network answers, from a picture and words, what comes next.

    The graph that answers makes of a picture its places, a map (h, w, C); another, ``words``, takes
    these and T words, and gives the logits of the next word after each, (T, V), and where it looked
    for it, (T, h·w). V is two more than the words: a caption's end, which also begins it, and what
    stands for all words that are not known.

    Attributes:
        words: The words that are known, the most frequent first.
        length: T, the most words of a caption and its end, 2 to 1000.
        beam: How many beginnings of captions are followed at once, 1 to 100; 1 takes the likeliest
            word each time.
        length_power: What a caption's number of words is raised to before its log-probability is
            divided by it, 0 to 2: at 0 short captions are preferred (Wu et al. 2016, *Google's
            neural machine translation system*, section 7); at 1 it is the mean of a word.

    Raises:
        DataError: If there are no words, or one is given twice.
        ArgumentError: If a number is out of range.
    """

    kind: ClassVar[str] = Captions.kind
    title: ClassVar[str] = Captions.title
    measures: ClassVar[tuple[str, ...]] = ("bleu4", "bleu1")
    read_as: ClassVar[str] = "places"
    outputs: ClassVar[str] = "places"
    counted: ClassVar[str] = "words"
    estimator: ClassVar[str] = "ImageCaptioner"
    each_frame: ClassVar[bool] = True
    drawn: ClassVar[bool] = True
    of_map: ClassVar[bool] = True
    writes_captions: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = (WORDS_GRAPH,)
    no_answer: ClassVar[str] = (
        "the model writes captions, word by word, and has no one answer that could be opened; "
        "pellucid trace and explain open one word (--word 2)"
    )
    words: tuple[str, ...]
    length: int = 20
    beam: int = 5
    length_power: float = 1.0

    def __post_init__(self) -> None:
        given: object = self.words
        words: tuple[Any, ...] = tuple(given) if isinstance(given, tuple | list) else ()
        if not words or len(words) > MOST_WORDS:
            raise DataError(f"a captioner knows 1 to {MOST_WORDS} words, got {len(words)}")
        if odd := [each for each in words if not isinstance(each, str) or not each]:
            raise DataError(f"a word is {brief_repr(odd[0])}; expected a text that is not empty")
        if len(set(words)) < len(words):
            raise DataError("a word is given twice; expected each once")
        object.__setattr__(self, "words", words)
        checks.whole("length", self.length, 2, 1000)
        checks.whole("beam", self.beam, 1, MOST_BEAM)
        checks.number("length_power", self.length_power, 0.0, 2.0)

    @property
    def vocabulary(self) -> int:
        """V: the words that are known, the end of a caption, and what is not known."""
        return len(self.words) + FIRST

    @classmethod
    def of(cls, targets: Targets, *, least_count: int = LEAST_COUNT, beam: int = 5) -> Captioning:
        """The task of learning from captions: their words, and their length.

        Args:
            targets: Captions.
            least_count: How often a word must be seen to be known, at least 1.
            beam: How many beginnings of captions are followed at once.

        Raises:
            DataError: If they are none, or no word is seen often enough.
        """
        if not isinstance(targets, Captions):
            raise DataError(f"data for {targets.title}; expected captions")
        every = [words for i in range(len(targets)) for words in targets.words(i)]
        counts = Counter(word for words in every for word in words)
        known = [word for word, number in counts.items() if number >= least_count]
        if not known:
            raise DataError(
                f"no word is in {counted(least_count, 'caption')}, of {len(every)} to learn from; "
                "give more captions, or a smaller least_count"
            )
        known.sort(key=lambda word: (-counts[word], word))
        lengths = sorted(map(len, every))
        longest = lengths[int(WHOLE * (len(lengths) - 1))] + 1
        return cls(tuple(known), min(max(longest, 2), LONGEST), beam)

    def check_outputs(self, shape: Shape) -> None:
        if len(shape) != 3:
            raise ArgumentError(f"a captioner looks at a map of places, got {describe(shape)}")

    def check_graphs(self, graph: Graph, graphs: Mapping[str, Graph]) -> None:
        found = graphs.get(WORDS_GRAPH)
        if found is None:
            raise ArgumentError(f"a captioner needs a graph called {WORDS_GRAPH}")
        height, width, channels = graph.output_shape
        wanted = {PLACES: (height, width, channels), WORDS: (self.length,)}
        given = {name: kind.shape for name, kind in found.inputs.items()}
        ends = {name: found.shapes[value] for name, value in found.outputs.items()}
        outputs = {
            LOGITS: (self.length, self.vocabulary),
            LOOKED: (self.length, height * width),
        }
        if given != wanted or ends != outputs:
            raise ArgumentError(
                f"the graph {WORDS_GRAPH} takes {given} and gives {ends}; expected {wanted} and "
                f"{outputs}"
            )

    def known(self) -> Captions:
        return Captions.like(())

    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        """The words of each caption and its end, int64 (N, M, T); −1 where there is nothing."""
        chosen = data.targets.subset(np.arange(len(data))[indices])
        assert isinstance(chosen, Captions)
        found = np.full((*chosen.texts.shape, self.length), NOT_COUNTED, np.int64)
        for i in range(len(chosen)):
            for k, words in enumerate(chosen.words(i)):
                places = self.places(words)
                found[i, k, : len(places)] = places
        return found

    def places(self, words: Sequence[str]) -> list[int]:
        """The places of words, and the end; cut to T."""
        return [*(self._place_of.get(word, UNKNOWN) for word in words), END][: self.length]

    @property
    def _place_of(self) -> dict[str, int]:
        found = self.__dict__.get("_places")
        if found is None:
            found = {word: FIRST + i for i, word in enumerate(self.words)}
            object.__setattr__(self, "_places", found)
        return found

    def text_of(self, places: Sequence[int]) -> tuple[str, ...]:
        """The words at some places, without the end."""
        return tuple(self.words[place - FIRST] for place in places if place >= FIRST)

    def greedy_words(self, logits: NDArray[np.float64]) -> tuple[str, ...]:
        """The words whose logits are (T, V), the likeliest each time; a caption has one at least.

        Args:
            logits: Zeros behind the end.
        """
        known = logits.copy()
        known[:, UNKNOWN] = known[0, END] = -np.inf
        places = known.argmax(axis=1).tolist()
        return self.text_of(places[: places.index(END)] if END in places else places[:-1])

    def loss(self) -> Loss:
        return SequenceCrossEntropy()

    def with_beam(self, beam: int) -> Captioning:
        """The task that follows another number of beginnings.

        Raises:
            ArgumentError: If it is out of range.
        """
        return replace(self, beam=beam)


def beginnings(wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The words so far, from those that are wanted: each one step later, behind the end's place.

    Args:
        wanted: (…, T), −1 behind the end.
    """
    words = np.zeros_like(wanted)
    words[..., 1:] = np.maximum(wanted[..., :-1], END)
    return words
