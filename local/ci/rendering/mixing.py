"""Sounds laid under or instead of the pieces' own (AudioMix, AudioMixArray), as a part of the filter graph.

Assumed, because no document tells: two mixes sound together, not one after the other; "Repeat" and "Once" are cut at
the end of the picture; the fade-out ends where the mix ends; EnableBgmFade fades each repetition in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from local.ci.errors import JobFailed
from local.ci.rendering.plan import Mix
from local.media.probe import NotMedia, sound_length


def mixed(
    mixes: Sequence[Mix],
    files: Mapping[str, Path],
    sound_format: str,
    total: float,
    inputs: list[str],
    graph: list[str],
    *,
    own: bool,
) -> str:
    """Adds the mixes' inputs and filters and returns the label of the final sound.

    Args:
        mixes: what to mix, at most two.
        files: where the sounds are.
        sound_format: the filter that brings a sound to the output's rate and channels.
        total: seconds of the output.
        inputs: ffmpeg's input arguments so far; extended.
        graph: the filter graph so far, which ends in [a] if `own`; extended.
        own: whether the pieces' own sound stays.

    Raises:
        JobFailed: an AudioSource is not a sound.
    """
    heard = ["a"] if own else []
    for number, mix in enumerate(mixes):
        length = _length(mix, files[mix.key])
        index = inputs.count("-i")
        inputs += [*(["-stream_loop", "-1"] if mix.repeat else []), "-i", str(files[mix.key])]
        sounding = total if mix.repeat else min(length, total)
        # Sample after sample: time stamps would leave a gap at each repetition of a sound with encoder padding.
        steps = [sound_format, "asetpts=N/SR/TB", f"atrim=duration={sounding:.6f}"]
        if mix.repeat and mix.seam_fade:
            seam = f"if(lt(t,{length:.6f}),1,min(1,mod(t,{length:.6f})/{mix.seam_fade:g}))"
            steps += ["asetnsamples=n=256:p=0", f"volume='{seam}':eval=frame"]
        if mix.fade_in:
            steps.append(f"afade=t=in:st=0:d={mix.fade_in:g}")
        if mix.fade_out:
            steps.append(f"afade=t=out:st={max(0.0, sounding - mix.fade_out):.6f}:d={mix.fade_out:g}")
        steps += ["apad", f"atrim=duration={total:.6f}"]
        graph.append(f"[{index}:a:0]{','.join(steps)}[m{number}]")
        heard.append(f"m{number}")
    if len(heard) == 1:
        return heard[0]
    labels = "".join(f"[{name}]" for name in heard)
    graph.append(f"{labels}amix=inputs={len(heard)}:duration=first:normalize=0[mixed]")
    return "mixed"


def _length(mix: Mix, path: Path) -> float:
    try:
        return sound_length(path)
    except NotMedia as error:
        raise JobFailed("ResourceNotSupported", f"AudioSource {mix.key}: {error}") from None
