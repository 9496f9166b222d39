"""Real containers without a registry to pull from: a base image made of the interpreter that runs the tests.

The flags are those that podman needs where it may not make namespaces or control groups of its own, as in a container.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LIMITS = ("--network", "host", "--ulimit", "nofile=1024:1024")
_PARTS_OF_LIBC = ("libdl.so.2", "libpthread.so.0", "libresolv.so.2", "librt.so.1", "libutil.so.1")
_PIP_PATHS = ("cert", "constraint", "find-links", "index-url", "extra-index-url")


@dataclass(frozen=True)
class Podman:
    """Podman, with names for images that are nobody else's."""

    folder: Path

    @property
    def base_image(self) -> str:
        """The image that others stand on."""
        return f"{self.image}-base"

    @property
    def image(self) -> str:
        """The image that is built."""
        return f"localhost/jtrack-test-{os.getpid()}"

    @property
    def build_command(self) -> str:
        """How images are built: with pip set up as it is here."""
        mounts = [word for path in _pip_paths(self._pip_config) for word in ("--volume", f"{path}:{path}:ro")]
        settings = self.folder / "pip.conf"
        settings.write_text(self._pip_config)
        mounts += ["--volume", f"{settings}:/etc/pip.conf:ro"]
        return shlex.join(["podman", "build", "--isolation", "chroot", *_LIMITS, *mounts])

    @contextmanager
    def running(self, image: str, *arguments: str, options: Iterable[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
        """Run an image in the foreground, and stop it at the end."""
        name = Path(self.image).name
        limits = (*_LIMITS, "--ulimit", "nproc=1024:1024")
        runtime = ["--runtime", "runc", "--cgroup-manager", "cgroupfs"]
        command = ["podman", *runtime, "run", "--rm", "--name", name, *limits, *options, image, *arguments]
        with (self.folder / "said.txt").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            yield process
        finally:
            subprocess.run(["podman", *runtime, "stop", name], capture_output=True, check=False)
            process.wait(30)

    def said(self) -> str:
        """Give what the last container said."""
        return (self.folder / "said.txt").read_text()

    def make_base_image(self) -> None:
        """Make the image that other images stand on: this interpreter, pip, a shell, and the libraries they load."""
        root = self.folder / "root"
        _fill(root)
        with (
            subprocess.Popen(["podman", "import", "-", self.base_image], stdin=subprocess.PIPE) as process,
            tarfile.open(fileobj=process.stdin, mode="w|") as tar,
        ):
            tar.add(root, ".")
        assert process.returncode == 0
        shutil.rmtree(root)

    def close(self) -> None:
        """Take the images away."""
        subprocess.run(["podman", "rmi", "--force", self.image, self.base_image], capture_output=True, check=False)

    @property
    def _pip_config(self) -> str:
        said = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
        ).stdout
        found = dict(re.findall(r"^(?:global\.|:env:\.)([\w-]+)='(.*)'$", said, re.MULTILINE))
        return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in found.items())


def what_is_missing() -> str | None:
    """Say why there can be no containers here; ``None`` where there can."""
    missing = [name for name in ("podman", "runc") if shutil.which(name) is None]
    if missing:
        return f"images of models need {' and '.join(missing)} (apt-get install podman runc)"
    return None if os.geteuid() == 0 else "images of models are built by root"


def _pip_paths(config: str) -> Iterator[Path]:
    """Find the files and folders of this machine that pip reads."""
    for key, value in re.findall(r"^([\w-]+) = (.*)$", config, re.MULTILINE):
        for word in value.split() if key in _PIP_PATHS else ():
            # A folder as an index leads to files beside it.
            path = Path(unquote(urlparse(word).path)).parent if word.startswith("file:") else Path(word)
            if path.is_absolute() and path.exists():
                yield path


def _fill(root: Path) -> None:
    for folder in ("bin", "usr/lib", "lib64", "etc", "tmp", "proc", "sys", "dev", "opt", "root"):
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "lib").symlink_to("usr/lib")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    prefix = root / ("usr" if sys.base_prefix == "/usr" else "usr/local")
    (prefix / "bin").mkdir(parents=True, exist_ok=True)
    python = Path(sys.base_prefix) / "bin" / _VERSION
    standard = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix, "base": sys.base_prefix}))
    left_out = shutil.ignore_patterns(
        "site-packages", "dist-packages", "test", "__pycache__", "config-*", "EXTERNALLY*"
    )
    shutil.copytree(standard, prefix / "lib" / _VERSION, ignore=left_out)
    shell = Path("/bin/sh").resolve()
    for source, target in ((python.resolve(), prefix / "bin" / _VERSION), (shell, root / "bin/sh")):
        shutil.copy(source, target)
    for name in ("python", "python3"):
        (prefix / "bin" / name).symlink_to(_VERSION)
    site = prefix / "lib" / _VERSION / ("dist-packages" if sys.base_prefix == "/usr" else "site-packages")
    subprocess.run(["uv", "--quiet", "pip", "install", "--target", str(site), "pip"], check=True)
    pip = prefix / "bin" / "pip"
    shebang = f"#!/{(prefix / 'bin/python').relative_to(root)}"
    pip.write_text(f"{shebang}\nfrom pip._internal.cli.main import main\nraise SystemExit(main())\n")
    pip.chmod(0o755)
    # Wheels for Linux leave a few libraries to the system: those that NumPy's and SciPy's load are among them.
    own = Path(sysconfig.get_path("platlib"))
    extensions = [*standard.glob("lib-dynload/*.so"), *own.glob("numpy/_core/*.so"), *own.glob("scipy/linalg/*.so")]
    _copy_libraries([python, shell, *extensions], root)


def _copy_libraries(files: list[Path], root: Path) -> None:
    said = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    found = {path for path in re.findall(r"(?:=> |^\s)(/\S+) \(0x", said, re.MULTILINE) if ".libs/" not in path}
    (libc,) = (Path(path).parent for path in found if Path(path).name == "libc.so.6")
    found |= {str(libc / name) for name in _PARTS_OF_LIBC if (libc / name).exists()}
    for path in sorted(found):
        target = root / ("lib64" if Path(path).name.startswith("ld-linux-x86-64") else "usr/lib") / Path(path).name
        shutil.copy(path, target)
