"""What each function does with what wakes it; the wiring of handler/*.py ends here."""
