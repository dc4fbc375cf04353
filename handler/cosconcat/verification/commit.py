"""From a job that CI calls successful to the record that decides what may be removed.

Success alone proves nothing: a join can lose half its content and exit cleanly. So the output is looked at (is it
there, is it what CI wrote), its length is held against the fragments' own, and the fragments are looked at once more
(are they still what was joined). Only then does `end` say clean. Probes are paid calls: they are made here and
nowhere else on the normal way.

    HEAD output ─► probe fragments ─► verify ─► HEAD fragments, newcomers? ─► end {clean | keep | superseded | gave-up}
"""

from __future__ import annotations

from collections.abc import Mapping

from cosconcat.errors import NotYet, ServiceUnavailable
from cosconcat.groups.survey import newcomers
from cosconcat.inputs.heads import FreshHeads
from cosconcat.job.compose import compose, transition_seconds
from cosconcat.model import Head, Job, Media, ObjectInfo, OutputFile, ProbeError
from cosconcat.output.key import expand
from cosconcat.records.records import Claim, End, Next, Proof, Stamped
from cosconcat.services import Services
from cosconcat.verification import verify

UNPROBED_STALE = (
    24  # times CONCAT_STALE_SECONDS (a day by default) after which fragments that no probe reads end the wait
)


def commit(services: Services, claim: Claim, job: Job) -> tuple[Stamped[End], FreshHeads | None]:
    """Judge a successful job and write how its attempt ended; with `clean` also the HEADs it was decided by.

    Raises:
        NotYet: the output is not visible yet.
        ServiceUnavailable: a look at the output or a fragment failed for now.
    """
    config, ledger = services.config, services.ledger

    def ends(next_: Next, reason: str, proof: Proof | None = None) -> tuple[Stamped[End], None]:
        return ledger.create_end(claim, End(next_, "Success", reason, job.id, proof=proof)), None

    key = written_key(claim, job)
    if key is None:
        return ends("gave-up", f"job {job.id} wrote {[f.key for f in job.files][:3]}, not {claim.output_key}")
    head = services.cos.head(claim.output, key)
    if head is None:
        return _missing_output(services, claim, job, key)
    rule: str = config.verify
    verdict = _is_what_ci_wrote(job, key, head)
    if isinstance(verdict, verify.Verified):
        rule, verdict = _verify(services, claim, job, head)
    proof = Proof(key, head.object.etag, head.object.size, rule, verdict.figures)
    began = services.clock.now()
    checked = FreshHeads(services.cos.heads(config.bucket, list(_inputs(claim))), began)
    changed, rewritten = _compare(claim, checked.heads)
    if changed:
        return ends("superseded", f"changed while they were joined: {', '.join(changed[:5])}", proof)
    if isinstance(verdict, verify.Unverified):
        return ends("keep" if verdict.doubt else "gave-up", f"unverified: {verdict.reason}", proof)
    late = newcomers(services, claim.set)
    if late:
        return ends("superseded", f"arrived while the others were joined: {', '.join(late[:5])}", proof)
    if rewritten:
        reason = f"uploaded again while they were joined (CI may have read something else): {', '.join(rewritten[:5])}"
        return ends("keep", reason, proof)
    end = ledger.create_end(claim, End("clean", "Success", "", job.id, proof=proof))
    return end, checked if end.mine else None


def written_key(claim: Claim, job: Job) -> str | None:
    """The key of the finished job's output if it lies where the claim asked for it, else None.

    Raises:
        NotYet: when the job says nothing about its output and the key cannot be derived either.
    """
    asked = expand(claim.output_key, claim.format, job.id)
    if asked is None:
        raise NotYet(f"job {job.id}: its output key is not known yet")
    keys = [f.key.lstrip("/") for f in job.files]
    return asked if not keys or asked in keys else None


def _missing_output(services: Services, claim: Claim, job: Job, key: str) -> tuple[Stamped[End], None]:
    entry = services.ledger.claim(claim.gid, claim.rev, claim.n)
    if entry is None or entry.now - max(entry.written, job.ended) <= services.config.stale_seconds:
        raise NotYet(f"group {claim.group}: job {job.id} succeeded, {key} is not visible yet")
    reason = f"job {job.id} succeeded, but {key} is not there"
    return services.ledger.create_end(claim, End("gave-up", "Success", reason, job.id)), None


def _is_what_ci_wrote(job: Job, key: str, head: Head) -> verify.Verdict:
    """Size and MD5 of the object against what the job says it wrote; of many objects the sizes do not compare."""
    file = next((f for f in job.files if f.key.lstrip("/") == key), OutputFile(key))
    return verify.check_object(file, head, job.media if len(job.files) <= 1 else None)


def _verify(services: Services, claim: Claim, job: Job, head: Head) -> tuple[str, verify.Verdict]:
    """By which rule the output was judged, and how."""
    config = services.config
    joined = _joined(claim)
    if config.verify == "none":
        return "none", verify.Verified({"rule": "none"})
    if config.verify == "size" and _joined_directly(services, claim):
        return "size", verify.check_size([o.size for o in joined], head.object.size)
    output = _output_media(services, claim, job, head)
    if isinstance(output, verify.Unverified):
        return "duration", output
    try:
        probes = services.cos.media(config.bucket, [o.key for o in joined])
    except ServiceUnavailable as failure:
        entry = services.ledger.claim(claim.gid, claim.rev, claim.n)
        since = entry.now - max(entry.written, job.ended) if entry else 0
        if since <= UNPROBED_STALE * config.stale_seconds:  # late to be looked at is not the same as long unreadable
            raise
        return "duration", verify.Unverified(f"for {since} s the fragments could not be probed: {failure}")
    pieces, overlap = _pieces(claim, probes), transition_seconds(config, claim.set)
    length = verify.check_duration(pieces, output, overlap)
    if isinstance(length, verify.Unverified):
        return "duration", length
    shown = job.media if job.media is not None else output  # of a playlist only the job says which tracks it has
    tracks = verify.check_tracks(pieces, shown, _left_out(services, claim), (len(pieces) - 1) * overlap)
    return "duration", length if isinstance(tracks, verify.Verified) else tracks


def _left_out(services: Services, claim: Claim) -> set[str]:
    """The kinds of track that the request itself asks to leave out, by a `Remove` node."""
    operation = compose(services.config, claim.set, claim.output_key, str(claim.token), callback="").Operation
    template = operation.ConcatTemplate if operation else None
    if template is None:
        return set()
    video, audio = template.Video, template.Audio
    asked = {
        "video": video is not None and video.Remove == "true",
        "audio": audio is not None and audio.Remove == "true",
    }
    return {kind for kind, remove in asked.items() if remove}


def _joined_directly(services: Services, claim: Claim) -> bool:
    """Whether bytes may prove the join: only where it is known that nothing was transcoded.

    Not with a template, whose parameters are not known here. With CONCAT_ON_MIXED=transcode only the job's record tells
    whether the fragments were alike; a job that was adopted has none, and is judged by its length.
    """
    request = compose(services.config, claim.set, claim.output_key, str(claim.token), callback="")
    if claim.format == "hls":  # many objects: the playlist's bytes are not the recording's
        return False
    if not request.direct or (request.Operation is not None and request.Operation.TemplateId):
        return False
    if services.config.on_mixed != "transcode":
        return True
    record = services.ledger.job(claim.gid, claim.rev, claim.n)
    return record is not None and record.record.direct


def _output_media(services: Services, claim: Claim, job: Job, head: Head) -> Media | verify.Unverified:
    """The length of the output: of a playlist from itself, otherwise from the job, or from a probe if it says none."""
    if claim.format == "hls":
        return whole_playlist(services, claim, head)
    if job.media is not None and job.media.duration:
        return job.media
    key = head.object.key
    probed = services.cos.media(claim.output, [key])[key]
    if isinstance(probed, ProbeError):
        return verify.Unverified(f"{key} cannot be probed: {probed.code} {probed.message}")
    return probed


def whole_playlist(services: Services, claim: Claim, head: Head) -> Media | verify.Unverified:
    """The length of an hls output, if its playlist is complete and every segment is there."""
    key = head.object.key
    stored = services.cos.get(claim.output, key)
    playlist = verify.read_playlist(stored.body if stored else b"", key)
    whole = verify.check_playlist(playlist, services.cos.heads(claim.output, playlist.segments))
    return whole if isinstance(whole, verify.Unverified) else Media(playlist.seconds, head.object.size)


def _pieces(claim: Claim, probes: Mapping[str, Media | ProbeError]) -> list[verify.Piece]:
    trims = {f.object.key: (f.start, f.end) for f in claim.set.fragments}  # a direct join with trims is refused
    return [verify.Piece(o.key, probes[o.key], *trims.get(o.key, ("", ""))) for o in _joined(claim)]


def _joined(claim: Claim) -> list[ObjectInfo]:
    """Everything the job joined, in order."""
    around = claim.set
    first = [around.intro] if around.intro else []
    last = [around.outro] if around.outro else []
    return [*first, *(f.object for f in around.fragments), *last]


def _inputs(claim: Claim) -> dict[str, ObjectInfo]:
    """What must still be what it was: everything joined, and the marker, which would be removed too."""
    marker = [claim.set.marker] if claim.set.marker else []
    return {o.key: o for o in [*_joined(claim), *marker]}


def _compare(claim: Claim, heads: Mapping[str, Head | None]) -> tuple[list[str], list[str]]:
    """Keys whose content is no longer what was joined, and keys that only look the same (A-B-A)."""
    changed: list[str] = []
    rewritten: list[str] = []
    for key, joined in _inputs(claim).items():
        head = heads[key]
        if head is None or not head.object.same_content(joined):
            changed.append(key)
        elif head.object.last_modified != joined.last_modified and joined != claim.set.marker:
            rewritten.append(key)
    return changed, rewritten
