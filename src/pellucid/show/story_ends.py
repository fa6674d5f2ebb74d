"""The end of a story: what the judges say of the answer, and what is learned from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.judges import BoxJudges, Judges, LabelJudges, NumberJudges, TextJudges
from pellucid.numerals import compared, place, probability, short
from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.backward import at_map
from pellucid.show.sentences import check_line, loss_line, settled_line, update_line
from pellucid.show.story_answers import shown, story_noun
from pellucid.show.sums import factored, prose
from pellucid.tasks import MultiLabel, Regression
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.explain.story import Story

MOST_PLACES = 4
"""How many products of a weight's gradient are shown."""


def judges_section(story: Story) -> d.Section:
    """What the lecture's three judges say."""
    return d.Section("Judges", list(_judges(story)), printed=False)


def _judges(story: Story) -> Iterator[d.Part]:
    task, truth = story.activations.model.task, story.truth
    if not story.label_given:
        yield prose(
            f"No truth was given (--label): what follows takes the network's own answer, {truth}, "
            "to be right.",
        )
    elif isinstance(task, Regression) or task.of_map:
        yield prose(f"The truth is {truth}.")
    elif isinstance(task, MultiLabel):
        own = "; ".join(story.trace.answer) or "no label"
        yield prose(f"The truth is {truth}; the answer is {own}.")
    else:
        right = "right" if story.truth == story.answer else "wrong"
        yield prose(f"The truth is {truth}: the answer {story.answer} is {right}.")
    rows = list(_sayings(story))
    yield d.Table("judges", ("judge", "how", "says"), rows, left=2)


def _sayings(story: Story) -> Iterator[tuple[str, str, str]]:
    """Each judge, how it judges, and what it says."""
    judges, gone = story.judges, story.backward
    if isinstance(judges, NumberJudges):
        names = story.activations.classes
        for name, error in zip(names, judges.absolute_errors, strict=True):
            yield f"absolute error of {name}", "|predicted − right|", written(error)
        how = "mean of (z − t)², both standardised"
        yield "squared error", how, written(judges.mean_squared_error)
        return
    if isinstance(judges, BoxJudges):
        how = "overlap a box of their class by half of their union or more"
        yield "boxes that are right", how, str(judges.right)
        yield "false alarms", "overlap none, or one that a surer box took", str(judges.false)
        yield "missed", "boxes of the picture that none took", str(judges.missed)
        return
    if isinstance(judges, TextJudges):
        how = "words exchanged, left out or added ÷ words said"
        yield "word error", how, f"{judges.errors}/{judges.words}"
        return
    if isinstance(judges, LabelJudges):
        how = "share of labels wrongly given or left out"
        yield "label error", how, written(judges.wrong_labels)
        how = "Σ (y − t)², t 1 for what is right, else 0"
        yield "squared error", how, written(judges.mean_squared_error)
        how = "mean over labels of −log y where right, else −log(1 − y)"
        yield "cross-entropy", how, written(judges.cross_entropy)
        return
    assert isinstance(judges, Judges)
    k = int(gone.targets.argmax())
    y = probability(gone.probabilities[k], gone.rest[k])
    how = "1 if another class is likelier"
    yield "classification error", how, written(judges.classification_error)
    how = "Σ (y − t)², t 1 for the truth, else 0"
    yield "mean squared error", how, written(judges.mean_squared_error)
    yield "cross-entropy", f"−log y, y = {y} of the truth", written(judges.cross_entropy)


def learning_section(story: Story) -> d.Section:
    """What is learned: y − t, and one weight's gradient and step."""
    parts = [*_at_scores(story), d.Section("One weight", list(_weight(story)), printed=False)]
    return d.Section("Learning", parts, printed=False)


def _at_scores(story: Story) -> Iterator[d.Part]:
    gone = story.backward
    if gone.of_map:
        yield prose(
            f"Learning begins at the outputs, with the gradient of the loss ({loss_line(gone)}):",
        )
        yield at_map(gone)
        if gone.settled:
            yield prose(settled_line(gone))
        return
    t, delta, minus = gone.targets, gone.at_logits, gone.differences
    loss = gone.learner.loss.kind.replace("_", "-")
    smoothing = getattr(gone.learner.loss, "label_smoothing", 0.0)
    smoothed = f" with label smoothing {smoothing:g}" if smoothing else ""
    same = np.allclose(delta, minus, rtol=1e-3, atol=1e-37, equal_nan=True)
    yield prose(
        _begins(story)
        + (
            ""
            if same
            else f" This network learned by {loss}{smoothed}, whose gradient is the last column."
        ),
    )
    y = gone.outputs if gone.of_numbers else gone.probabilities
    rest = np.ones_like(y) if gone.of_numbers else gone.rest
    rows = []
    for k in shown(story):
        cells = [t[k], minus[k], *(() if same else (float(delta[k]),))]
        name = gone.activations.classes[k]
        rows.append((name, probability(y[k], rest[k]), *map(written, cells)))
    what, sign = ("number", "z") if gone.of_numbers else (story_noun(story), "y")
    heads = (what, sign, "t", f"{sign} − t", *(() if same else ("∂loss/∂z",)))
    yield d.Table(f"{sign} − t", heads, rows)
    if gone.settled:
        yield prose(settled_line(gone))


def _begins(story: Story) -> str:
    """Where learning begins, in a sentence."""
    if story.backward.of_numbers:
        return (
            "Learning begins at the outputs with z − t, standardised numbers minus those that are "
            "right; half of their squares has this gradient."
        )
    many = ", of each label for itself" if story_noun(story) == "label" else ""
    return (
        "Learning begins at the scores with y − t, probabilities minus truth, the gradient of "
        f"plain cross-entropy{many}."
    )


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
        parts.append(f"({counted(len(opened) - len(chosen), 'smaller product')}: {written(rest)})")
    total, engine, difference = compared(opened.total, opened.gradient)
    if not any(term.delta for term in opened.terms):
        parts = ["0, since nothing is to be learned,"]
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
