"""From a job that CI calls successful to the record that decides what may be removed. Reads; writes `end` only."""
