"""A process of the stack: ends with its parent however that ends, logs to a file, is never left behind."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from seawall_chaos.errors import ChildDiedError, StackError

LINE_BYTES_MAX = 64 * 2**20
# Asks Linux for SIGKILL at the death of the parent, then becomes the wanted program. A parent that died in between
# is noticed by its number. Elsewhere the end of standard input has to do.
BECOME = """
import os, sys
if sys.platform == "linux":
    import ctypes, signal
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class ChildProcess:
    """A running process with pipes for its standard input and output; its standard error goes to `log`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def start(
        cls, name: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
    ) -> Self:
        """Starts `argv`, whose first item is the path of a program, in a session of its own.

        A terminal's Ctrl-C thus reaches only the parent, which ends its children itself.
        """
        with log.open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", BECOME, str(os.getpid()), *argv),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=env,
                start_new_session=True,
                limit=LINE_BYTES_MAX,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def read_line(self) -> bytes:
        """The next line of its output; ChildDiedError when there will be none."""
        line = await self._stdout().readline()
        if not line:
            raise await self.died()
        return line

    def write_line(self, line: bytes) -> None:
        """Hands it a line."""
        if self._process.stdin is None or self._process.returncode is not None:
            raise ChildDiedError(self.name, self._process.returncode, self.log)
        self._process.stdin.write(line + b"\n")

    async def died(self) -> ChildDiedError:
        """Waits until it has ended, and says so."""
        return ChildDiedError(self.name, await self._process.wait(), self.log)

    async def end(self) -> None:
        """Ends it now, whatever it is doing; idempotent."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        # Whatever it still had to say is read, so that the pipe's transport closes in order.
        await self._stdout().read()

    def _stdout(self) -> asyncio.StreamReader:
        if self._process.stdout is None:
            raise StackError(f"{self.name} was started without a pipe")
        return self._process.stdout
