"""Two contents of one dataset, held against each other row by row.

sketch        a row's likeness to others, in so few bits that nothing it says can be read off them
rowindex      what is kept of a dataset's rows: hashes, counts and sketches, and its file form
indexing      an index made of a file
pairing       which removed row became which added one
difference    two indexes made into a diff
texts         what changed rows say, cut and masked, for whoever asks
"""
