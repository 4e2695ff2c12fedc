"""What a row is: the rules each row is held to, its formats, and its text read strictly or fast.

    rules      every rule by its name, with its source
    formats    which format a row has, and what is wrong with it
    remarks    what is worth a warning in a row that breaks no rule
    jsonrow    one line as a value, read strictly; fastrow: the same at the speed of C
    framing    which texts of a row count as tokens

Knows no file and no other sub-room.
"""
