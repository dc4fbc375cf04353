"""The create-only records that make the promises true: what they say, and the ledger that writes and reads them.

Touches objects under CONCAT_STATE_PREFIX only.
"""
