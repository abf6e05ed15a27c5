"""Quality of plates: metrics, limits and verdicts."""
