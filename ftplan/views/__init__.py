"""How ftplan speaks. Plans, events, problems and states in; text, JSON, Markdown, HTML, DOT and Mermaid out.

Flat are words, text and JSON; `markdown`, `pages` and `report` have the documents, and the latter two HTML.

Readers only: no view decides, fetches or saves anything. Whatever came from outside passes `style.clean` on its way
to a person. Rich is imported by `terminal` alone, and only when there is a terminal.
"""
