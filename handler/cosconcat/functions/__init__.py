"""What each function does with what wakes it; the wiring of handler/*.py ends here.

Reads what it is asked about, and writes only what is its own: the sweep's cursor and report, the doctor's probe. All
else is done by the packages below.
"""
