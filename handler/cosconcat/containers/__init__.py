"""What a file's own bytes say where a probe says nothing: decoder configurations, where each stream ends, its clock.

Reads are by range through a `Window`, which bounds their number; whatever the bytes hold, a reader ends with an answer
or with InvalidInput. Nothing is decoded.
"""
