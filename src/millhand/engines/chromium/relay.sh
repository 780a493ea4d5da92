#!/bin/sh
# What Playwright's driver starts as Chromium: relay.py, told by the environment where it is to run and for whom.
exec "$MILLHAND_RELAY_PYTHON" -I -S "${0%/*}/relay.py" "$MILLHAND_RELAY_FOLDER" "$MILLHAND_RELAY_CHROMIUM" "$@"
