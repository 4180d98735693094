"""The summary of an evaluation on COCO, as pycocotools prints it: one line for each average."""

from __future__ import annotations

import re

from cockpit.printed.numbers import PLAIN
from cockpit.printed.reading import Reading

_LINE = re.compile(
    r"Average (Precision|Recall) {1,8}\(A[PR]\) @\[ IoU=([\d.:]{1,9}) {0,8}\| area= {0,8}(all|small|medium|large)"
    rf" \| maxDets= {{0,8}}(\d{{1,9}}) {{0,4}}\] = ({PLAIN})$"
)
_ALL_OVERLAPS = "0.50:0.95"
_MISSING = -1.0  # what stands where no object has that size


def read(text: str) -> Reading | None:
    """One average under its usual name: `ap`, `ap50`, `aps` (small), `ar100` (of 100 detections), `arl` (large) …"""
    found = _LINE.match(text)
    if found is None:
        return None
    overlap, area, detections, value = found[2], found[3], found[4], float(found[5])
    name = "ap" if found[1] == "Precision" else "ar"
    if area != "all":
        name += area[0]
    elif name == "ar":
        name += detections
    if overlap != _ALL_OVERLAPS:
        name += overlap.removeprefix("0.")
    values = () if value == _MISSING else ((name, value),)
    return Reading(form="coco", values=values, phase="valid")
