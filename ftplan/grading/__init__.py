"""Who is right. Answers held against what was wanted, and what that says of a model.

    graders      one answer, from 0 to 1, and why: a kind of grader each
    bootstrap    what a mean of so few rows is worth
    verdict      whether a model has passed, in figures and in words

Knows errors and core. Asks nobody: what a judge is to be asked is handed back as a question.
"""

from ftplan.grading.graders import Grade, Grader, graders_for
from ftplan.grading.verdict import Verdict, eval_digest, verdict

__all__ = ["Grade", "Grader", "Verdict", "eval_digest", "graders_for", "verdict"]
