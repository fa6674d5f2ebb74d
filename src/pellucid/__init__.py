"""Convolutional networks you can see through."""

from __future__ import annotations

from pellucid.version import __version__

__all__ = ["__version__"]
