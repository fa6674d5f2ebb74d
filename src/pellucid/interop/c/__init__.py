"""Networks as object files with a header of C, for programs that have no Python."""
