"""What `.venv/bin/cos-concat` runs, by `python -S` and with interrupts ignored, until here: then one ends it silently.

Python answers an interrupt with a traceback while it starts, and without -S it imports all of `site` before any line of
ours. Importing `signal` takes long enough for one as well; `_signal` is built in.
"""

import sys

sys.path[0] = sys.path[0].rpartition("/")[0]  # the project, wherever the command is called

import _signal  # type: ignore[import-not-found]  # noqa: E402  built in, unknown to typeshed

_signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import site  # noqa: E402

site.main()

import runpy  # noqa: E402

runpy.run_module("ops", run_name="__main__")
