"""CONCAT_SINGLE=copy: from a claim that was won to a proven copy of its one piece, without a job.

Writes the copy, create-only, and `end`. Needs COS alone: HEAD of both, and a copy from the inputs to the outputs.
"""
