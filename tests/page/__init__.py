"""Tests of pages that compute."""
