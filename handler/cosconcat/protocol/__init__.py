"""One content, one step further, whoever asks: decided by its records and CI alone.

The decisions (`attempt`, `content`, `day`) are pure. `run`, `closing` and `reserving` make the calls that they ask for,
and write claims, ends and slots; they need both ports and the ledger.
"""
