"""From a claim that was won to its job: at most one POST, and CI's listing where its answer was lost.

Writes the index entry, the job record, and the end of an attempt that led to no job. Needs POST and GET /jobs, and HEAD
of what is about to be joined.
"""
