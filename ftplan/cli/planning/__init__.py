"""A plan made, saved, and carried out."""
