"""From raw counts to transporter selectivity."""

__version__ = "0.1.0"
