"""What is wrong with a generator, in words: missing classes, sameness, copies, poor pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.text import listed, printable
from pellucid.training.diagnosis import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.evaluation.generation import GenerationReport, Judged

RARE = 0.5
"""A class that is generated less often than this share of how often it was learned is rare."""

LIKENESS = 0.6
"""Generated pictures whose distances among each other are below this share of those of learned
pictures resemble each other."""

COPIES = 0.02
"""More pictures nearer to a learned one than 99 % of real ones are show that it copies: twice as
many as of such real pictures."""

UNSURE = 0.9
"""Below this share of its confidence in real pictures a judge is unsure of generated ones."""

FAR = 1.25
"""Pictures this many times as far from learned ones as real pictures are do not look like them."""

STRANGE = 2.0
"""Pictures this many times as far are no pictures of the kind yet, whatever else is wrong."""

LONGER = "train for more epochs"


def generator_faults(report: GenerationReport) -> tuple[Diagnosis, ...]:
    """Look for the common faults of generators.

    Args:
        report: The judgement.

    Returns:
        What was found, collapse first; nothing of a good generator.
    """
    found = [*_sameness(report), *_copies(report)]
    if report.judged is not None:
        found = [*_missing(report.judged), *found, *_unsure(report.judged)]
    ratio = report.distance_ratio
    if not found and ratio is not None and ratio > FAR:
        found.append(
            Diagnosis(
                "unlike",
                f"generated pictures are {ratio:.2f} times as far from the nearest "
                "learned picture as real ones: they do not look like these yet",
                LONGER,
                {"distance_ratio": ratio},
            )
        )
    return tuple(found)


def _missing(judged: Judged) -> Iterator[Diagnosis]:
    rare = [row for row in judged.per_class if row.share < RARE * row.share_of_learned]
    if not rare:
        return
    words = listed(
        [
            f"{printable(row.name)} {row.share:.1%} instead of {row.share_of_learned:.1%}"
            for row in rare
        ],
        8,
    )
    yield Diagnosis(
        "collapse",
        f"partial collapse: {len(rare)} of {len(judged.per_class)} classes are hardly generated "
        f"({words})",
        f"{LONGER}, or with a lower learning rate or another seed",
        {"rare": float(len(rare)), "total_variation": judged.total_variation},
    )


def _sameness(report: GenerationReport) -> Iterator[Diagnosis]:
    if report.variety >= LIKENESS or (report.distance_ratio or 0.0) > STRANGE:
        return
    yield Diagnosis(
        "sameness",
        f"collapse: generated pictures are {report.variety:.0%} as far from each other as learned "
        "ones, so that many of them are nearly the same",
        "train with a lower learning rate, another seed, or larger batches",
        {"variety": report.variety},
    )


def _copies(report: GenerationReport) -> Iterator[Diagnosis]:
    if report.nearer <= COPIES or report.variety < LIKENESS:
        return
    yield Diagnosis(
        "copies",
        f"{report.nearer:.1%} of generated pictures are nearer to a learned one than 99 % of real "
        "pictures are: some may be copies",
        "look at the nearest pairs; learn from more pictures, or for fewer epochs",
        {"nearer": report.nearer},
    )


def _unsure(judged: Judged) -> Iterator[Diagnosis]:
    if judged.confidence >= UNSURE * judged.confidence_of_test:
        return
    yield Diagnosis(
        "unsure",
        f"the judge is sure of generated pictures to {judged.confidence:.1%} on average, and of "
        f"real ones to {judged.confidence_of_test:.1%}: many are no clear picture of any class",
        LONGER,
        {"confidence": judged.confidence, "confidence_of_test": judged.confidence_of_test},
    )
