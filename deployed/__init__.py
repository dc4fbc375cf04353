"""What is deployed, as values: names, limits, triggers, rights. `ops` makes it so; the local cloud goes by it too."""
