"""Other people's files made into rows of ours: ShareGPT, Alpaca, prompts with answers, preference pairs.

    conversion  records in, wire rows out, and every record that cannot be one
    sources     foreign files as records: JSON, CSV, Parquet (by extra)

Imported by `dataset convert` alone.
"""
