"""cos-concat: joins recordings that arrive in COS in pieces, exactly once, and proves it before anything is removed."""
