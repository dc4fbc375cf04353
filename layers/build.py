"""Builds the dependency layer from what pip installed of `requirements.txt`, the same byte for byte each time.

    python layers/build.py INSTALLED TARGET      writes TARGET/layer/ and TARGET/layer.zip

`INSTALLED` is a folder that `pip install --target --no-deps --require-hashes -r layers/requirements.txt` filled.
SCF unpacks a layer into /opt and puts /opt itself on the path, so the packages lie at the root of the zip
(cloud.tencent.com/document/product/583, layers). What stays in is pure Python: everything compiled is left out,
because the packages run without it, and so it does not matter which Python or machine the folder was filled by.

Byte-code is compiled by a Python 3.10, the functions' runtime, as unchecked-hash pycs: the place is read-only and has
no reliable times. Where no Python 3.10 is found the layer holds source alone, works, and starts more slowly.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = (3, 10)
UNPACKED_AT = "/opt"

# Python files that no function ever loads; `tests/contract/test_layer.py` makes every call of the functions without
# them. Files that are neither Python nor certificates (compiled parts above all) are left out as well.
LEFT_OUT = (
    "Crypto/*",  # client-side encryption only, 15 of 19 MB
    "qcloud_cos/crypto.py",  # what imports Crypto
    "qcloud_cos/cos_encryption_client.py",
    "qcloud_cos/intelligent_speech.py",  # a service of its own that nothing imports
    "crcmod/test.py",
    "certifi/tests/*",
    "charset_normalizer/cli/*",
    "idna/cli.py",
    "urllib3/contrib/*",  # other TLS stacks, SOCKS, WebAssembly: looked for and not missed
    "bin/*",
    "*/__main__.py",
)
LICENCE = re.compile(
    r"(?!pycryptodome)(?P<package>[^/]+)\.dist-info/(?:licenses/)?(?P<name>(?:LICEN[CS]E|NOTICE)[^/]*)"
)


def build_layer(installed: Path, target: Path) -> tuple[Path, bool]:
    """Assemble `target`/layer and `target`/layer.zip; returns the zip and whether it holds byte-code.

    Raises:
        FileNotFoundError: when `installed` does not hold what the requirements pin.
    """
    check_pins(installed, Path(__file__).with_name("requirements.txt"))
    folder = target / "layer"
    shutil.rmtree(folder, ignore_errors=True)
    for source, name in chosen(installed):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
    compiled = compile_folder(folder, UNPACKED_AT)
    return zip_folder(folder, target / "layer.zip"), compiled


def chosen(installed: Path) -> Iterator[tuple[Path, str]]:
    """Every file that goes into the layer, with its name there; licences move to `licenses/<package>/`."""
    for path in sorted(p for p in installed.rglob("*") if p.is_file()):
        name = path.relative_to(installed).as_posix()
        licence = LICENCE.fullmatch(name)
        if licence:
            yield path, f"licenses/{licence['package']}/{licence['name']}"
        elif path.suffix in {".py", ".pem"} and not any(fnmatchcase(name, pattern) for pattern in LEFT_OUT):
            yield path, name


def check_pins(installed: Path, requirements: Path) -> None:
    """Make sure that `installed` holds exactly the pinned versions, each of which admits the runtime.

    Raises:
        FileNotFoundError: naming what is missing.
    """
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", requirements.read_text(), re.MULTILINE):
        folder = installed / f"{name.replace('-', '_')}-{version}.dist-info"
        if not (folder / "METADATA").is_file():
            raise FileNotFoundError(f"{installed}: {name} {version} of {requirements.name} is not installed there")
        needed = re.search(r"^Requires-Python:\s*>=\s*(\d+)\.(\d+)", (folder / "METADATA").read_text(), re.MULTILINE)
        if needed and (int(needed[1]), int(needed[2])) > RUNTIME:
            raise FileNotFoundError(f"{name} {version} needs Python {needed[1]}.{needed[2]}, the functions run on 3.10")


def find_runtime() -> str | None:
    """A Python of the functions' minor version on this machine: this one, on PATH, or among pyenv's versions."""
    wanted = "{}.{}".format(*RUNTIME)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [sys.executable, shutil.which(f"python{wanted}"), shutil.which("python3")]
    candidates += sorted(map(str, pyenv.glob(f"versions/{wanted}*/bin/python{wanted}")))
    question = ["-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    for candidate in filter(None, candidates):
        answer = subprocess.run([candidate, *question], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == wanted:
            return candidate
    return None


def compile_folder(folder: Path, unpacked_at: str) -> bool:
    """Compile `folder` for the runtime as it will lie at `unpacked_at`; False when there is no such Python here.

    Compiled code depends on the order of sets, hence the fixed hash seed, and on nothing else in one process.
    """
    python = find_runtime()
    if python is None:
        return False
    command = [python, "-S", "-m", "compileall", "-q", "-f", "-j", "1", "--invalidation-mode", "unchecked-hash"]
    environment = {"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")}
    subprocess.run([*command, "-s", str(folder), "-p", unpacked_at, str(folder)], env=environment, check=True)
    return True


def zip_folder(folder: Path, target: Path) -> Path:
    """`folder` as a zip that depends on nothing but names and contents."""
    target.unlink(missing_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return target


def describe(archive: Path) -> str:
    """One line for each folder at the root of the zip: files and bytes, unpacked and packed."""
    with zipfile.ZipFile(archive) as opened:
        rows: dict[str, list[int]] = {}
        for info in opened.infolist():
            row = rows.setdefault(info.filename.split("/")[0], [0, 0, 0])
            row[0] += 1
            row[1] += info.file_size
            row[2] += info.compress_size
    lines = [f"{name:24} {n:4} files {size:9,} bytes {packed:9,} zipped" for name, (n, size, packed) in rows.items()]
    return "\n".join([*lines, f"{archive.name}: {archive.stat().st_size:,} bytes"])


if __name__ == "__main__":
    made, with_bytecode = build_layer(Path(sys.argv[1]), Path(sys.argv[2]))
    print(describe(made))
    if not with_bytecode:
        print("no Python 3.10 found: the layer holds source only; it works, but a cold start takes longer")
