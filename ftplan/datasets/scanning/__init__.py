"""One pass over a file: blocks read by one process, several, or a cluster, and put together as one measurement.

    measure    a dataset measured: facts, or every problem with its line
    scan       one machine: blocks in, hashes, counts and findings out
    shards     the same pass over pieces of a file; cluster: read by other machines
    overlap    rows that two files share

Knows rows, counting, reading and what is kept.
"""
