"""What measures are called, and how they are written."""

from __future__ import annotations

MEASURES = {
    "accuracy": ("accuracy", "{:.2%}"),
    "mean_average_precision": ("mAP", "{:.2%}"),
    "map50": ("mAP at IoU 0.5", "{:.2%}"),
    "map": ("mAP at IoU 0.5 to 0.95", "{:.2%}"),
    "shown": ("shown from", "{:.2%}"),
    "bleu4": ("BLEU-4", "{:.2%}"),
    "bleu1": ("BLEU-1", "{:.2%}"),
    "micro_f1": ("micro F1", "{:.2%}"),
    "macro_f1": ("macro F1", "{:.2%}"),
    "threshold": ("threshold", "{:.2%}"),
    "r2": ("R²", "{:.4f}"),
    "mean_absolute_error": ("mean absolute error", "{:.4g}"),
    "word_accuracy": ("word accuracy", "{:.2%}"),
    "whole_texts": ("texts without an error", "{:.2%}"),
    "discriminator_loss": ("discriminator's loss", "{:.4f}"),
    "real": ("real taken for real", "{:.1%}"),
    "generated": ("generated taken for real", "{:.1%}"),
}
"""By name: the title, and the form of a value. Those of a task are in its order."""


def title_of(name: str) -> str:
    """What a measure is called."""
    return MEASURES.get(name, (name, ""))[0]


def form_of(name: str) -> str:
    """How a measure's value is written, for :meth:`str.format`."""
    return MEASURES.get(name, ("", "{:.4g}"))[1]


def in_words(name: str, value: float) -> str:
    """A measure with its value: ``R² 0.8113``."""
    return f"{title_of(name)} {form_of(name).format(value)}"
