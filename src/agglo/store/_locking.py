"""Advisory locks on open files; the system drops them when the process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    # locks are mandatory there: a byte far behind the content keeps it readable
    _FAR = 1 << 30

    def lock(descriptor: int) -> bool:
        """Take the exclusive lock if it is free."""
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, at, os.SEEK_SET)
        return True

    def remove_if_free(path: Path) -> bool:
        """Delete the file unless somebody has it open."""
        try:
            path.unlink()
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def lock(descriptor: int) -> bool:
        """Take the exclusive lock if it is free."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def remove_if_free(path: Path) -> bool:
        """Delete the file unless somebody holds its lock."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if not lock(descriptor):
                return False
            # the writer renames before it lets go of the lock: the name may be gone by now
            path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
        return True
