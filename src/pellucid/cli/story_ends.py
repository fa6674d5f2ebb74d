"""The end of a story: the answer with its softmax, the judges, and what is learned from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.cli.story_numbers import factored, short, tell
from pellucid.explain.pages.backward import check_line, settled_line, update_line
from pellucid.explain.pages.numbers import compared, figure, place, probability
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.explain.story import Story, StoryStep
    from pellucid.explain.value_terms import ValueTerms

MOST_VOTES = 6
"""How many of the answer's products are printed, the largest by size."""

MOST_CLASSES = 5
"""How many guesses are printed; the truth beside them."""

MOST_PLACES = 4
"""How many products of a weight's gradient are printed."""


def print_answer(console: Console, story: Story, told: StoryStep) -> None:
    """Print step 4: the votes for the answer, and the softmax of all scores."""
    from rich.table import Table
    from rich.text import Text

    opened = told.opened
    assert opened is not None
    terms, count = opened.terms, len(opened)
    chosen = opened.largest(MOST_VOTES)
    if told.term is not None and told.term not in chosen:
        chosen[-1] = told.term
    title = told.step.title.removesuffix(": logits")
    tell(
        console,
        f"{title[0].upper()}{title[1:]} ({printable(opened.layer)}): each of "
        f"{counted(told.step.shape[0], 'class')} has a score, its logit. The largest is that of "
        f"{printable(story.answer)}, the sum of {counted(count, 'product')}; what is positive "
        "votes for it:",
    )
    table = Table("reads", "at")
    for name in ("value", "× weight", "= product", ""):
        table.add_column(name, justify="right" if name else "left")
    for i in chosen:
        layer, at = opened.source(i)
        ours = "ours" if i == told.term else ""
        cells = (figure(each[i]) for each in (terms.values, terms.factors, terms.products))
        table.add_row(Text(printable(layer)), place(at), *cells, ours)
    console.print(table)
    parts = [figure(float(terms.products[chosen].sum()))]
    if count > len(chosen):
        rest = float(np.delete(terms.products, chosen).sum())
        parts.append(f"{counted(count - len(chosen), 'smaller product')} {figure(rest)}")
    if terms.bias:
        parts.append(f"bias {figure(terms.bias)}")
    together = f"together: {' + '.join(parts)} = " if len(parts) > 1 else ""
    total, engine, difference = compared(terms.total, opened.value)
    tell(
        console,
        f"{together}{total}; the engine's score is {engine}; the difference is {difference}",
        2,
        2,
    )
    _print_softmax(console, story, story.steps[-1].opened)


def _print_softmax(console: Console, story: Story, opened: ValueTerms | None) -> None:
    from rich.table import Table
    from rich.text import Text

    assert opened is not None
    facts, classes = opened.details, story.activations.classes
    y, rest = story.backward.probabilities, story.backward.rest
    console.print()
    tell(
        console,
        f"Softmax, e^z / Σ e^z, makes probabilities of them. The largest score, "
        f"{figure(facts['largest'])}, is subtracted from all first, which changes no share. The "
        "likeliest classes:",
    )
    table = Table("class")
    for name in ("score z", "e^(z − largest)", "probability"):
        table.add_column(name, justify="right")
    if story.label_given:
        table.add_column("")
    for k in _guessed(story):
        truth = ["the truth" if classes[k] == story.truth else ""] if story.label_given else []
        z, e = opened.terms.values[k], facts["exponentials"][k]
        table.add_row(
            Text(printable(classes[k])), figure(z), figure(e), probability(y[k], rest[k]), *truth
        )
    table.add_section()
    table.add_row(f"all {len(classes)}", "", figure(facts["sum"]), figure(float(y.sum())))
    console.print(table)


def print_judges(console: Console, story: Story) -> None:
    """Print what the lecture's three judges say."""
    from rich.table import Table

    judges, truth = story.judges, printable(story.truth)
    console.print()
    if story.label_given:
        right = "right" if story.truth == story.answer else "wrong"
        tell(console, f"The truth is {truth}: the answer {printable(story.answer)} is {right}.")
    else:
        tell(
            console,
            f"No truth was given (--label): what follows takes the network's own answer, {truth}, "
            "to be right.",
        )
    gone, k = story.backward, story.activations.classes.index(story.truth)
    y = probability(gone.probabilities[k], gone.rest[k])
    table = Table("judge", "how")
    table.add_column("says", justify="right")
    for name, how, value in (
        ("classification error", "1 if another class is likelier", judges.classification_error),
        ("mean squared error", "Σ (y − t)², t 1 for the truth, else 0", judges.mean_squared_error),
        ("cross-entropy", f"−log y, y = {y} of the truth", judges.cross_entropy),
    ):
        table.add_row(name, how, figure(value))
    console.print(table)


def print_learning(console: Console, story: Story) -> None:
    """Print y − t, and one weight's gradient and step."""
    from rich.table import Table
    from rich.text import Text

    gone, opened = story.backward, story.weight
    y, t, d, minus = gone.probabilities, gone.targets, gone.at_logits, gone.differences
    loss = gone.learner.loss.kind.replace("_", "-")
    smoothing = getattr(gone.learner.loss, "label_smoothing", 0.0)
    smoothed = f" with label smoothing {smoothing:g}" if smoothing else ""
    console.print()
    same = np.allclose(d, minus, rtol=1e-3, atol=1e-37, equal_nan=True)
    tell(
        console,
        "Learning begins at the scores with y − t, probabilities minus truth, the gradient of "
        "plain cross-entropy."
        + (
            ""
            if same
            else f" This network learned by {loss}{smoothed}, whose gradient is the last column."
        ),
    )
    table = Table("class")
    for name in ("y", "t", "y − t", *(() if same else ("∂loss/∂z",))):
        table.add_column(name, justify="right")
    for k in _guessed(story):
        cells = [t[k], minus[k], *(() if same else (float(d[k]),))]
        name = Text(printable(gone.activations.classes[k]))
        table.add_row(name, probability(y[k], gone.rest[k]), *map(figure, cells))
    console.print(table)
    if gone.settled:
        tell(console, settled_line(gone))
    console.print()
    tell(
        console,
        f"From there it goes back through every layer. The weight {printable(opened.name)} at "
        f"{place(opened.at)} made the largest product where we began. Its gradient is the sum of "
        f"{counted(len(opened), 'product')}, what it was multiplied with × "
        f"∂loss/∂{printable(story.start.layer)} at each place that it helped to make:",
    )
    chosen = opened.largest(MOST_PLACES)
    parts = [factored(short(opened.terms[i].factor), short(opened.terms[i].delta)) for i in chosen]
    if len(opened) > len(chosen):
        rest = opened.total - sum(opened.terms[i].product for i in chosen)
        parts.append(f"({len(opened) - len(chosen)} smaller products: {figure(rest)})")
    total, engine, difference = compared(opened.total, opened.gradient)
    tell(
        console,
        f"{' + '.join(parts) or '0'} = {total}; the engine's is {engine}; the difference is "
        f"{difference}",
        2,
        2,
    )
    for line in (check_line(opened), update_line(opened)):
        tell(console, line, 2, 2)
    count = sum(weight.size for weight in gone.gradients.weights.values())
    tell(
        console,
        f"All {count:,} weights and biases take such a step, those of the kernels among them.",
    )
    console.print()
    at = ",".join(map(str, story.start.at))
    tell(
        console,
        f"pellucid trace with --layer {printable(story.start.layer)} --at {at} opens this value, "
        "or any other, into all its terms; pellucid backward does so with gradients.",
    )


def _guessed(story: Story) -> list[int]:
    """The likeliest classes, and the truth where it is not among them."""
    classes = story.activations.classes
    found = [classes.index(guess.name) for guess in story.trace.guesses(MOST_CLASSES)]
    truth = classes.index(story.truth)
    return found if truth in found else [*found, truth]
