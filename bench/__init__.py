"""What is measured, and against what: `make bench`, or one of them by name, `make bench NAME=calls`."""
