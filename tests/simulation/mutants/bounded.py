"""The guards by which everything is bounded, each as the mutant that is without it: groups that are set aside, pauses,
attempts without a job, a CI that wants to be left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.simulation.mutants.mutant import Mutant
from tests.simulation.plan import STRAINED, Plan


def _under(*strains: str, at: tuple[str, ...] = (), bad: int = 0) -> Callable[[Plan], bool]:
    return lambda plan: plan.strain in strains and (not at or plan.bad_call in at) and plan.bad >= bad


def _strained(
    name: str,
    where: str,
    old: str,
    new: str,
    breaks: str,
    on: Callable[[Plan], bool],
    promise: str = "G3",
    forced: Mapping[str, object] = MappingProxyType({}),
) -> Mutant:
    return Mutant(name, promise, f"cosconcat.{where}", old, new, breaks, on, STRAINED, forced)


_BAD, _HANGS, _KILLS = _under("hangs", "kills"), _under("hangs", at=("LIST", "GET")), _under("kills")

MUTANTS = (
    _strained(
        "aside-pause-not-growing", "functions.sweep.aside:SetAside.add",
        "self._groups[gid].times + 1 if gid in self._groups else 1", "1",
        "a group that hangs for ever takes its share of a run every ten minutes", _HANGS,
    ),
    _strained(
        "aside-not-kept", "functions.sweep.cursor:Cursor._save",
        '"aside": self.aside.as_json()', '"aside": {}',
        "the next round has forgotten which groups hang", _HANGS,
    ),
    _strained(
        "aside-for-ever", "functions.sweep.tally:Tally.attempt",
        "clock.now() < aside.until or", "True or",
        "a group that failed once after a long wait never has a turn again", _BAD,
    ),
    _strained(
        "aside-not-removed", "functions.sweep.aside:SetAside.got_on",
        "del self._groups[gid]", "pass",
        "a group that gets on again stays among those that hang", _BAD,
    ),
    _strained(
        "aside-forgiven-within", "functions.sweep.aside:SetAside.got_on",
        "self._groups.get(gid) is before", "gid in self._groups",
        "the turn around the help that hung forgives it: its pause never grows", _under("hangs"),
        forced={
            "bad_call": "DELETE", "naming": "part-of", "completion": "total", "cleanup": "delete", "verify": "duration",
            "most": 3, "stale": 600, "versioned": False, "edit": 0.0, "delete-refused": 0.6, "hang": 0.0,
        },
    ),
    _strained(
        "aside-forgiven-elsewhere", "functions.sweep.aside:SetAside.got_on",
        "and before.indexed == indexed", "",
        "a group that hangs in its turn is forgiven at its entry of the index", _under("hangs", at=("LIST",)),
    ),
    _strained(
        "aside-not-reported", "functions.sweep.tally:Tally.attempt",
        'self.findings.add("blocked", aside.group, reason=str(aside))', "pass",
        "nobody is told that a group is set aside", _BAD,
    ),
    _strained(
        "aside-unbounded", "functions.sweep.aside:SetAside.add",
        "if len(self._groups) > MOST_ASIDE:", "if False:",
        "the cursor grows with every group that ever hung", lambda plan: _BAD(plan) and plan.seed % 16 == 0,
    ),
    _strained(
        "deaths-not-noticed", "functions.sweep.cursor:Cursor.__init__",
        'state.get("running") is True and _is_over(state, began)', "False",
        "every run dies at the same group", _KILLS,
    ),
    _strained(
        "name-read-first", "functions.sweep.cursor:Cursor._died_at",
        "        self._save(running=True)\n", "",
        "every run dies at the claim whose name it wants to tell", _under("kills", at=("GET",)),
    ),
    _strained(
        "no-run-for-the-others", "functions.sweep.tally:Tally._is_for_the_others",
        "self._cursor.careful and aside.times > 1", "False",
        "groups at which runs die take turns, and no run gets to the others", _under("kills", bad=2),
    ),
    _strained(
        "waste-not-counted", "functions.sweep.tally:Tally._is_for_the_others",
        "self._wasted > self._may_waste", "False",
        "when the pauses of many are over at once, they take a run from the others",
        lambda plan: _under("hangs", bad=4)(plan) and plan.time_limit == 300,
    ),
    _strained(
        "lost-attempts-not-counted", "protocol.attempt:_not_listed",
        "if lost >= MOST_LOST:", "if False:",
        "a content whose POSTs never lead to a job is tried for ever", _under("no-job"), "G2",
    ),
    _strained(
        "lost-attempts-given-up-early", "protocol.attempt:_not_listed",
        "if lost >= MOST_LOST:", "if lost >= MOST_LOST - 1:",
        "a content is given up before its tenth attempt", _under("no-job"),
    ),
    _strained(
        "last-loss-alone-counts", "submission.submit:next_claim",
        "(*claim.earlier, claim.nonce) if lost", "(claim.nonce,) if lost",
        "only the last attempt without a job is remembered: neither the count nor the earlier jobs",
        _under("no-job"), "G2",
    ),
    _strained(
        "losses-without-a-pause", "protocol.attempt:_not_listed",
        "back_off(seen.claim.n) if seen.claim.earlier else 0", "0",
        "attempts that lead to no job follow one another without a pause", _under("no-job"), "G2",
    ),
    _strained(
        "refusal-for-all-not-heeded", "services:Submissions.answered",
        "if isinstance(failure, Blocked) and failure.for_all:", "if False:",
        "a CI that refuses all for now is asked again for every group", _under("throttled"), "G2",
    ),
    _strained(
        "silence-not-counted", "services:Submissions.answered",
        "elif self._unanswered >= MOST_UNANSWERED:", "elif False:",
        "a CI that does not answer is asked again for every group", _under("throttled"), "G2",
    ),
    _strained(
        "claimed-although-refused", "services:Submissions.may_claim",
        "if self.refusal is not None:", "if False:",
        "attempts are claimed that cannot be posted", _under("throttled"), "G2",
    ),
    _strained(
        "refused-post-repeated", "submission.submit:_post",
        "        job = services.ci.submit(services.config.bucket, request)\n",
        "        try:\n            job = services.ci.submit(services.config.bucket, request)\n"
        "        except Exception:\n            job = services.ci.submit(services.config.bucket, request)\n",
        "a POST that was refused because of too many is sent once more at once", _under("throttled"), "G2",
    ),
    _strained(
        "pause-after-refusals-not-growing", "submission.submit:end_without_job",
        "refusals = claim.refusals + 1", "refusals = 1",
        "a content that is refused again and again is posted every minute", _under("throttled"), "G2",
    ),
    _strained(
        "throttled-listing-believed", "cloud.job_listing:JobListing.bearing",
        "    for start, end in list(uncovered(since, until, self._recent(not_before))):\n",
        "    whole = read\n"
        "    for start, end in list(uncovered(since, until, self._recent(not_before))):\n"
        "        try:\n            listed = [*whole(start, end)]\n        except Exception:\n            listed = []\n"
        "        read = lambda a, b: listed\n",
        "a listing that is refused because of too many calls is taken for one without jobs", _under("throttled"), "G2",
    ),
)  # fmt: skip
