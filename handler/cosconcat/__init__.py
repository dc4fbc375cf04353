"""cos-concat: joins recordings that arrive in COS in pieces, exactly once, and proves it before anything is removed."""

import gc

# What is imported from here on stays. Looking for garbage amid it takes a twentieth of a cold start.
gc.set_threshold(50_000)
