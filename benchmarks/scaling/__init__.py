"""How steps and passes share out among threads: compiled schedules, simulated."""
