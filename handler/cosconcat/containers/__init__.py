"""What a file's own bytes say where a probe says nothing: decoder configurations, where each stream ends, its clock.

Reads are by range through a `RangedObject`, which bounds their number; whatever the bytes hold, a reader ends with an
answer or with InvalidInput. Nothing is decoded.
"""
