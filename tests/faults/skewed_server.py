"""A server whose machine's clock is an hour off, one way or the other, and set again and again."""

import os
import random
import threading
import time

import attrs

from xpander_client.chaos.server import SETTINGS, main

HOUR = 3600.0
right = time.time
offset = random.choice((-HOUR, HOUR))


def set_again() -> None:
    global offset
    while True:
        time.sleep(0.5)
        offset = random.choice((-HOUR, 0.0, HOUR))


if __name__ == "__main__":
    time.time = lambda: right() + offset
    threading.Thread(target=set_again, daemon=True).start()
    lease = float(os.environ.get("SKEWED_LEASE", SETTINGS.lease))
    main(attrs.evolve(SETTINGS, lease=lease))
