"""SCF on one machine: functions in processes of their own, and everything that triggers them."""
