"""What is remembered of files between runs, by their content: one SQLite file that may be deleted at any time.

    cache        measurements by content, rules and tokenizer
    recognition  the hash of a file nobody wrote to since it was read

Knows how files are read.
"""
