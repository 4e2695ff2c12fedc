"""What a user does with rows before they are declared: parts, samples, profiles and mends them.

    halves     a file parted in two, like rows on one side; parting: so declared, and never written
    sampling   a few rows, the same ones each time
    profile    lengths, roles, tools
    mending    a clean copy, where nothing has to be guessed

Each is imported by its command alone, but parting, which a declared split needs as well.
"""
