"""Concentration-response curves: models, batched fitting, intervals, choice and verdict."""
