"""A trained network as one web page that computes: modules, weights, pictures and what draws them.

``Page`` collects what a page needs as JSON values and blobs; ``html`` writes the one file. The
sources of what runs in the page are in ``web/`` of the repository, their bundle in ``bundle/``.
"""

from pellucid.page.page import Feed, Page, make_page

__all__ = ["Feed", "Page", "make_page"]
