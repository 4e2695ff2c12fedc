"""Where state is kept. One module a store; each moves bytes and knows nothing of what is in them."""
