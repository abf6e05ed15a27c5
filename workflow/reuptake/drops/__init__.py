"""Data drops: what they say they are, whether that is true, and their seal."""
