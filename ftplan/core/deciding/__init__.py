"""What to do about one model, by what is declared, remembered and seen: the decision table and what it looks at.

    Case               case          a declared model with everything that is known of it
    decide             decide        the table: first line that fits wins
    decide_undeclared  removal       what is managed and declared no more, and what a destroy takes
    Scope              scope         what -target and -exclude leave
    drift_notes        drift         what changed outside of ftplan

The plan is put together in `core/planner.py`.
"""
