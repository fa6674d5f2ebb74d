"""What scripts/wheel does: build what users install, and try it where nothing else is."""
