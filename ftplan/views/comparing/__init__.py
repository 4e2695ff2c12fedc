"""Models side by side: as text, Markdown, a page and JSON. What models and rows say is foreign, and is kept in."""
