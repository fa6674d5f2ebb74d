"""What learns from pictures, by scikit-learn's conventions."""

from __future__ import annotations

from pellucid.estimators.classifier import ImageClassifier

__all__ = ["ImageClassifier"]
