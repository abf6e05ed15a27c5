"""Diagrams: schemes, workflows, timelines and graphs drawn from short texts."""
