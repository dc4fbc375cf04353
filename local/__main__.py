"""`python -m local up` and `python -m local invoke` are `cos-concat up` and `cos-concat invoke`."""

import sys

from ops.command import main

sys.exit(main(sys.argv[1:]))
