"""Step 4 of a story: the votes for the answer, and what is made of all outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import compared, place, probability
from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.story_maps import map_outputs, map_parts
from pellucid.show.sums import prose
from pellucid.show.titles import answer_bars
from pellucid.tasks import MultiLabel, Regression
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.explain.story import Story, StoryStep
    from pellucid.explain.value_terms import ValueTerms

MOST_VOTES = 6
"""How many of the answer's products are shown, the largest by size."""

MOST_CLASSES = 5
"""How many guesses are shown; the truth beside them."""

MOST_NUMBERS = 12
"""How many of a model's numbers are shown."""


def answer_parts(story: Story, described: StoryStep) -> Iterator[d.Part]:
    """Step 4: the votes for the answer, and what is made of all outputs."""
    opened = described.opened
    assert opened is not None
    terms, count = opened.terms, len(opened)
    chosen = opened.largest(MOST_VOTES)
    if described.term is not None and described.term not in chosen:
        chosen[-1] = described.term
    title = described.step.title.rpartition(": ")[0]
    if opened.layer != described.step.name:  # the layers between hand the sum on
        title = opened.node.operation.title
    yield prose(
        f"{title[0].upper()}{title[1:]} ({opened.layer}): {_outputs(story)} the sum of "
        f"{counted(count, 'product')}; what is positive {_votes(story)}:",
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
    task, last = story.activations.model.task, story.steps[-1].opened
    if task.of_map:
        yield from map_parts(story)
    elif isinstance(task, Regression):
        yield d.Section("Units", list(_in_units(story, task)), printed=False)
    elif isinstance(task, MultiLabel):
        yield d.Section("Sigmoid", list(_sigmoid(story, task)), printed=False)
    else:
        yield d.Section("Softmax", list(_softmax(story, last)), printed=False)


def _outputs(story: Story) -> str:
    """Which output the votes are for."""
    task = story.activations.model.task
    if task.of_map:
        return map_outputs(story)
    count = len(task.names)
    if isinstance(task, Regression):
        return f"the standardised number for {story.answer} is"
    has = f"each of {counted(count, story_noun(story))} has a score, its logit"
    return f"{has}. The largest is that of {story.answer},"


def story_noun(story: Story) -> str:
    """What a story's outputs stand for: classes or labels."""
    return "label" if isinstance(story.activations.model.task, MultiLabel) else "class"


def _votes(story: Story) -> str:
    numbers = isinstance(story.activations.model.task, Regression)
    return "raises it" if numbers else "votes for it"


def _sigmoid(story: Story, task: MultiLabel) -> Iterator[d.Part]:
    gone = story.backward
    y, rest, z, right = gone.probabilities, gone.rest, gone.outputs, gone.targets
    yield prose(
        "The sigmoid, 1/(1 + e^−z), makes a probability of each, whatever the others are; from "
        f"{task.threshold:.2%} on, the threshold, a label is given:",
    )
    rows = []
    for k in shown(story):
        truth = ["right" if right[k] else ""] if story.label_given else []
        given = "given" if y[k] >= task.threshold else ""
        e = written(float(np.exp(-z[k])))
        rows.append((task.classes[k], written(z[k]), e, probability(y[k], rest[k]), given, *truth))
    heads = ("label", "score z", "e^−z", "probability", "", *[""][: story.label_given])
    yield d.Table("sigmoid", heads, rows)
    yield d.Only("page", [answer_bars(story.activations)])


def _in_units(story: Story, task: Regression) -> Iterator[d.Part]:
    yield prose(
        "The network learned standardised numbers, (number − mean)/deviation of the training "
        "pictures. In their units, z · deviation + mean:",
    )
    z, read = story.backward.outputs, story.activations.answer
    rows = [
        (task.columns[k], *map(written, (z[k], task.scale[k], task.mean[k], read[k])))
        for k in shown(story)
    ]
    heads = ("number", "z", "· deviation", "+ mean", "= number")
    yield d.Table("in the numbers' units", heads, rows)


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
    for k in shown(story):
        truth = ["the truth" if classes[k] == story.truth else ""] if story.label_given else []
        z, e = opened.terms.values[k], facts["exponentials"][k]
        rows.append((classes[k], written(z), written(e), probability(y[k], rest[k]), *truth))
    total = (f"all {len(classes)}", "", written(facts["sum"]), written(float(y.sum())))
    rows.append((*total, *([""] if story.label_given else [])))
    heads = ("class", "score z", "e^(z − largest)", "probability", *[""][: story.label_given])
    yield d.Table("softmax", heads, rows, totals=1)
    yield d.Only("page", [answer_bars(story.activations)])


def shown(story: Story) -> list[int]:
    """The likeliest classes or labels, and what is right where it is not among them; or numbers."""
    if isinstance(story.activations.model.task, Regression):
        return list(range(min(len(story.activations.classes), MOST_NUMBERS)))
    found = (-story.activations.answer).argsort(kind="stable")[:MOST_CLASSES].tolist()
    right = np.flatnonzero(story.backward.targets == 1.0).tolist()
    return [*found, *(k for k in right if k not in found)]
