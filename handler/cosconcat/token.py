"""The token that ties a job to its claim: in the job's UserData and in its callback URL."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEXT = r"cosconcat/(?P<gid>[0-9a-f]{32})/(?P<rev>[0-9]{4,})/(?P<n>[0-9]{4,})/(?P<nonce>[0-9a-f]{32,64})"


@dataclass(frozen=True)
class Token:
    """`gid` and `rev` name the content, `n` the attempt, `nonce` the one claim that may have posted the job."""

    gid: str
    rev: int
    n: int
    nonce: str

    def __str__(self) -> str:
        return f"cosconcat/{self.gid}/{self.rev:04}/{self.n:04}/{self.nonce}"

    @classmethod
    def parse(cls, text: str) -> Token | None:
        """The token in a job's UserData, or None when the text is not exactly one of ours."""
        found = re.fullmatch(_TEXT, text)
        if found is None:
            return None
        return cls(found["gid"], int(found["rev"]), int(found["n"]), found["nonce"])
