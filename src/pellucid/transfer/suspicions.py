"""What features tell of data before anything learns from them, as findings of ``check``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.check.decided import silenced
from pellucid.data.check.report import DataReport, Finding, found, gravest_first
from pellucid.files.feature_file import PARTS
from pellucid.metrics.chance import of_support
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.softmax import probabilities
from pellucid.tasks import Regression
from pellucid.text import counted, listed, printable, truncated
from pellucid.transfer.alike import alike_pairs, linked
from pellucid.transfer.choice import FOLDS
from pellucid.transfer.folds import make_folds
from pellucid.transfer.nearest import label_of
from pellucid.transfer.out_of_fold import out_of_fold
from pellucid.transfer.wrong_labels import doubtful_labels
from pellucid.transfer.wrong_numbers import corrected, spread_of, tell_nothing, trimmed_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pellucid.files.feature_file import FeatureSet

MOST_DOUBTS = 100
"""Labels that are reported as likely wrong, the most doubtful."""


def with_suspicions(
    report: DataReport,
    kept: FeatureSet,
    seed: int = 0,
    watching: Callable[[int, int], object] = lambda _done, _of: None,
) -> DataReport:
    """A report with what features tell: labels that are likely wrong, and copies hashing misses.

    Args:
        report: What was found without them.
        kept: The features of all pictures of the data.
        seed: Of the folds.
        watching: Called with how many folds are done, and of how many; may raise.
    """
    pairs = alike_pairs(kept.features)
    groups = linked(pairs, len(kept.features))
    known = [set(each.names) for each in report.findings if len(each.names) > 1]
    findings = list(report.findings)
    for one, other, similarity in pairs:
        names = kept.names[one], kept.names[other]
        if not any(known_names.issuperset(names) for known_names in known):
            findings.append(_about(kept, one, other, similarity))
    findings += _doubts(kept, groups, seed, watching)
    found_more = replace(report, findings=tuple(gravest_first(findings)))
    return silenced(found_more, report.decided) if report.decided else found_more


def _about(kept: FeatureSet, one: int, other: int, similarity: float) -> Finding:
    labels = label_of(kept, one), label_of(kept, other)
    parts = [PARTS[kept.parts[row]] for row in (one, other)]
    names = kept.names[one], kept.names[other]
    how = f"much alike as a trained body sees them (similarity {similarity:.3f})"
    same: dict[str, Any] = {"similarity": f"{similarity:.3f}"}
    if labels[0] != labels[1] and kept.task.kind != "regression":
        return found(
            "near-conflict", names, f"{how}, with {listed(labels)}", **same, labels=listed(labels)
        )
    if parts[0] != parts[1]:
        return found(
            "near-leakage", names, f"{how}, in the parts {' and '.join(parts)}", **same, parts=parts
        )
    return found(
        "near-duplicates",
        names,
        f"{how}, with {printable(labels[0])}",
        **same,
        labels=printable(labels[0]),
    )


def _doubts(
    kept: FeatureSet, groups: NDArray[np.int64], seed: int, watching: Callable[[int, int], object]
) -> Iterator[Finding]:
    """Labels that are likely wrong."""
    task, names = kept.task, kept.task.names
    if isinstance(task, Regression):
        yield from _doubtful_numbers(kept, task, groups, seed, watching)
        return
    if len(names) < 2 and task.of_one_class:
        return
    if task.of_one_class:
        strata, wanted = kept.targets, np.eye(len(names))[kept.targets]
    else:
        wanted = kept.targets.astype(np.float64)
        strata = kept.targets
    fold_of = make_folds(strata, groups, FOLDS, seed)
    outputs = out_of_fold(kept.features, wanted, task.loss(), fold_of, watching=watching)
    reported = 0
    if task.of_one_class:
        judged = np.flatnonzero(np.isfinite(outputs).all(axis=1))
        right = outputs[judged].argmax(axis=1) == kept.targets[judged]
        support = np.bincount(kept.targets[judged], minlength=len(names))
        worth = of_support(int(right.sum()), support, names) if len(judged) else None
        if worth is None or not worth.better_than_guessing:
            if worth is not None:  # who is right by chance alone cannot doubt others
                yield found(
                    "not-told-apart",
                    tuple(names),
                    f"{worth.accuracy:.2%} right of {counted(worth.count, 'picture')} "
                    f"({worth.interval}), by networks that did not learn from them; {worth.always} "
                    f"would be right in {worth.guessing:.2%}",
                    accuracy=f"{worth.accuracy:.2%}",
                    count=worth.count,
                    interval=[f"{end:.2%}" for end in (worth.low, worth.high)],
                    guess=truncated(worth.guess, 40),
                    guessing=f"{worth.guessing:.2%}",
                )
            return
        for doubt in doubtful_labels(probabilities(outputs), kept.targets)[:MOST_DOUBTS]:
            yield found(
                "likely-wrong-label",
                (kept.names[doubt.row],),
                f"labelled {printable(names[doubt.given])}, more likely "
                f"{printable(names[doubt.likely])} ({doubt.of_likely:.0%} against "
                f"{doubt.probability:.0%}, by networks that did not learn from it)",
                given=printable(names[doubt.given]),
                likely=printable(names[doubt.likely]),
                of_likely=f"{doubt.of_likely:.0%}",
                of_given=f"{doubt.probability:.0%}",
            )
        return
    for k, name in enumerate(names):
        given = sigmoid(outputs[:, k])
        both = np.stack([1 - given, given], axis=1)
        for doubt in doubtful_labels(both, kept.targets[:, k].astype(np.int64)):
            reported += 1
            if reported > MOST_DOUBTS:
                return
            without = "without" if doubt.given == 0 else "with"
            yield found(
                "likely-wrong-label",
                (kept.names[doubt.row],),
                f"{without} the label {printable(name)}, whose probability is "
                f"{both[doubt.row, 1]:.0%} by networks that did not learn from it",
                label=printable(name),
                given=doubt.given == 1,
                probability=f"{both[doubt.row, 1]:.0%}",
            )


def _doubtful_numbers(
    kept: FeatureSet,
    task: Regression,
    groups: NDArray[np.int64],
    seed: int,
    watching: Callable[[int, int], object],
) -> Iterator[Finding]:
    """Pictures one of whose numbers is likely wrong, the farthest out first."""
    labels = kept.targets.astype(np.float64)
    fold_of = make_folds(np.zeros(len(labels), np.int64), groups, FOLDS, seed)
    wanted = task.standardised(labels)
    outputs = out_of_fold(kept.features, wanted, task.loss(), fold_of, watching=watching)
    answers = task.values(outputs)
    judged = np.isfinite(answers).all(axis=1)
    if not judged.any():
        return
    if tell_nothing(*trimmed_errors(answers[judged], labels[judged])):
        return
    spread = spread_of(answers - labels)
    far, outlying = np.nan_to_num(spread.deviations), spread.outlying
    farthest = far.max(axis=1)
    doubted = np.flatnonzero(outlying.any(axis=1))
    order = doubted[np.argsort(-farthest[doubted], kind="stable")][:MOST_DOUBTS]
    for row in order.tolist():
        k = int(far[row].argmax())
        name, given, answer = printable(task.names[k]), labels[row, k], answers[row, k]
        yield found(
            "likely-wrong-label",
            (kept.names[row],),
            f"{name} is labelled {given:g}, and {answer:.4g} by networks that did not learn from "
            f"it, {far[row, k]:.1f} robust standard deviations away",
            number=name,
            given=f"{given:g}",
            answered=f"{answer:.4g}",
            deviations=f"{far[row, k]:.1f}",
            likely=corrected(labels[row], answers[row], outlying[row]),
        )
