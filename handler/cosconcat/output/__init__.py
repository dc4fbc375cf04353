"""Where a joined recording goes, and the tags it bears. Pure."""
