"""The one folder that draws: a record becomes a document, which every medium renders.

    record → document (words, tables, bars, figures, maps, as data) → terminal, page, notebook

:mod:`pellucid.show.records` has the table of all kinds; :mod:`pellucid.show.document` says what
documents are made of. Records below reach it through :class:`pellucid.record.Record` alone.
"""
