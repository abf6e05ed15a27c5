"""The HTML report: self-contained pages made from the result tables and figures."""
