"""Uptake: transport constants and inhibition constants."""
