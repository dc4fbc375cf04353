"""`python -m ops` is `cos-concat`.

Until everything is imported there is nothing to put away: an interrupt then ends the process as it ends any other.
"""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)

from ops.command import main  # noqa: E402  what is imported here takes long enough to be interrupted
from ops.desk.mistakes import INTERRUPTED  # noqa: E402  likewise

if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # in the moment in which it gives the signal back
        code = INTERRUPTED
    sys.exit(code)
