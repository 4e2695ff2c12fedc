"""What is remembered: shown, handed out, traced back, mended and taken apart."""
