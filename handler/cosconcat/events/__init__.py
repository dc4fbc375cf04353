"""What wakes a function, read once into values: COS events, messages about jobs, the timer and commands; HTTP answers.

Touches nothing but what it is handed.
"""
