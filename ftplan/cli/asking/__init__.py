"""The commands that ask models: side by side for a reader, or for a verdict that lets an alias move."""
