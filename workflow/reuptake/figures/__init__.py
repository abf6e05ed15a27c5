"""Figures: drawn from the result tables alone, the same bytes for the same tables."""
