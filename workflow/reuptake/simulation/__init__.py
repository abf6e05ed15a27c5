"""Simulated data drops: wells whose true affinities are known.

Three steps, each in its own module: the expected signal of a well from the true constants
(:mod:`.signal`), a plate with the errors of a real one (:mod:`.plates`), and the files an
instrument and a chemist would leave (:mod:`.files`). :mod:`.demonstration` holds the design of
the drops that come with the project; ``python -m reuptake.simulation data/drops`` writes them.
"""
