"""One module per export format; each has a ``FORMAT``."""
