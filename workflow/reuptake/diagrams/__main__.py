"""Draw one diagram: ``python -m reuptake.diagrams DESCRIPTION.yaml PICTURE.svg``."""

import sys
from pathlib import Path

from reuptake.diagrams.drawing import svg

if len(sys.argv) != 3:
    sys.exit(__doc__)
Path(sys.argv[2]).write_text(svg(Path(sys.argv[1]).read_text(encoding="utf-8")), encoding="utf-8")
