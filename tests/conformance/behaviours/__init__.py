"""What the use cases rely on, matter by matter: each behaviour, how it is known, and the check that tells.

`known` is `documented` (with the page), `observed` (with the date, on a real account) or `assumed`. A behaviour
without a check cannot be brought about from outside.
"""

from __future__ import annotations

from tests.conformance.behaviours import changes, create_only, jobs, listing, objects, refusals, unseen
from tests.conformance.behaviours.behaviour import Behaviour

CHAPTERS = (objects, refusals, create_only, listing, changes, jobs, unseen)
ALL: list[Behaviour] = [one for matter in CHAPTERS for one in matter.CHAPTER.behaviours]
