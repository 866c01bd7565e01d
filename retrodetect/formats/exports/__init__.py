"""Export formats, by app, maker or kind; each module lists its own in ``FORMATS``."""
