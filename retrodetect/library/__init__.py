"""Library: what a notebook opens, on top of the stages.

``arrays`` makes recordings of arrays and data frames, ``result`` is what labelling gives,
``doors`` reads, labels, measures and draws, ``many`` labels whole folders, ``interchange`` speaks
the formats of other tools, and ``validation`` compares strides with a reference.
"""
