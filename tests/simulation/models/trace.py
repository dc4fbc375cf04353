"""A schedule's trace in words that a person can read."""

from __future__ import annotations

from cosconcat.model import Head, Job, JobPage, Media, ObjectInfo, Page, Stored

SHOWN_SWEEPS = 2  # of those in peace; the rest of a schedule that does not come to its end is the same over and over


def brief(result: object) -> str:
    """What a port call answered, in a few words."""
    if result is None:
        return "nothing"
    if isinstance(result, Head):
        return _object(result.object)
    if isinstance(result, Stored):
        return result.body.decode(errors="replace")[:230]
    if isinstance(result, Page):
        more = f", more after {result.next_marker}" if result.next_marker else ""
        return f"[{', '.join(_object(found) for found in result.objects[:12])}{more}]"
    if isinstance(result, Job):
        return f"job {result.id[-4:]} {result.state}"
    if isinstance(result, JobPage):
        return f"[{', '.join(f'job {job.id[-4:]} {job.state}' for job in result.jobs)}]"
    if isinstance(result, Media):
        return "no length" if result.duration is None else f"{result.duration:.2f} s"
    if isinstance(result, bool | int | dict):
        return str(result)
    return "done" if type(result).__name__ == "Thing" else str(result)[:140]


def _object(found: ObjectInfo) -> str:
    short = found.key.rsplit("/", 2)[-1] if "/" in found.key else found.key
    return f"{short} {found.etag[-6:]} @{found.last_modified % 100_000}"


def readable(lines: list[str]) -> str:
    """The trace without the sweeps in peace that only repeat one another."""
    peace = next((at for at, line in enumerate(lines) if "----" in line), len(lines))
    starts = [at for at in range(peace, len(lines)) if lines[at].endswith("starts")]
    if len(starts) <= SHOWN_SWEEPS + 1:
        return "\n".join(lines)
    left_out = f"            ... {len(starts) - SHOWN_SWEEPS - 1} more sweeps ..."
    return "\n".join([*lines[: starts[SHOWN_SWEEPS]], left_out, *lines[starts[-1] :]])
