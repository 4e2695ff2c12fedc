"""How commands are typed, what they say and what they hear: no project is read here."""
