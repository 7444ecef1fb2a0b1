"""The invented facts that the examples of several documents share.

Likeness to anybody is chance. Must not know: any document.
"""

from datetime import UTC, datetime
from typing import Final

AGENCY: Final = "Công an phường Bà Rịa"
HOTLINE: Final = "0254 000 0000"
NUMBER: Final = "T26560-7KXM-00001-3"
OFFICER: Final = "Đại úy Trần Văn Thử"
REQUEST: Final = "Đăng ký tạm trú"
MORNING: Final = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

SIGNED_CODE: Final = (
    "HTTPS://MAU.EXAMPLE/R/2KCEEKQBCIYQ4RBQKZSFEZLLPB4GQ3DPNZSWIYLUMFZXIYLUMVZA"
    "ONZWC3LQNRSSA33GEB2GQZJAORXWWZLOEB2WQ2LDNAQGIZLDN5SGK4ZANFXHI3ZANZXXI2DJNZTSA"
    "YLOMQQGM2LMNRZSA5DIMUQHEZLBNQQG63TFOMQHG2L2MUWCA43PEB2GQYLUEBYGC4DFOIQGS4Z"
)
"""As long as a real one; it verifies nowhere."""

CHECK: Final = "MAUX-THU0"
