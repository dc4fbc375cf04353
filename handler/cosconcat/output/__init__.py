"""Where a joined recording goes, and the tags it bears: keys and tags are pure, `choice` looks at the key it takes.

Reads HEAD and tags of that key, and records; writes reservations of keys.
"""
