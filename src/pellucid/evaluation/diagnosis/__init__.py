"""What this machine is, what is installed, whether engines agree, and how fast they are."""
