"""The Rack behind the module-level verbs, made when this module is first imported: the import lock makes it one."""

from __future__ import annotations

import atexit

from mediarack.rack import Rack

rack = Rack()
atexit.register(rack.close)
