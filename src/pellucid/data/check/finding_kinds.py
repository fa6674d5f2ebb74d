"""Everything that can be found in data: how grave it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["stops training", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("stops training", "warning", "note")
"""What makes every result worthless, or impossible; what can spoil it; what is good to know."""


@dataclass(frozen=True)
class FindingKind:
    """One kind of finding.

    Attributes:
        severity: How grave it is.
        title: What it is called.
        advice: What to do about it.
    """

    severity: Severity
    title: str
    advice: str


KINDS = {
    "no-pictures": FindingKind(
        "stops training", "no pictures that can be used", "add pictures to the folders of classes"
    ),
    "no-training-part": FindingKind(
        "stops training", "nothing to train with", "name the part to train with train"
    ),
    "one-class": FindingKind(
        "stops training", "one class only", "add a second class: there is nothing to tell apart"
    ),
    "class-without-pictures": FindingKind(
        "stops training",
        "a class without pictures to train with",
        "add pictures to it, or remove the class",
    ),
    "constant-target": FindingKind(
        "stops training",
        "a number that is the same for all pictures to train with",
        "give pictures with different numbers, or leave that column out",
    ),
    "conflicting-labels": FindingKind(
        "stops training",
        "the same picture in several classes",
        "keep each picture in the class that is right",
    ),
    "leakage": FindingKind(
        "stops training",
        "the same picture in several parts",
        "keep each picture in one part: a test of what was learned by heart tests nothing",
    ),
    "unusable": FindingKind(
        "warning", "files that cannot be used", "replace or remove them; training leaves them out"
    ),
    "unlisted": FindingKind(
        "warning", "folders that cannot be listed", "allow them to be read, or remove them"
    ),
    "near-conflict": FindingKind(
        "warning",
        "nearly the same picture in several classes",
        "look whether each is in the class that is right",
    ),
    "near-leakage": FindingKind(
        "warning",
        "nearly the same picture in several parts",
        "put pictures of one scene into one part",
    ),
    "group-overlap": FindingKind(
        "warning",
        "groups in several parts",
        "keep each group in one part: judging by what is known already says little of what is new",
    ),
    "likely-wrong-label": FindingKind(
        "warning",
        "labels that are likely wrong",
        "look at each, and put it where it belongs; hard pictures that are right may stay",
    ),
    "not-told-apart": FindingKind(
        "warning",
        "classes that features do not tell apart",
        "try another body (--from), larger pictures, or more of them; labels cannot be doubted so",
    ),
    "unlabelled": FindingKind(
        "warning",
        "pictures without annotations",
        "annotate them, with no box where nothing is to be found; training leaves them out",
    ),
    "box-without-area": FindingKind(
        "warning", "boxes without an area", "draw them again, or remove them; they are left out"
    ),
    "box-outside": FindingKind(
        "warning",
        "boxes outside their pictures",
        "draw them again, or remove them; they are left out",
    ),
    "box-inverted": FindingKind(
        "warning",
        "boxes with corners in the wrong order",
        "look whether they are where they belong; the corners are exchanged",
    ),
    "box-doubled": FindingKind(
        "warning",
        "boxes that are drawn twice",
        "remove one of each: a detector that finds a thing once is counted as missing the other",
    ),
    "without-captions": FindingKind(
        "warning",
        "pictures without captions",
        "write captions for them, or remove them; training leaves them out",
    ),
    "empty-caption": FindingKind(
        "warning", "captions without a word", "write them, or remove their lines; they are left out"
    ),
    "caption-doubled": FindingKind(
        "warning",
        "captions that a picture has several times",
        "keep one of each: it counts as often as it is there",
    ),
    "few-boxes": FindingKind(
        "warning", "classes with few boxes", "add pictures: of so few things little can be learned"
    ),
    "box-tiny": FindingKind(
        "warning",
        "boxes that are tiny for the network",
        "choose larger pictures (--image-size), or cut them into parts",
    ),
    "duplicates": FindingKind(
        "warning",
        "the same picture several times",
        "keep one of each: copies count double, and may be drawn for training and for the test",
    ),
    "small-class": FindingKind(
        "warning", "classes with few pictures", "add pictures: of so few little can be learned"
    ),
    "imbalance": FindingKind(
        "warning",
        "classes of very different sizes",
        "add pictures to the smaller ones, or weigh the classes; look at per-class results",
    ),
    "odd-names": FindingKind(
        "warning",
        "class names that look like mistakes",
        "rename or remove what is not meant: every name is a class of its own",
    ),
    "class-missing": FindingKind(
        "warning",
        "classes that a part lacks",
        "add pictures of them: what is not tested is not known",
    ),
    "tiny": FindingKind(
        "warning", "tiny pictures", "look whether they are icons or pictures cut off by mistake"
    ),
    "silent": FindingKind(
        "warning", "recordings without sound", "look whether they were cut or recorded by mistake"
    ),
    "near-duplicates": FindingKind(
        "note", "nearly the same picture several times", "keep one of each if they say nothing new"
    ),
    "near-withheld": FindingKind(
        "note",
        "pictures much alike that chance explains",
        "nothing, unless they were taken in sequence: then put each sequence into one part",
    ),
    "box-clipped": FindingKind(
        "note",
        "boxes that reach out of their pictures",
        "nothing, if the things do so, too: the boxes are cut off at the edge",
    ),
    "no-boxes": FindingKind(
        "note",
        "pictures without boxes",
        "nothing, if there is nothing to be found in them: they are learned as background",
    ),
    "huge": FindingKind("note", "huge pictures", "make them smaller: they are slow to read"),
    "wrong-ending": FindingKind(
        "note",
        "names that end for another format",
        "rename them; they are read by their content whatever their names",
    ),
    "several-frames": FindingKind(
        "note", "animations and files of several pages", "nothing: the first frame is used"
    ),
    "deep-values": FindingKind(
        "note", "pictures of more than 8 bits", "nothing: they are compared with all their bits"
    ),
    "understood": FindingKind(
        "note", "how the data were understood", "look whether that is what is meant"
    ),
    "decided": FindingKind(
        "note", "what was decided", "nothing: without --decisions they are reported again"
    ),
    "left-out": FindingKind("note", "what was left out", "move it if it belongs to the data"),
}
