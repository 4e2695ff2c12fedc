"""State and plans as text, and what must hold of them.

    encode, decode     codec         JSON, with versions and migrations
    to_plain           plain         values <-> plain data by their declared types
    encode_metrics     metrics_codec what a training measured, as it is kept with the state
    integrity_faults   integrity     what must hold in every state
    rebuild            rebuild       what a lost state can be made of again

A state of an older version is brought to today's when it is read.
"""
