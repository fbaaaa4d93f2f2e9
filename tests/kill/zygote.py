"""A process that has imported the bot and forks one at each order: a start without five seconds of imports.

Orders come on standard input, one JSON object a line: the settings of a bot; each is answered by a pid.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

import openai  # noqa: F401 - lazily imported by the bot, and slow
import tiktoken  # noqa: F401 - the same

from bot.app.logs import configure_logging
from bot.app.running import run_bot
from bot.settings import Settings


def main() -> None:
    """Fork until standard input ends."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        values = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(values)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def child(values: dict[str, object]) -> None:
    """Be a bot; never return."""
    log = os.open(str(values.pop("log")), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    os.close(0)
    configure_logging()
    # Any free port: several bots may live one after another within a second.
    settings = Settings(**values).model_copy(update={"http_port": 0})  # type: ignore[arg-type]  # JSON values
    code = 0
    try:
        asyncio.run(run_bot(settings))
    except BaseException as error:  # noqa: BLE001 - the exit code tells the parent
        sys.stderr.write(f"{error!r}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
