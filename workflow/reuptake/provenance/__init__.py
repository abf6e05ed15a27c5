"""Where the results come from: the record of a run, its check, and the way back to the wells."""
