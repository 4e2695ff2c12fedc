"""What ftplan knows. Values and the laws between them: no files, no network, no clock.

Here lie the values, what follows from them alone, and the planner. Four sub-rooms hold the laws:

    deciding     what to do about one model
    money        what trainings cost, before and after
    gates        what may refuse a plan
    keeping      state and plans as text
"""
