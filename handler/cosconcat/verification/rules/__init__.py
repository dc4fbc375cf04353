"""Is everything of the pieces in the output? Rules over what probes say: no call, no clock. Their table: `table.py`."""
