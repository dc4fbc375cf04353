"""What must hold: safety at every effect, and how everything must end. Nothing here asks the code under test."""
