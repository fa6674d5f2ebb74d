"""The lab: a workbench in the browser around runs, on this machine alone."""
