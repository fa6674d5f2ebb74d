"""Makes the documentation's site of what the repository has: pages, public names, commands."""
