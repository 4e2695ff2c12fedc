"""A plan as the comment of a pull request.

comment     all of it, within a host's limit
head        what stands above the fold
table       one line a model
folds       what is folded away
diff        what changed in a dataset
fit         parts with a rank, and what is cut of them first
notice      what is said of what was cut
marker      the hidden line that a comment is found again by
spans       code that foreign text cannot leave
"""
