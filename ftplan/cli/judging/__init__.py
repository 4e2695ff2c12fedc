"""Evaluations put together of rows, answers and graders: what they cost, and what they say."""
