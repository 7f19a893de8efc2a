"""The kernel of a notebook: the Python of this process, whatever kernels, start-up files and settings a user has.

A worker that was forked forks its kernel too; elsewhere a kernel starts anew. Both meet at Unix sockets, which need no
network device, not even a loopback.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from ipykernel import kernelapp
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets.config import Config

from toysae.writeup.preload import leave

_WHEN_PARENT_DIES = 1  # PR_SET_PDEATHSIG of prctl
_OURS = KernelSpec(
    argv=[sys.executable, "-m", "toysae.writeup.kernels", "-f", "{connection_file}"],
    display_name="Python 3 (ipykernel)",
    language="python",
)


class Kernel:
    """One kernel, before it starts and after it ended.

    fork  the process that becomes it; without one, a Python of its own starts
    """

    def __init__(self, name: str, fork: "Fork | None" = None) -> None:
        self.name, self.fork = name, fork
        self.process: Fork | subprocess.Popen | None = None

    @property
    def manager_class(self) -> type[AsyncKernelManager]:
        """What starts it and ends it, for nbclient."""
        return type("Manager", (_Manager,), {"kernel": self})

    def death(self) -> str:
        """How it ended before its time, in a sentence."""
        code = self.process.poll() if self.process else None
        if code == -signal.SIGKILL:
            return f"the kernel of {self.name} was killed by the system, probably out of memory"
        if code is not None and code < 0:
            return f"the kernel of {self.name} was killed by {signal.Signals(-code).name}"
        return f"the kernel of {self.name} ended by itself" + ("" if code is None else f" (exit code {code})")


class Fork:
    """A fork of this process that sleeps until it is told to become a kernel, or ends if it never is.

    Made while the process has one thread. It is to jupyter_client what a subprocess.Popen would be.
    """

    stdin = stdout = stderr = None  # none that a parent would have to close

    def __init__(self) -> None:
        heard, self._told = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if not self.pid:
            os.close(self._told)
            _sleep(heard)
        os.close(heard)

    def start(self, arguments: list[str]) -> None:
        with os.fdopen(self._told, "w") as told:
            json.dump(arguments, told)

    def poll(self) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode

    def wait(self) -> int | None:
        return self.poll()  # asked once poll() has said that it ended

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class _Provisioner(LocalProvisioner):
    """Starts the process of a kernel, and tells the Kernel which one it is."""

    kernel: Kernel
    process: Any

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> KernelConnectionInfo:
        if self.kernel.fork is None:
            await super().launch_kernel(cmd, **settings)
        else:
            self.kernel.fork.start(cmd[cmd.index("-f") :])
            self.process = self.kernel.fork
            self.pid = self.pgid = self.process.pid
        self.kernel.process = self.process
        return self.connection_info


class _Manager(AsyncKernelManager):
    kernel: Kernel
    kernel_spec = _OURS

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.provisioner = _Provisioner(kernel_id=self.kernel.name, kernel_spec=_OURS, parent=self)
        self.provisioner.kernel = self.kernel


class NoPlace(Exception):
    """Sockets can be made nowhere. The message is one line."""


@contextmanager
def meeting(folder: Path, name: str) -> Iterator[Config]:
    """Inside, the kernel of that name can be met; yields how, as settings of its manager. Raises NoPlace.

    The path of a Unix socket has 107 bytes at most, so it is relative where that is shorter. Where the folder cannot
    hold sockets at all, a temporary one does.
    """
    place = folder.resolve()
    near = min(str(place), os.path.relpath(place), key=len)
    with TemporaryDirectory(prefix="toysae-") if _problem(near, name) else nullcontext(near) as found:
        if problem := _problem(found, name):
            raise NoPlace(
                f"no sockets for kernels can be made: {_problem(near, name)} in {place}, {problem} in {found}"
            )
        stem = f"{found}/{name}"
        about = {"transport": "ipc", "connection_file": f"{stem}.json", "ip": f"{stem}-ipc"}
        yield Config({"KernelManager": about})


def _problem(folder: str, name: str) -> str:
    """Why a folder cannot hold the sockets of a kernel; empty if it can."""
    path = f"{folder}/{name}-ipc-0"  # a kernel has five, numbered from 1
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(path)
        except OSError as problem:
            return problem.strerror or str(problem)
    os.unlink(path)
    return ""


# ---- in the process of the kernel


class IPKernelApp(kernelapp.IPKernelApp):
    """No file configures it, and none runs at its start. Its options know it by the name of the one it derives from."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """None."""

    def _run_startup_files(self) -> None:
        """None."""


def _sleep(heard: int) -> NoReturn:
    """Wait to be told the arguments of a kernel, then become it."""
    os.setsid()  # a group of its own, which is interrupted, and killed, with what the kernel starts
    ctypes.CDLL(None).prctl(_WHEN_PARENT_DIES, signal.SIGKILL)
    os.dup2(2, 1)  # what is printed goes to the log
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with os.fdopen(heard) as pipe:
        told = pipe.read()
    if not told:
        os._exit(0)
    arguments = json.loads(told)
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    sys.argv = ["ipykernel_launcher.py", *arguments]
    _draw_anew()
    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
    leave()


def _draw_anew() -> None:
    """Where nobody sets a seed, forks would draw the same numbers; Python's own generator sees to that itself."""
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()


def main() -> None:
    """A kernel in a Python of its own."""
    if Path(sys.path[0]) == Path.cwd():
        del sys.path[0]  # put there by "python -m"
    IPKernelApp.launch_instance()


if __name__ == "__main__":
    main()
