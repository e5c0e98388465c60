"""One direction of one connection: read, treated by the toxics in force, written."""

import asyncio
import random
from collections.abc import Callable, Sequence

from seawall_chaos.toxiproxy.embedded.toxics import Piece, Toxic, treat

READ_BYTES = 32 * 1024
QUEUED_PIECES_MAX = 1024


class Link:
    """Carries bytes from `source` to `target` until either ends, or a toxic ends it."""

    def __init__(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        draws: Callable[[str], random.Random],
    ) -> None:
        self.random = draws("")
        self.sent: dict[str, int] = {}
        self._source = source
        self._target = target
        self._draws = draws
        self._toxics: list[Toxic] = []
        self._hit: dict[str, bool] = {}
        self._changed = asyncio.Event()
        self._queue: asyncio.Queue[Piece | None] = asyncio.Queue(QUEUED_PIECES_MAX)
        self._closed = False

    def now_s(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    def use(self, toxics: Sequence[Toxic]) -> None:
        """Puts these toxics in force, in order. Each one's toxicity is drawn when it comes, once."""
        gone = [t for t in self._toxics if t not in toxics]
        self._toxics = list(toxics)
        for toxic in toxics:
            if toxic.name not in self._hit:
                self._hit[toxic.name] = self._draws(toxic.name).random() < toxic.toxicity
        # A connection that a timeout has silenced has lost bytes: taking the toxic back can only end it.
        if any(t.type == "timeout" and self._hit.pop(t.name, False) for t in gone):
            self.close()
        for toxic in gone:
            self._hit.pop(toxic.name, None)
        self._changed.set()
        self._changed = asyncio.Event()

    def redraw(self, name: str) -> None:
        """Forgets what was drawn for a toxic, which has changed."""
        self._hit.pop(name, None)

    async def pause(self, for_s: float) -> bool:
        """Waits; False if the toxics changed meanwhile."""
        changed = self._changed
        try:
            async with asyncio.timeout(for_s):
                await changed.wait()
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        """Ends this direction; what was passed on before is still sent."""
        self._closed = True
        self._target.close()

    async def run(self) -> None:
        """Until the end."""
        reading = asyncio.create_task(self._read())
        try:
            await self._write()
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            self.close()

    async def _read(self) -> None:
        try:
            while data := await self._source.read(READ_BYTES):
                await self._queue.put(Piece(data, self.now_s()))
        except ConnectionError:
            pass
        await self._queue.put(None)

    async def _write(self) -> None:
        while not self._closed:
            piece = await self._next()
            if piece is None:
                for toxic in self._in_force():
                    if toxic.type == "slow_close":
                        await self.pause(toxic.attributes["delay"] / 1000)
                return
            await self._pass_on(piece, self._in_force())

    async def _next(self) -> Piece | None:
        """The next piece, None at the end, or when a timeout toxic has waited long enough."""
        while True:
            changed = self._changed
            limit_s = min(
                (t.attributes["timeout"] / 1000 for t in self._in_force() if t.type == "timeout"),
                default=0.0,
            )
            got = asyncio.ensure_future(self._queue.get())
            change = asyncio.ensure_future(changed.wait())
            done, pending = await asyncio.wait(
                [got, change], timeout=limit_s or None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in pending:
                task.cancel()
            if pending:
                await asyncio.wait(pending)
            if got in done:
                return got.result()
            if change not in done or self._closed:
                return None

    async def _pass_on(self, piece: Piece, toxics: Sequence[Toxic]) -> None:
        if self._closed:
            return
        if toxics:
            await treat(toxics[0], piece, self, lambda piece: self._pass_on(piece, toxics[1:]))
        else:
            self._target.write(piece.data)
            try:
                await self._target.drain()
            except ConnectionError:
                self._closed = True

    def _in_force(self) -> list[Toxic]:
        return [toxic for toxic in self._toxics if self._hit[toxic.name]]
