"""Equilibrium binding: what a radioligand and a competitor do to a limited number of sites."""
