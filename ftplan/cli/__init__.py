"""Where rooms are joined. The only room that knows them all; it holds no rule of its own."""
