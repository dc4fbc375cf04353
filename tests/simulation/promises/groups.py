"""What its user means by a group, and what was done to it."""

from __future__ import annotations

from cosconcat.model import gid_of
from tests.simulation.models.objects import Content


class Group:
    """One recording as its user means it."""

    def __init__(self, name: str, keys: list[str], marker: str = "") -> None:
        self.name = name  # the group id
        self.gid = gid_of(name)
        self.keys = keys
        self.marker = marker
        self.listed: list[str] = []  # what the manifest lists, in its order; without a manifest nothing
        self.intro = ""
        self.output = ""  # what the manifest wants as the output's key
        self.original: dict[str, Content] = {}
        self.corrected: dict[str, Content] = {}  # the last thing the user did was to upload exactly this, all of it
        self.edits = 0
        self.disturbed = False  # the user did more than upload each piece once
