"""Explanations as people see them: pictures, and pages that need nothing else."""
