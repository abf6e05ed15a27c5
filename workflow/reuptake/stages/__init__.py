"""One module a stage of the workflow: read its files, call the pure functions, write its files."""
