"""Runs: many recordings at once, resumed where they stopped, and what is written about them."""
