"""The three deployment files against the components' published schema, the functions' variables and the known traps."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.environment.variables import NAMES
from cosconcat.errors import ConfigurationError
from cosconcat.model import Bucket
from deployed import blueprint
from ops.desk.dotenv import UNSET, read_dotenv
from tests.support.serverless_components import EXCEPTIONS, LAYER, MULTI_SCF, problems, resolve

ROOT = Path(__file__).parents[2]
NOT_DEPLOYED = {"CONCAT_SCHEME"}  # plain http is for the local cloud alone
FILLED_IN = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}

Files = dict[str, Any]  # "root", "layer" and "functions": the parsed files


def read_files() -> Files:
    """The files as they are in the repository."""
    paths = {"root": "serverless.yml", "layer": "layers/serverless.yml", "functions": "handler/serverless.yml"}
    return {name: yaml.safe_load((ROOT / path).read_text("utf-8")) for name, path in paths.items()}


def example() -> dict[str, str]:
    """What a newcomer's `.env` holds: the example, with the two values that nobody can know beforehand."""
    return {**read_dotenv(ROOT / ".env.example").values, **FILLED_IN}


def traps(files: Files) -> Iterator[str]:
    """Each trap of the components' behaviour that `files`, resolved, would run into."""
    inputs, layer = files["functions"]["inputs"], files["layer"]["inputs"]
    yield from instance_traps(files["root"], files["layer"], files["functions"])
    for trigger in inputs["triggers"]:
        yield from trigger_traps(trigger, inputs["region"], set(inputs["functions"]))
    for name, function in inputs["functions"].items():
        yield from function_traps(name, function, inputs)
    yield from environment_traps({pair["key"]: pair["value"] for pair in inputs["environments"]})
    if "undefined" in yaml.safe_dump(files):
        yield "an unset ${env:...} is deployed as the text undefined"
    if not {".env", ".env.*"} <= set(inputs["src"].get("exclude", ())):
        yield "src: .env would be uploaded"
    if layer["region"] != inputs["region"]:
        yield "layer and functions in different regions"
    if layer["runtimes"] != [inputs["runtime"]]:
        yield "layer and functions for different runtimes"


def instance_traps(root: dict[str, Any], layer: dict[str, Any], functions: dict[str, Any]) -> Iterator[str]:
    """The traps of deploying two folders as one application."""
    if "component" in root:
        yield "root: a file with a component is deployed alone, the folders below are not"
    for child in (layer, functions):
        yield from (f"{child['name']}: {n} differs from the root's" for n in ("app", "stage") if child[n] != root[n])
    if layer["name"] == functions["name"]:
        yield "two instances of one name"
    reference = "${output:${stage}:${app}:" + layer["name"]
    if functions["inputs"]["layers"] != [{"name": reference + ".name}", "version": reference + ".version}"}]:
        yield "layers: not the layer deployed beside"


def function_traps(name: str, function: dict[str, Any], inputs: dict[str, Any]) -> Iterator[str]:
    """The traps of one function and of what it shares with the others."""
    if "environments" in function:
        yield f"{name}: its own environments replace the common ones"
    if "src" in function:
        yield f"{name}: its own src is cut out of the package, without the shared modules"
    if "environment" in {*function, *inputs}:
        yield f"{name}: environment is ignored by this component, environments is the name"
    if {"retryNum", "msgTTL"} & {*function, *inputs}:
        yield f"{name}: retryNum and msgTTL take effect with asyncRunEnable only, which has no retries at all"
    if function["timeout"] >= Config(Bucket("demo-1250000000", "ap-guangzhou")).lease_seconds:
        yield f"{name}: its time limit reaches CONCAT_LEASE_SECONDS"


def environment_traps(variables: dict[str, str]) -> Iterator[str]:
    """The traps of the functions' variables."""
    if any("${" in value for value in variables.values()):
        yield "environments: a value with ${...} would be resolved once more"
    if sum(len(name) + len(value.encode()) for name, value in variables.items()) > 4096:
        yield "environments: more than 4 KB"
    if any(name.startswith(("SCF_", "QCLOUD_", "TENCENTCLOUD_")) for name in variables):
        yield "environments: a reserved name"


def trigger_traps(trigger: dict[str, Any], region: str, functions: set[str]) -> Iterator[str]:
    """The traps of one trigger."""
    kind, parameters = trigger["type"], trigger["parameters"]
    if trigger["function"] not in functions:
        yield f"{kind}: no function {trigger['function']}"
    if kind != "http" and parameters.get("enable") is not True:
        yield f"{kind}: without enable the trigger is created closed"
    if kind == "http" and not parameters.get("netConfig", {}).get("enableExtranet"):
        yield "http: without netConfig the address can be reached from nowhere"
    if kind == "cos":
        if not re.fullmatch(rf"[a-z0-9-]+-\d+\.cos\.{region}\.myqcloud\.com", parameters["bucket"]):
            yield "cos: bucket must be the full domain, in the functions' region"
        if not parameters.get("filter", {}).get("prefix"):
            yield "cos: without a prefix the function is triggered by its own output"


def test_the_files_say_what_the_blueprint_says() -> None:
    """Names, roles, limits and triggers are written once in the code; the yml and `make deploy` make the same."""
    inputs = read_files()["functions"]["inputs"]
    assert (inputs["runtime"], inputs["memorySize"], inputs["initTimeout"]) == (
        blueprint.RUNTIME,
        blueprint.MEMORY_MB,
        blueprint.INIT_SECONDS,
    )
    named = {
        key: tuple(
            str(each[node]).replace("${app}", "cos-concat").replace("${stage}", "dev") for node in ("name", "role")
        )
        for key, each in inputs["functions"].items()
    }
    assert named == {spec.key: (blueprint.name("dev", spec.key),) * 2 for spec in blueprint.FUNCTIONS}
    for spec in blueprint.FUNCTIONS:
        found = inputs["functions"][spec.key]
        assert (found["handler"], found["timeout"]) == (spec.handler, spec.seconds)
    layer = read_files()["layer"]["inputs"]["name"].replace("${app}", "cos-concat").replace("${stage}", "dev")
    assert layer == blueprint.layer_name("dev")
    _, url, timer = (trigger["parameters"] for trigger in inputs["triggers"])
    assert (timer["name"], timer["cronExpression"]) == blueprint.timer_trigger()[2:]
    wanted = json.loads(blueprint.url_trigger().description)
    assert url["authType"] == wanted["AuthType"]
    assert {name[0].upper() + name[1:]: flag for name, flag in url["netConfig"].items()} == wanted["NetConfig"]
    cos = resolve(read_files(), example())["functions"]["inputs"]["triggers"][0]["parameters"]
    made = blueprint.cos_trigger("demo-1250000000.cos.ap-guangzhou.myqcloud.com", "fragments/")
    bound = {"event": cos["events"], "filter": {"Prefix": cos["filter"]["prefix"], "Suffix": cos["filter"]["suffix"]}}
    assert (cos["bucket"], bound) == (made.name, json.loads(made.description))


def test_files_match_the_published_components_but_for_sourced_exceptions() -> None:
    """Every name and value is one that the components publish; what is not is listed with its source."""
    files = resolve(read_files(), example())
    found = [*problems(files["layer"], LAYER), *problems(files["functions"], MULTI_SCF)]
    assert sorted(found) == sorted(EXCEPTIONS)


def test_a_misspelt_name_or_a_value_out_of_range_is_found() -> None:
    """The schema is closed: what it does not know is a finding."""
    files = resolve(read_files(), example())["functions"]
    files["inputs"]["memorySise"] = 128
    files["inputs"]["functions"]["upload"]["timeout"] = 901
    files["inputs"]["triggers"][0]["parameters"]["suffix"] = ".ts"
    del files["inputs"]["triggers"][2]["parameters"]["cronExpression"]
    found = set(problems(files, MULTI_SCF)) - EXCEPTIONS.keys()
    assert {text.split(" (")[0].split(": {")[0] for text in found} == {
        "inputs/memorySise: unknown",
        "inputs/functions/upload/timeout: 901",
        "inputs/triggers/0/parameters/suffix: unknown",
        "inputs/triggers/2/parameters",
    }


def test_every_variable_of_the_code_is_deployed_and_no_other() -> None:
    """What the configuration reads is what the functions are given, each under its own name."""
    pairs = read_files()["functions"]["inputs"]["environments"]
    assert {pair["key"] for pair in pairs} == NAMES - NOT_DEPLOYED
    assert [pair["value"] for pair in pairs] == ["${env:" + pair["key"] + "}" for pair in pairs]


def test_the_example_environment_sets_every_variable_that_is_deployed() -> None:
    """So that an optional one is deployed empty, which means unset, and not as the text undefined."""
    deployed = set(re.findall(r"\$\{env:(\w+)\}", (ROOT / "handler/serverless.yml").read_text("utf-8")))
    assert deployed - example().keys() == set()
    assert example()["CONCAT_INPUT_PREFIX"], "the trigger needs a prefix that is not empty"


def test_the_deployed_environment_is_a_valid_configuration() -> None:
    """What the functions will find in their environment, from the example as shipped, is accepted as it is."""
    inputs = resolve(read_files(), example())["functions"]["inputs"]
    config = read_config({pair["key"]: pair["value"] for pair in inputs["environments"]})
    trigger = inputs["triggers"][0]["parameters"]
    assert trigger["bucket"] == config.bucket.cos_host
    assert trigger["filter"]["prefix"] == config.input_prefix


def test_a_variable_missing_at_deployment_is_refused_by_name() -> None:
    """The text undefined never passes for a value."""
    environ = {name: value for name, value in example().items() if name != "CONCAT_OUTPUT_KEY"}
    inputs = resolve(read_files(), environ)["functions"]["inputs"]
    with pytest.raises(ConfigurationError) as raised:
        read_config({pair["key"]: pair["value"] for pair in inputs["environments"]})
    assert any(problem.startswith("CONCAT_OUTPUT_KEY") for problem in raised.value.problems)


def test_no_empty_value_is_deployed() -> None:
    """SCF's API says of a variable's value that it cannot be empty; a single - stands for unset in the example."""
    pairs = resolve(read_files(), example())["functions"]["inputs"]["environments"]
    assert [pair["key"] for pair in pairs if not pair["value"]] == []
    assert UNSET in {pair["value"] for pair in pairs}


def test_handlers_exist_in_the_code_root() -> None:
    """Each `file.function` names a function that the code root defines."""
    for name, function in read_files()["functions"]["inputs"]["functions"].items():
        module, _, attribute = function["handler"].partition(".")
        assert (module, attribute) == (name, "main_handler")
        assert re.search(rf"^def {attribute}\(", (ROOT / "handler" / f"{module}.py").read_text("utf-8"), re.MULTILINE)


def test_the_files_run_into_no_trap() -> None:
    """As shipped, with the example's values."""
    assert list(traps(resolve(read_files(), example()))) == []


def test_the_optional_topic_trigger_is_valid_once_uncommented() -> None:
    """The commented block is more than prose."""
    text = (ROOT / "handler/serverless.yml").read_text("utf-8")
    block = re.search(r"^    # - type: cmq\n(?:    # .*\n)+", text, re.MULTILINE)
    assert block, "the block for a CMQ topic is gone"
    files = read_files()
    files["functions"] = yaml.safe_load(text.replace(block[0], block[0].replace("    # ", "    ")))
    files = resolve(files, example())
    assert [trigger["type"] for trigger in files["functions"]["inputs"]["triggers"]] == ["cos", "http", "timer", "cmq"]
    assert set(problems(files["functions"], MULTI_SCF)) <= EXCEPTIONS.keys()
    assert list(traps(files)) == []


def _set(*path: str | int, value: object = None) -> Callable[[Files], None]:
    """Set the node at `path`, or remove it where no value is given."""

    def change(files: Files) -> None:
        node: Any = files
        for step in path[:-1]:
            node = node[step]
        if value is None:
            del node[path[-1]]
        else:
            node[path[-1]] = value

    return change


INPUTS = ("functions", "inputs")
COS, HTTP, TIMER = ((*INPUTS, "triggers", n, "parameters") for n in range(3))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_set("root", "component", value="multi-scf"), "deployed alone"),
        (_set("layer", "stage", value="prod"), "stage differs"),
        (_set("layer", "name", value="cos-concat-functions"), "one name"),
        (_set(*COS, "enable"), "cos: without enable"),
        (_set(*TIMER, "enable"), "timer: without enable"),
        (_set(*HTTP, "netConfig"), "reached from nowhere"),
        (_set(*COS, "bucket", value="demo-1250000000"), "full domain"),
        (_set(*COS, "bucket", value="demo-1250000000.cos.ap-beijing.myqcloud.com"), "functions' region"),
        (_set(*COS, "filter"), "own output"),
        (_set(*COS, "filter", "prefix", value="${env:PREFIX}"), "undefined"),
        (_set(*INPUTS, "triggers", 1, "function", value="call-back"), "no function call-back"),
        (_set(*INPUTS, "functions", "sweep", "environments", value=[]), "replace the common ones"),
        (_set(*INPUTS, "functions", "sweep", "src", value="./sweep"), "without the shared modules"),
        (_set(*INPUTS, "environment", value={"variables": {}}), "environments is the name"),
        (_set(*INPUTS, "functions", "upload", "retryNum", value=2), "asyncRunEnable"),
        (_set(*INPUTS, "functions", "upload", "timeout", value=1200), "CONCAT_LEASE_SECONDS"),
        (_set(*INPUTS, "src", "exclude", value=[".git"]), ".env would be uploaded"),
        (_set(*INPUTS, "layers", value=[{"name": "cos-concat-layer", "version": 1}]), "not the layer deployed beside"),
        (_set("layer", "inputs", "region", value="ap-beijing"), "different regions"),
        (_set("layer", "inputs", "runtimes", value=["Python3.7"]), "different runtimes"),
        (_set(*INPUTS, "environments", 7, "value", value="${jobid}.mp4"), "resolved once more"),
        (_set(*INPUTS, "environments", 7, "value", value="x" * 4096), "4 KB"),
        (_set(*INPUTS, "environments", 7, "key", value="SCF_KEY"), "reserved"),
    ],
)
def test_a_trap_put_back_is_found(change: Callable[[Files], None], found: str) -> None:
    """Each check fails when its trap is back in a copy of the files."""
    files = copy.deepcopy(read_files())
    change(files)
    assert [text for text in traps(resolve(files, example())) if found in text]
