"""numpy, without the threads that it would start for linear algebra, of which there is none here."""

from __future__ import annotations

import os

__all__ = ["np"]

THREADS = "OPENBLAS_NUM_THREADS"

if THREADS in os.environ:
    import numpy as np
else:
    os.environ[THREADS] = "1"  # looked at once, while numpy is imported
    try:
        import numpy as np
    finally:
        del os.environ[THREADS]  # sweeps that are started from here may calculate with all cores
