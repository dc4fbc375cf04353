"""The ways of naming that need nothing but a name: one table, one row each.

A recorder's row is one or more templates, the first match wins, and what usually goes with them. Each holds two
listings as its source shows them: they are what the row is tested with, and what `docs/naming.md` shows.
"""

from __future__ import annotations

from typing import NamedTuple


class Preset(NamedTuple):
    """A convention by name.

    `templates` are tried in order. `alone` are those of names that are a recording by themselves. `expression` is what
    no template can say (only `part-of` needs one), with the ways in which it may match a key. `completion` makes a
    group whole unless CONCAT_COMPLETION says otherwise, `first` is CONCAT_FIRST's default, `extensions` are fragments
    besides the media extensions. With `one_beginning` all names of a group are alike up to their number, which is no
    date or time. `source` says where the names are documented; `examples` are two listings from there.
    """

    completion: str
    templates: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    expression: str = ""
    ways: float = 1.0
    first: str = "auto"
    extensions: tuple[str, ...] = ()
    one_beginning: bool = False
    source: str = ""
    examples: tuple[tuple[str, ...], ...] = ()


PRESETS = {
    "part-of": Preset(
        "total",
        # `part` is never the end of a group: `_part_1_of_2` has no group at all.
        expression=r"(?is:(?P<group>(?:.*/)?[^/]+?)(?<![._/-]part)(?<!^part)[._-](?:part[._-]?)?"
        r"(?P<index>[0-9]{1,6})[._-]?of[._-]?(?P<total>[0-9]{1,6})\.(?P<ext>[0-9a-z]+))",
        ways=468.0**2,
    ),
    "folder": Preset("marker", ("{*}{index}.{ext}",), one_beginning=True),
    "timestamp": Preset("quiet:300", ("{group}_{time}_{end}.{ext}", "{group}_{time}.{ext}")),
    # Below: recorders, in the order of their names. Gaps exceed the length of a piece where names tell no end: they are
    # the recorders' usual ones, an hour for those that write hours. Quiet times are guesses: ten minutes where a server
    # uploads each piece when it ends, an hour where a person uploads a card.
    "agora": Preset(
        "quiet:600",
        ("{group}__uid_s_{group2}__uid_e_{index}.mp4", "{group}_{index}.mp4"),
        first="0",
        source="docs.agora.io/en/cloud-recording/develop/manage-files (MP4)",
        examples=(
            ("sid_c__uid_s_123__uid_e_0.mp4", "sid_c__uid_s_123__uid_e_1.mp4"),
            ("sid713476478245_cnameagora_0.mp4", "sid713476478245_cnameagora_1.mp4"),
        ),
    ),
    "agora-ts": Preset(
        "gap:300",
        (
            "{group}__uid_s_{group2}__uid_e_{group3}_{time:%Y%m%d%H%M%S%f}.{ext}",
            "{group}_{time:%Y%m%d%H%M%S%f}.{ext}",
        ),
        source="docs.agora.io/en/cloud-recording/develop/manage-files (TS and WebM)",
        examples=(
            (
                "sid713476478245_cnameagora__uid_s_123__uid_e_video_20190920125142485.ts",
                "sid713476478245_cnameagora__uid_s_123__uid_e_video_20190920125157485.ts",
            ),
            (
                "sid713476478245_cnameagora__uid_s_123__uid_e_audio_20190920125142485.ts",
                "sid713476478245_cnameagora__uid_s_123__uid_e_audio_20190920125157485.ts",
            ),
        ),
    ),
    "aws-chime": Preset(
        "gap:300",
        ("{time:%Y-%m-%d-%H-%M-%S-%f}.{ext}",),
        source="AWS Chime SDK, artifacts of media capture pipelines",
        examples=(
            ("p/video/2022-01-12-10-59-45-123.mp4", "p/video/2022-01-12-10-59-50-123.mp4"),
            ("p/audio/2022-01-12-10-59-45-123.mp4", "p/audio/2022-01-12-10-59-50-123.mp4"),
        ),
    ),
    "blackvue": Preset(
        "gap:600",
        # One letter is the mode of a dashcam with one camera; of two the last is the camera.
        (*(f"{{time:%Y%m%d_%H%M%S}}_{mode}.{{ext}}" for mode in "NEPM"), "{time:%Y%m%d_%H%M%S}_{*}{group:1}.{ext}"),
        source="names of BlackVue dashcams (viofosync, issue 24): <time>_<mode><camera>",
        examples=(
            ("Record/20240101_115500_NF.mp4", "Record/20240101_115600_EF.mp4", "Record/20240101_115700_NF.mp4"),
            ("Record/20240101_115500_NR.mp4", "Record/20240101_115600_ER.mp4", "Record/20240101_115700_NR.mp4"),
        ),
    ),
    "dahua": Preset(
        "gap:300",
        tuple(
            f"{device}{{time:%Y-%m-%d}}/{{{channel}}}/dav/{{time:%H}}/{{time:%H.%M.%S}}-{{end:%H.%M.%S}}{{*}}.{{ext}}"
            for device, channel in (("", "group"), ("{group}/", "group2"), ("{group}/{group2}/", "group3"))
        ),
        extensions=("dav",),
        source="names of Dahua's FTP uploads, <date>/<channel>/dav/<hour>/<start>-<end>[<kind>][…][…], in public code",
        examples=(
            (
                "2019-05-09/001/dav/21/21.04.49-21.05.14[M][0@0][0].mp4",
                "2019-05-09/001/dav/21/21.05.14-21.06.02[M][0@0][0].mp4",
            ),
            (
                "BackYard/2015-04-11/001/dav/03/03.28.59-03.29.26[M][0@0][0].dav",
                "BackYard/2015-04-11/001/dav/03/03.29.26-03.30.01[R][0@0][0].dav",
            ),
        ),
    ),
    "dji": Preset(
        "gap:1800",
        ("DJI_{time:%Y%m%d%H%M%S}_{*}_{group}.{ext}",),
        source="dji-sdk/Mobile-SDK-iOS, issue 486: DJI_<time>_<number>_<lens>",
        examples=(
            ("DJI_001/DJI_20251230055808_0001_D.MP4", "DJI_001/DJI_20251230055913_0002_D.MP4"),
            ("DJI_002/DJI_20231230055808_0007_W.MP4", "DJI_002/DJI_20231230055901_0008_W.MP4"),
        ),
    ),
    "dji-numbered": Preset(
        "quiet:3600",
        ("DJI_{index:4}.{ext}",),
        first="any",
        source="dji-sdk/Mobile-SDK-iOS, issue 223: DJI_<number> up to 0999; one recording a folder",
        examples=(("flight1/DJI_0023.MP4", "flight1/DJI_0024.MP4"), ("flight2/DJI_0997.MOV", "flight2/DJI_0999.MOV")),
    ),
    "ffmpeg": Preset(
        "quiet:600",
        ("{group}{index}.{ext}",),
        first="0",
        one_beginning=True,
        source="ffmpeg.org/ffmpeg-formats.html#segment (with -strftime use `timestamp` or a template)",
        examples=(("out000.mp4", "out001.mp4", "out002.mp4"), ("rec/cam-0.ts", "rec/cam-1.ts", "rec/cam-2.ts")),
    ),
    "frigate": Preset(
        "gap:120",
        tuple(
            f"{folder}{{time:%Y-%m-%d}}/{{time:%H}}/{{group}}/{{time:%M.%S}}.{{ext}}" for folder in ("", "recordings/")
        ),
        source="frigate, issue 9248",
        examples=(
            ("2024-01-26/10/front/00.08.mp4", "2024-01-26/10/front/00.18.mp4", "2024-01-26/10/front/00.28.mp4"),
            ("recordings/2024-01-26/10/back/59.40.mp4", "recordings/2024-01-26/10/back/59.50.mp4"),
        ),
    ),
    "gopro": Preset(
        "quiet:3600",
        (
            "GOPR{group:4}.{ext}",
            "GP{index:2}{group:4}.{ext}",
            "G{group:1}{index:2}{group2:4}.{ext}",
            "G{group:1}{group2:2}{index:4}.{ext}",
        ),
        source="toddmricker.com/gopro-file-naming-convention",
        examples=(
            ("100GOPRO/GOPR1234.MP4", "100GOPRO/GP011234.MP4", "100GOPRO/GP021234.MP4"),
            ("100GOPRO/GX010119.MP4", "100GOPRO/GX020119.MP4", "100GOPRO/GX030119.MP4"),
            ("100GOPRO/GHAA0001.MP4", "100GOPRO/GHAA0002.MP4"),
        ),
    ),
    "livekit": Preset(
        "quiet:600",
        ("{group}_{index:5}.{ext}",),
        first="0",
        source="docs.livekit.io/transport/media/ingress-egress/egress (segments; CONCAT_MARKER={group}.m3u8 ends one)",
        examples=(
            ("room_00000.ts", "room_00001.ts", "room_00002.ts"),
            ("path/to/my-output_00000.ts", "path/to/my-output_00001.ts"),
        ),
    ),
    "mediamtx": Preset(
        "gap:4200",
        ("{time:%Y-%m-%d_%H-%M-%S-%f}.{ext}",),
        source="mediamtx, issue 2364 (recordPath: %path/%Y-%m-%d_%H-%M-%S-%f)",
        examples=(
            ("yt/a/2026-02-06_06-58-04-599664.mp4", "yt/a/2026-02-06_06-59-04-601231.mp4"),
            ("cam/2025-01-22_10-02-31-729310.mp4", "cam/2025-01-22_10-02-36-729402.mp4"),
        ),
    ),
    "nginx-rtmp": Preset(
        "gap:4200",
        ("{group}-{time:%s}.{ext}",),
        source="nginx-rtmp-module, directive record_unique",
        examples=(
            ("mystream-1389499351.flv", "mystream-1389499651.flv"),
            ("live/cam-1-1389499351.flv", "live/cam-1-1389499471.flv"),
        ),
    ),
    "obs": Preset(
        "gap:1800",
        (
            "{time:%Y-%m-%d %H-%M-%S}.{ext}",
            "{time:%Y-%m-%d_%H-%M-%S}.{ext}",
            "{group} {time:%Y-%m-%d %H-%M-%S}.{ext}",
            "{group} {time:%Y-%m-%d_%H-%M-%S}.{ext}",
        ),
        source="obs-studio, issue 5371; obs-source-record, issue 164",
        examples=(
            ("show/2026-01-20 17-45-01.mkv", "show/2026-01-20_17-50-01.mkv", "show/2026-01-20_17-55-01.mkv"),
            ("Cam 2026-01-20 17-45-01.mkv", "Cam 2026-01-20_17-50-01.mkv"),
        ),
    ),
    "reolink": Preset(
        "gap:300",
        (
            *(  # the folder of a day is no part of the group: recordings go on at midnight
                f"{folder}Rec{{{camera}}}_{summer}{{time:%Y%m%d_%H%M%S}}_{{end:%H%M%S}}_{{*}}.{{ext}}"
                for folder, camera in (
                    ("Mp4Record/{time:%Y-%m-%d}/", "group"),
                    ("{group}/Mp4Record/{time:%Y-%m-%d}/", "group2"),
                    ("", "group"),
                )
                for summer in ("", "DST")
            ),
            "{group}_{time:%Y%m%d%H%M%S}.{ext}",
        ),
        source="names of Reolink's recordings, as reolink_aio reads them",
        examples=(
            (
                "Mp4Record/2020-12-22/RecM01_20201222_075510_075720_6D28808_1B468F9.mp4",
                "Mp4Record/2020-12-22/RecM01_20201222_075939_080140_6D28808_1A468F9.mp4",
            ),
            (
                "Mp4Record/2023-04-26/RecS02_DST20230426_145501_145818_2B14808_32F1E0.mp4",
                "Mp4Record/2023-04-26/RecS02_DST20230426_145918_150032_2B14808_32F1DF.mp4",
            ),
        ),
    ),
    "srs": Preset(
        "gap:600",
        (
            "{group}.{time:%s}.{ext}",
            "{group}/{group2}/{time:%Y/%m/%d}/{time:%Y.%m.%d.%H.%M.%S}.{ext}",
            "{group}/{group2}/{time:%Y/%m/%d}/{time:%H.%M.%S.%f}.{ext}",
            "{group}/{group2}/{group3}/{time:%Y/%m/%d}/{time:%H.%M.%S.%f}.{ext}",
        ),
        source="ossrs.io/lts/en-us/docs/v4/doc/dvr; ossrs/srs, issues 780 and 2717",
        examples=(
            ("live/livestream.1420254068776.flv", "live/livestream.1420254098790.flv"),
            ("live/test/2021/11/05/2021.11.05.01.58.13.flv", "live/test/2021/11/05/2021.11.05.01.58.43.flv"),
            (
                "ossrs.net/live/livestream/2015/01/03/10.57.30.776.flv",
                "ossrs.net/live/livestream/2015/01/03/10.58.00.790.flv",
            ),
        ),
    ),
    "tencent-live": Preset(
        "gap:300",
        ("{group}_{time:%Y-%m-%d-%H-%M-%S}_{end:%Y-%m-%d-%H-%M-%S}.{ext}",),
        source="tencentcloud.com/document/product/267/57044; a file is there about five minutes after it ends",
        examples=(
            (
                "live/s1_2024-01-01-10-05-00_2024-01-01-10-35-00.mp4",
                "live/s1_2024-01-01-10-35-00_2024-01-01-11-05-00.mp4",
            ),
            (
                "live/s_2_2024-01-01-10-05-00_2024-01-01-10-20-00.flv",
                "live/s_2_2024-01-01-10-20-00_2024-01-01-10-35-00.flv",
            ),
        ),
    ),
    "tesla": Preset(
        "gap:120",
        ("{time:%Y-%m-%d_%H-%M-%S}-{group}.{ext}",),
        source="tesla_dashcam, issue 121: one event and one camera is a recording",
        examples=(
            (
                "SentryClips/2024-01-01_12-04-30/2024-01-01_12-00-00-front.mp4",
                "SentryClips/2024-01-01_12-04-30/2024-01-01_12-01-00-front.mp4",
            ),
            (
                "SentryClips/2024-01-01_12-04-30/2024-01-01_12-00-00-left_repeater.mp4",
                "SentryClips/2024-01-01_12-04-30/2024-01-01_12-01-00-left_repeater.mp4",
            ),
        ),
    ),
    "trtc": Preset(
        "quiet:3600",
        (
            "{group}__UserId_s_{group2}__UserId_e_{group3}_{index}.mp4",
            "{group}_UserId_s_{group2}_UserId_e_{group3}_{index}.mp4",
            "{group}_{group2}_{index}.mp4",
        ),
        alone=(
            "{group}__UserId_s_{group2}__UserId_e_{group3}.mp4",
            "{group}_UserId_s_{group2}_UserId_e_{group3}.mp4",
            "{group}_{group2}.mp4",
        ),
        first="1",
        source="cloud.tencent.com.cn/document/product/647/111748 (MP4: a number only where a recording was sliced)",
        examples=(
            (
                "task/1400123456_12345_UserId_s_MTY4NjExOQ.._UserId_e_main_1.mp4",
                "task/1400123456_12345_UserId_s_MTY4NjExOQ.._UserId_e_main_2.mp4",
            ),
            ("1400_5678_1.mp4", "1400_5678_2.mp4"),
            ("task/1400123456_12345_UserId_s_MTY4NjExOQ.._UserId_e_aux.mp4",),
            ("1400_1.mp4",),
            ("1400_2.mp4",),
        ),
    ),
    "trtc-ts": Preset(
        "gap:300",
        (
            "{group}__UserId_s_{group2}__UserId_e_{group3}_{time:%Y%m%d%H%M%S%f}.ts",
            "{group}_UserId_s_{group2}_UserId_e_{group3}_{time:%Y%m%d%H%M%S%f}.ts",
            "{group}_{time:%Y%m%d%H%M%S%f}.ts",
        ),
        source="trtc.io/document/45169 (TS)",
        examples=(
            (
                "task/1400123456_12345__UserId_s_MTY4NjExOQ..__UserId_e_main_video_20330531094551825.ts",
                "task/1400123456_12345__UserId_s_MTY4NjExOQ..__UserId_e_main_video_20330531094603825.ts",
            ),
            ("task/1400123456_12345_20330531094551825.ts", "task/1400123456_12345_20330531094603825.ts"),
        ),
    ),
    "viofo": Preset(
        "gap:900",
        # A dashcam with one camera writes a number alone: read as a fraction, it moves no start by a second.
        (
            "{time:%Y_%m%d_%H%M%S_%f}.{ext}",
            "{time:%Y%m%d%H%M%S_%f}.{ext}",
            "{time:%Y_%m%d_%H%M%S}_{*}{group:1}.{ext}",
            "{time:%Y%m%d%H%M%S}_{*}{group:1}.{ext}",
        ),
        source="names of Viofo dashcams (viofosync, issue 24): <time>_<number><mode><camera>",
        examples=(
            ("Movie/2024_0101_115700_000101F.MP4", "Movie/2024_0101_115800_000102F.MP4"),
            ("Movie/2024_0101_115700_000101R.MP4", "Movie/2024_0101_115800_000102R.MP4"),
        ),
    ),
    "wyze": Preset(
        "gap:180",
        (
            "{group}/{time:%Y%m%d}/{time:%H}/{time:%M}.{ext}",
            "{group}/{group2}/{time:%Y%m%d}/{time:%H}/{time:%M}.{ext}",
        ),
        source="WyzeCameraLiveStream, issue 7: record/<date>/<hour>/<minute>.mp4",
        examples=(
            ("record/20210526/13/00.mp4", "record/20210526/13/01.mp4"),
            ("porch/record/20210526/14/17.mp4", "porch/record/20210526/14/18.mp4"),
        ),
    ),
    "zlmediakit": Preset(
        "gap:4200",
        tuple(
            f"{folders}{{time:%Y-%m-%d}}/{{time:%H-%M-%S}}{more}.{{ext}}"
            for folders in ("{group}/{group2}/", "{group}/{group2}/{group3}/", "{group}/")
            for more in ("", "-{*}")
        ),
        source="ZLMediaKit, issue 679",
        examples=(
            ("live/cam1/2021-01-07/01-41-28.mp4", "live/cam1/2021-01-07/01-46-28.mp4"),
            ("record/live/cam2/2021-01-07/01-41-02-0.mp4", "record/live/cam2/2021-01-07/01-46-02-1.mp4"),
        ),
    ),
}
