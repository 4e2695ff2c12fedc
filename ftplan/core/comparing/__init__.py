"""What is asked of models, what they answer, and what follows from it: laws of comparisons. It sends nothing."""
