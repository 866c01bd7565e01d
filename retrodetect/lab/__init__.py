"""Laboratory: the simulator, public data sets, and the making of the shipped models.

Nothing that reads, labels or tallies imports it.
"""
