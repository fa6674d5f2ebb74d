"""Pictures above their guesses: ranks and counts beside NumPy's, and what is drawn of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pellucid.evaluation.guesses import GuessCollector
from pellucid.evaluation.predictions import Prediction
from pellucid.show.guesses import draw_guesses
from pellucid.tasks import MultiLabel, SingleLabel

CLASSES = tuple(f"class {k}" for k in range(9))


def answers(count: int = 20) -> list[Prediction]:
    random = np.random.default_rng(4)
    shares = random.dirichlet(np.ones(len(CLASSES)), count)
    true = random.integers(0, len(CLASSES), count)
    return [
        Prediction(f"folder/{i}.png", row, true=CLASSES[k])
        for i, (row, k) in enumerate(zip(shares, true, strict=True))
    ]


def test_ranks_and_counts() -> None:
    collector = GuessCollector(SingleLabel(CLASSES), 3, most=5)
    made = answers()
    ranks = []
    for each in made:
        assert each.probabilities is not None
        assert each.true is not None
        own = each.probabilities[CLASSES.index(each.true)]
        ranks.append(1 + int((each.probabilities > own).sum()))
        assert each.rank(CLASSES) == ranks[-1]
        collector.add(each)
    found = collector.record()
    assert (found.count, found.known, len(found.guesses)) == (20, 20, 5)
    assert found.right == ranks.count(1)
    assert found.among == sum(rank <= 3 for rank in ranks)
    for guess, rank in zip(found.guesses, ranks, strict=False):
        assert len(guess.rows) == 3 + (rank > 3)
        marked = [name for name, _, _, note in guess.rows if note]
        assert marked == [guess.true]
    assert found.to_dict()["guesses"][0]["rank"] == ranks[0]


def test_of_equals_the_first_goes_before() -> None:
    equal = Prediction("a", np.full(4, 0.25), true="c")
    assert equal.rank(("a", "b", "c", "d")) == 3
    assert Prediction("a", np.full(4, 0.25)).rank(("a", "b", "c", "d")) is None


@pytest.mark.parametrize("count", [1, 2, 5, 13])
def test_drawn_and_written(count: int) -> None:
    collector = GuessCollector(SingleLabel(CLASSES), 5)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    for k, each in enumerate(answers(count)):
        collector.add(each, None if k == 1 else pixels)
    record = collector.record()
    texts = [text.get_text() for axes in draw_guesses(record).axes for text in axes.texts]
    for guess in record.guesses[:12]:
        for name, words, _, _ in guess.rows:
            assert name in texts
            assert words in texts
    with Image.open(io.BytesIO(record.png())) as picture:
        assert picture.format == "PNG"
    page = record.to_html()
    assert all(guess.picture in page for guess in record.guesses)
    assert page.count("<img") == count - (count > 1)


def test_names_that_are_long_hostile_or_in_other_letters() -> None:
    classes = ("<script>alert(1)</script>", "고양이", "long " * 20, "$x_1$")
    collector = GuessCollector(SingleLabel(classes), 4)
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    collector.add(Prediction("<b>\n.png", shares, true=classes[0]))
    page = collector.record().to_html()
    assert "<script>" not in page
    assert "<b>" not in page
    assert collector.record().png()


def test_labels_and_nothing_known() -> None:
    collector = GuessCollector(MultiLabel(("cat", "dog"), threshold=0.5), 5)
    collector.add(Prediction("a.png", np.array([0.7, 0.2])))
    record = collector.record()
    assert record.known == 0
    assert [note for *_, note in record.guesses[0].rows] == ["given", ""]
    assert record.png()
