"""The timer's pass: finds work that no event delivered, and reports what a person should know."""
