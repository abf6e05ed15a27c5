"""The configuration: typed models, loading with line numbers, and each stage's share of it."""
