"""The timer's pass: finds work that no event delivered, and reports what a person should know.

Four things: the round (`round`), how far it came (`cursor`), a group's turn (`turn`), and what came of it (`tally`,
`report`). What cursor and report keep is read by `read_back`.
"""
