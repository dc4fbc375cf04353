"""From a job that CI calls successful to the record that decides what may be removed. Reads; writes `end` only.

Needs HEAD, GET and probes of inputs and outputs; what a probe said once is read from its record.
"""
