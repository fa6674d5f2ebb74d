"""Worksheets and their keys as documents, in English and Korean."""
