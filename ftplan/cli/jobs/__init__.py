"""What goes on at the providers: jobs watched, measured, paused and given up."""
