"""CONCAT_SINGLE=copy: from a claim that was won to a proven copy of its one piece, without a job."""
