"""Measurements of the package, run by hand."""
