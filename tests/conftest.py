"""What holds for every test."""

from hypothesis import settings

# A machine that is busy with something else must not fail a property: how long an example takes is no property here.
settings.register_profile("cos-concat", deadline=None)
settings.load_profile("cos-concat")
