"""Where datasets come from: paths below the root, files named on a command line, addresses of storage services.

    paths      what a declared path means, opened safely
    files      what is named on a command line, read anywhere and written whole or not at all
    pinned     the digest that is wanted
    remote     objects fetched whole; shelter: kept by their digest

Knows how files are read and what is kept.
"""
