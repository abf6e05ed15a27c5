"""In-vivo assays: comparisons of groups of animals, and what follows from them."""
