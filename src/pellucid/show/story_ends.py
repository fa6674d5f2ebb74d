"""The end of a story: the answer with its softmax, the judges, and what is learned from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import compared, place, probability, short
from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.sentences import check_line, settled_line, update_line
from pellucid.show.sums import factored, prose
from pellucid.show.titles import probability_bars
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.explain.story import Story, StoryStep
    from pellucid.explain.value_terms import ValueTerms

MOST_VOTES = 6
"""How many of the answer's products are shown, the largest by size."""

MOST_CLASSES = 5
"""How many guesses are shown; the truth beside them."""

MOST_PLACES = 4
"""How many products of a weight's gradient are shown."""


def answer_parts(story: Story, described: StoryStep) -> Iterator[d.Part]:
    """Step 4: the votes for the answer, and the softmax of all scores."""
    opened = described.opened
    assert opened is not None
    terms, count = opened.terms, len(opened)
    chosen = opened.largest(MOST_VOTES)
    if described.term is not None and described.term not in chosen:
        chosen[-1] = described.term
    title = described.step.title.removesuffix(": logits")
    yield prose(
        f"{title[0].upper()}{title[1:]} ({opened.layer}): each of "
        f"{counted(described.step.shape[0], 'class')} has a score, its logit. The largest is "
        f"that of {story.answer}, the sum of {counted(count, 'product')}; what is positive "
        "votes for it:",
    )
    rows = []
    for i in chosen:
        layer, at = opened.source(i)
        ours = "ours" if i == described.term else ""
        cells = (written(each[i]) for each in (terms.values, terms.factors, terms.products))
        rows.append((layer, place(at), *cells, ours))
    yield d.Table("votes", ("reads", "at", "value", "× weight", "= product", ""), rows, left=2)
    parts = [written(float(terms.products[chosen].sum()))]
    if count > len(chosen):
        rest = float(np.delete(terms.products, chosen).sum())
        parts.append(f"{counted(count - len(chosen), 'smaller product')} {written(rest)}")
    if terms.bias:
        parts.append(f"bias {written(terms.bias)}")
    together = f"together: {' + '.join(parts)} = " if len(parts) > 1 else ""
    total, engine, difference = compared(terms.total, opened.value)
    yield prose(
        f"{together}{total}; the engine's score is {engine}; the difference is {difference}",
        2,
        2,
    )
    yield d.Section("Softmax", list(_softmax(story, story.steps[-1].opened)), printed=False)


def _softmax(story: Story, opened: ValueTerms | None) -> Iterator[d.Part]:
    assert opened is not None
    facts, classes = opened.details, story.activations.classes
    y, rest = story.backward.probabilities, story.backward.rest
    yield prose(
        f"Softmax, e^z / Σ e^z, makes probabilities of them. The largest score, "
        f"{written(facts['largest'])}, is subtracted from all first, which changes no share. The "
        "likeliest classes:",
    )
    rows = []
    for k in _guessed(story):
        truth = ["the truth" if classes[k] == story.truth else ""] if story.label_given else []
        z, e = opened.terms.values[k], facts["exponentials"][k]
        rows.append((classes[k], written(z), written(e), probability(y[k], rest[k]), *truth))
    total = (f"all {len(classes)}", "", written(facts["sum"]), written(float(y.sum())))
    rows.append((*total, *([""] if story.label_given else [])))
    heads = ("class", "score z", "e^(z − largest)", "probability", *[""][: story.label_given])
    yield d.Table("softmax", heads, rows, totals=1)
    yield d.Only("page", [probability_bars(story.activations)])


def judges_section(story: Story) -> d.Section:
    """What the lecture's three judges say."""
    return d.Section("Judges", list(_judges(story)), printed=False)


def _judges(story: Story) -> Iterator[d.Part]:
    judges, truth = story.judges, story.truth
    if story.label_given:
        right = "right" if story.truth == story.answer else "wrong"
        yield prose(f"The truth is {truth}: the answer {story.answer} is {right}.")
    else:
        yield prose(
            f"No truth was given (--label): what follows takes the network's own answer, {truth}, "
            "to be right.",
        )
    gone, k = story.backward, story.activations.classes.index(story.truth)
    y = probability(gone.probabilities[k], gone.rest[k])
    rows = [
        (name, how, written(value))
        for name, how, value in (
            ("classification error", "1 if another class is likelier", judges.classification_error),
            ("mean squared error", "Σ (y − t)², t 1 for the truth, else 0",
             judges.mean_squared_error),
            ("cross-entropy", f"−log y, y = {y} of the truth", judges.cross_entropy),
        )
    ]  # fmt: skip
    yield d.Table("judges", ("judge", "how", "says"), rows, left=2)


def learning_section(story: Story) -> d.Section:
    """What is learned: y − t, and one weight's gradient and step."""
    parts = [*_at_scores(story), d.Section("One weight", list(_weight(story)), printed=False)]
    return d.Section("Learning", parts, printed=False)


def _at_scores(story: Story) -> Iterator[d.Part]:
    gone = story.backward
    y, t, delta, minus = gone.probabilities, gone.targets, gone.at_logits, gone.differences
    loss = gone.learner.loss.kind.replace("_", "-")
    smoothing = getattr(gone.learner.loss, "label_smoothing", 0.0)
    smoothed = f" with label smoothing {smoothing:g}" if smoothing else ""
    same = np.allclose(delta, minus, rtol=1e-3, atol=1e-37, equal_nan=True)
    yield prose(
        "Learning begins at the scores with y − t, probabilities minus truth, the gradient of "
        "plain cross-entropy."
        + (
            ""
            if same
            else f" This network learned by {loss}{smoothed}, whose gradient is the last column."
        ),
    )
    rows = []
    for k in _guessed(story):
        cells = [t[k], minus[k], *(() if same else (float(delta[k]),))]
        name = gone.activations.classes[k]
        rows.append((name, probability(y[k], gone.rest[k]), *map(written, cells)))
    heads = ("class", "y", "t", "y − t", *(() if same else ("∂loss/∂z",)))
    yield d.Table("y − t", heads, rows)
    if gone.settled:
        yield prose(settled_line(gone))


def _weight(story: Story) -> Iterator[d.Part]:
    gone, opened = story.backward, story.weight
    yield prose(
        f"From there it goes back through every layer. The weight {opened.name} at "
        f"{place(opened.at)} made the largest product where we began. Its gradient is the sum of "
        f"{counted(len(opened), 'product')}, what it was multiplied with × "
        f"∂loss/∂{story.start.layer} at each place that it helped to make:",
    )
    chosen = opened.largest(MOST_PLACES)
    parts = [factored(short(opened.terms[i].factor), short(opened.terms[i].delta)) for i in chosen]
    if len(opened) > len(chosen):
        rest = opened.total - sum(opened.terms[i].product for i in chosen)
        parts.append(f"({len(opened) - len(chosen)} smaller products: {written(rest)})")
    total, engine, difference = compared(opened.total, opened.gradient)
    yield prose(
        f"{' + '.join(parts) or '0'} = {total}; the engine's is {engine}; the difference is "
        f"{difference}",
        2,
        2,
    )
    for line in (check_line(opened), update_line(opened)):
        yield prose(line, 2, 2)
    count = sum(weight.size for weight in gone.gradients.weights.values())
    yield prose(
        f"All {count:,} weights and biases take such a step, those of the kernels among them.",
    )
    at = ",".join(map(str, story.start.at))
    hint = (
        f"pellucid trace with --layer {story.start.layer} --at {at} opens this value, "
        "or any other, into all its terms; pellucid backward does so with gradients."
    )
    yield d.Section("", [prose(hint)])


def _guessed(story: Story) -> list[int]:
    """The likeliest classes, and the truth where it is not among them."""
    classes = story.activations.classes
    found = [classes.index(guess.name) for guess in story.trace.guesses(MOST_CLASSES)]
    truth = classes.index(story.truth)
    return found if truth in found else [*found, truth]
