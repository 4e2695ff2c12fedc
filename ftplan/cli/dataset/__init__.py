"""The commands on dataset files, which need no project."""
