"""Media files: clips to try things with, what a file is made of, and reading a video back by decoding it."""
