"""Running compiled code in this process: memory, threads, the code cache."""
