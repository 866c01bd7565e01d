"""Many recordings at once: what is to be done, who does it, what is kept and what is written."""
