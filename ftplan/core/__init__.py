"""What ftplan knows. Values and the laws between them: no files, no network, no clock."""
