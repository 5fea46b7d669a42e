"""A real SMTP server in a thread of its own, on a free port of this machine."""

import asyncio
import ssl
import threading
from typing import Any

from aiosmtpd.smtp import SMTP


class MailServer:
    """Serves from its making until `stop`.

    Args:
        handler: What decides about recipients and content, as `aiosmtpd` wants it.
        ssl_context: For TLS from the first byte; None: plain, or what `options` say.
        options: Of `aiosmtpd.smtp.SMTP`.
    """

    def __init__(
        self, handler: Any, ssl_context: ssl.SSLContext | None = None, **options: Any
    ) -> None:
        self._loop = asyncio.new_event_loop()
        made = self._loop.create_server(
            lambda: SMTP(handler, loop=self._loop, **options), "127.0.0.1", 0, ssl=ssl_context
        )
        self._server = self._loop.run_until_complete(made)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def stop(self) -> None:
        """Ends what is going on, and the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # Connections close in the next turns of the loop.
        await asyncio.sleep(0.01)
