"""The objects that are joined: whether they are still what was claimed, and the tag of CONCAT_CLEANUP=expire.

Reads and tags inputs; never removes one.
"""
