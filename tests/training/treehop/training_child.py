"""A process that trains in the turning world and kills itself after so many states were saved; made to be killed.

python training_child.py FOLDER [SAVES]
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from polyhop.training.treehop.train import TreeHopTrainer
from tests.training.treehop.worlds import trained

if __name__ == "__main__":
    left = int(sys.argv[2]) if len(sys.argv) > 2 else -1
    save = TreeHopTrainer.save

    def counted(self: TreeHopTrainer, **more: Any) -> None:
        """Save, and die where it was told to."""
        global left
        save(self, **more)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    TreeHopTrainer.save = counted  # type: ignore[method-assign]
    print(trained(Path(sys.argv[1]), dropout=0.1).digest)
