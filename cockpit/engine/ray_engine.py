"""The Ray engine: a Ray of the sweep's own, or a cluster that is there, and Ray Tune in it.

Tune takes as long to import as Ray takes to start. So it comes after Ray's start, when the workers import it as well.
"""

from __future__ import annotations

import traceback
from contextlib import nullcontext

from cockpit.engine import timings
from cockpit.engine.conductor import Conductor
from cockpit.engine.machine import NoRoomError
from cockpit.engine.needs import code_to_ship
from cockpit.engine.ray_private import workers_that_stand_ready
from cockpit.engine.ray_start import running_ray
from cockpit.engine.steering import Steering
from cockpit.engine.warm_client import WarmParentProcess


class RayEngine:
    """Runs trials on this machine, in a Ray started for this sweep, or on all nodes of the cluster at `address`."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address

    def run(self, conductor: Conductor, warm: WarmParentProcess, steering: Steering) -> None:
        code = code_to_ship(conductor.plan) if self._address else ()
        with running_ray(conductor.plan.share, self._address, code) as folder:
            failure = _conduct(conductor, warm, steering, folder, joined=bool(self._address))
        if failure is not None:
            raise failure


def _conduct(
    conductor: Conductor, warm: WarmParentProcess, steering: Steering, folder: str, *, joined: bool
) -> BaseException | None:
    """Run the sweep. Returns a failure instead of raising it, as a copy, because a traceback keeps objects of Ray alive
    beyond its shutdown, which they must not be.
    """
    try:
        from cockpit.engine.ray_tune import fit

        timings.mark("engine")
        with nullcontext() if joined else workers_that_stand_ready():
            fit(conductor, warm, steering, folder, joined=joined)
    except KeyboardInterrupt:
        return KeyboardInterrupt()
    except NoRoomError as error:
        return RuntimeError(str(error))
    except Exception as error:
        traceback.print_exc()
        return RuntimeError(str(error) or type(error).__name__)
    return None
