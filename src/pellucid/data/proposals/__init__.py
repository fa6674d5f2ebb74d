"""Places where a picture may show a thing, found without anything learned: selective search."""

from pellucid.data.proposals.kept import kept_proposals
from pellucid.data.proposals.selective_search import selective_search

__all__ = ["kept_proposals", "selective_search"]
