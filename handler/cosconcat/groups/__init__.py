"""Whether a group is whole, and what is missing: reads listings, markers and manifests; writes nothing."""
