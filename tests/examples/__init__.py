"""The examples that are programs."""
