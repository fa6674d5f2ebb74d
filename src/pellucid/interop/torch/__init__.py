"""Modules of PyTorch as models."""
