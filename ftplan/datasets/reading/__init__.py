"""Bytes of dataset files: found below a root, expanded, put one behind the other, and cut into lines.

    walking    one path component at a time, so that no symlink leads out
    patterns   what `*`, `?` and `[...]` mean, in the same order everywhere
    derived    bytes made of files, opened and read again like one file
    lines      whole lines in blocks, in bounded memory

Knows the rows' faults, to say what is wrong with a path.
"""
