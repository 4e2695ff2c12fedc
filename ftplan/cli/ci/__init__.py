"""A plan reviewed on a code host: one comment, found again after the merge."""
