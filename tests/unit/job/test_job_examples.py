"""The three requests of the API page from our own model, and its three answers read into types."""

from __future__ import annotations

from xml.etree.ElementTree import canonicalize

import pytest

from cosconcat.job.request import (
    Audio,
    AudioMix,
    ConcatFragment,
    ConcatTemplate,
    Container,
    EffectConfig,
    Input,
    Operation,
    Output,
    Request,
    Video,
)
from cosconcat.job.response import read_jobs
from cosconcat.model import Bucket

OUTPUT = Output(Region="ap-chongqing", Bucket="test-123456789", Object="output/out.${ext}")
HOST = "http://test-123456789.cos.ap-chongqing.myqcloud.com"
OPERATION_END = """
<Output><Region>ap-chongqing</Region><Bucket>test-123456789</Bucket><Object>output/out.${ext}</Object></Output>
<UserData>This is my data.</UserData><JobLevel>0</JobLevel>"""
REQUEST_END = "<CallBack>http://callback.demo.com</CallBack><CallBackFormat>JSON</CallBackFormat>"


def mix_xml(name: str) -> str:
    """One AudioMixArray item of the second example."""
    return f"""
    <AudioMixArray>
      <AudioSource>https://test-xxx.cos.ap-chongqing.myqcloud.com/{name}.mp3</AudioSource>
      <MixMode>Once</MixMode>
      <Replace>true</Replace>
      <EffectConfig>
        <EnableStartFadein>true</EnableStartFadein><StartFadeinTime>3</StartFadeinTime>
        <EnableEndFadeout>false</EnableEndFadeout><EndFadeoutTime>0</EndFadeoutTime>
        <EnableBgmFade>true</EnableBgmFade><BgmFadeTime>1.7</BgmFadeTime>
      </EffectConfig>
    </AudioMixArray>"""


def mix(name: str) -> AudioMix:
    """The same in our model."""
    return AudioMix(
        AudioSource=f"https://test-xxx.cos.ap-chongqing.myqcloud.com/{name}.mp3",
        MixMode="Once",
        Replace="true",
        EffectConfig=EffectConfig(
            EnableStartFadein="true",
            StartFadeinTime="3",
            EnableEndFadeout="false",
            EndFadeoutTime="0",
            EnableBgmFade="true",
            BgmFadeTime="1.7",
        ),
    )


def request(operation: Operation, *, with_input: bool) -> Request:
    """What all three examples have around their Operation."""
    return Request(
        Tag="Concat",
        Input=Input(Object="input/demo.mp4") if with_input else None,
        Operation=operation,
        CallBack="http://callback.demo.com",
        CallBackFormat="JSON",
    )


BY_TEMPLATE = (
    request(
        Operation(
            TemplateId="t1460606b9752148c4ab182f55163ba7cd", Output=OUTPUT, UserData="This is my data.", JobLevel="0"
        ),
        with_input=True,
    ),
    f"""<Request><Tag>Concat</Tag><Input><Object>input/demo.mp4</Object></Input><Operation>
    <TemplateId>t1460606b9752148c4ab182f55163ba7cd</TemplateId>{OPERATION_END}</Operation>{REQUEST_END}</Request>""",
)
BY_PARAMETERS = (
    request(
        Operation(
            ConcatTemplate=ConcatTemplate(
                ConcatFragment=(ConcatFragment(Url=f"{HOST}/start.mp4"), ConcatFragment(Url=f"{HOST}/end.mp4")),
                Audio=Audio(Codec="mp3"),
                Video=Video(Codec="H.264", Bitrate="1000", Width="1280", Height="720", Fps="30"),
                Container=Container(Format="mp4"),
                AudioMixArray=(mix("mix1"), mix("mix2")),
            ),
            Output=OUTPUT,
            UserData="This is my data.",
            JobLevel="0",
        ),
        with_input=True,
    ),
    f"""<Request><Tag>Concat</Tag><Input><Object>input/demo.mp4</Object></Input><Operation><ConcatTemplate>
    <ConcatFragment><Url>{HOST}/start.mp4</Url></ConcatFragment>
    <ConcatFragment><Url>{HOST}/end.mp4</Url></ConcatFragment>
    <Audio><Codec>mp3</Codec></Audio>
    <Video><Codec>H.264</Codec><Bitrate>1000</Bitrate><Width>1280</Width><Height>720</Height><Fps>30</Fps></Video>
    <Container><Format>mp4</Format></Container>{mix_xml("mix1")}{mix_xml("mix2")}
    </ConcatTemplate>{OPERATION_END}</Operation>{REQUEST_END}</Request>""",
)
SEVERAL_FILES = (
    request(
        Operation(
            ConcatTemplate=ConcatTemplate(
                ConcatFragment=(
                    ConcatFragment(Url=f"{HOST}/start.mp4", FragmentIndex="0", StartTime="0", EndTime="6"),
                    ConcatFragment(Url=f"{HOST}/middle.mp4", FragmentIndex="1"),
                    ConcatFragment(Url=f"{HOST}/end.mp4", FragmentIndex="2", StartTime="5", EndTime="10"),
                ),
                Container=Container(Format="mp4"),
            ),
            Output=OUTPUT,
            UserData="This is my data.",
            JobLevel="0",
        ),
        with_input=False,
    ),
    f"""<Request><Tag>Concat</Tag><Operation><ConcatTemplate>
    <ConcatFragment><Url>{HOST}/start.mp4</Url><FragmentIndex>0</FragmentIndex>
      <StartTime>0</StartTime><EndTime>6</EndTime></ConcatFragment>
    <ConcatFragment><Url>{HOST}/middle.mp4</Url><FragmentIndex>1</FragmentIndex></ConcatFragment>
    <ConcatFragment><Url>{HOST}/end.mp4</Url><FragmentIndex>2</FragmentIndex>
      <StartTime>5</StartTime><EndTime>10</EndTime></ConcatFragment>
    <Container><Format>mp4</Format></Container>
    </ConcatTemplate>{OPERATION_END}</Operation>{REQUEST_END}</Request>""",
)


@pytest.mark.parametrize(
    ("made", "printed"),
    [BY_TEMPLATE, BY_PARAMETERS, SEVERAL_FILES],
    ids=["by template", "by parameters", "several files"],
)
def test_the_pages_request_comes_out_of_our_model(made: Request, printed: str) -> None:
    """Same nodes, values, nesting and order as printed; and the printed request reads back into the same model."""
    assert canonicalize(made.to_xml().decode(), strip_text=True) == canonicalize(printed, strip_text=True)
    assert Request.from_xml(printed.encode()) == made


def answer(job_id: str, operation: str) -> bytes:
    """An answer of the page; all three differ only in the id and in Operation."""
    return f"""<Response><JobsDetail>
    <Code>Success</Code><Message/><JobId>{job_id}</JobId><State>Submitted</State>
    <CreationTime>2022-06-27T15:23:10+0800</CreationTime><StartTime>-</StartTime><EndTime>-</EndTime>
    <QueueId>p2242ab62c7c94486915508540933a2c6</QueueId><Tag>Concat</Tag>
    <Input><BucketId>test-123456789</BucketId><Object>input/demo.mp4</Object><Region>ap-chongqing</Region></Input>
    <Operation>{operation}{OPERATION_END}</Operation>
    </JobsDetail></Response>""".encode()


@pytest.mark.parametrize(
    ("job_id", "operation"),
    [
        (
            "j8d121820f5e411ec926ef19d53ba9c6f",
            "<TemplateId>t1460606b9752148c4ab182f55163ba7cd</TemplateId><TemplateName>concat_demo</TemplateName>",
        ),
        (
            "j8d121820f5e411ec926ef19d53ba9c5d",
            f"""<ConcatTemplate><ConcatFragment><Url>{HOST}/start.mp4</Url></ConcatFragment>
            <ConcatFragment><Url>{HOST}/end.mp4</Url></ConcatFragment><Audio><Codec>mp3</Codec></Audio>
            <Container><Format>mp4</Format></Container>{mix_xml("mix1")}{mix_xml("mix2")}<Index>1</Index>
            </ConcatTemplate>""",
        ),
        (
            "j8d121820f5e411ec926ef19d53ba9c5d",
            f"""<ConcatTemplate><ConcatFragment><Url>{HOST}/start.mp4</Url><StartTime>0</StartTime><EndTime>6</EndTime>
            </ConcatFragment><Container><Format>mp4</Format></Container></ConcatTemplate>""",
        ),
    ],
    ids=["by template", "by parameters", "several files"],
)
def test_the_pages_answer_is_read(job_id: str, operation: str) -> None:
    """`-` as a time, BucketId, an empty Message and wildcards left as they are."""
    read = read_jobs(answer(job_id, operation))
    assert (read.next_token, read.missing) == ("", ())
    (job,) = read.jobs
    assert (job.id, job.tag, job.state, job.code, job.message) == (job_id, "Concat", "Submitted", "Success", "")
    assert (job.output, job.output_key) == (Bucket("test-123456789", "ap-chongqing"), "output/out.${ext}")
    assert (job.user_data, job.files, job.media) == ("This is my data.", (), None)
    assert job.ended == 0
