"""What people write for other people to read: names and e-mail addresses.

They come back in lists, in the audit, in consoles and terminals, where no character may move the cursor, turn the
direction of writing, or be there without being seen.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from admin.identifiers import RECORDED_USER_ID, USER_ID

# General categories (Unicode Standard Annex 44, table 12). C*: control, format, surrogate, private use, unassigned.
# Not str.isprintable, which refuses the no-break and the ideographic space, too: people's names have those.
_LINE_AND_PARAGRAPH_SEPARATORS = ("Zl", "Zp")
_VISIBLE = "LNPS"  # letters, numbers, punctuation, symbols; marks and separators show nothing alone

# Letters and symbols by category, and yet blank: the fillers of Hangul, and Braille without a dot.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def _refuse_unprintable(text: str) -> str:
    for character in text:
        category = unicodedata.category(character)
        if category.startswith("C") or category in _LINE_AND_PARAGRAPH_SEPARATORS:
            # PydanticCustomError, because a ValueError's text would begin with "Value error, ".
            raise PydanticCustomError(
                "unprintable_text",
                "Text should hold printable characters only, and holds {code_point}",
                {"code_point": f"U+{ord(character):04X}"},
            )
    return text


def _refuse_blank_looking(text: str) -> str:
    if not any(unicodedata.category(each)[0] in _VISIBLE and each not in _BLANKS for each in text):
        raise PydanticCustomError("blank_text", "Text should hold at least one character that can be seen")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=256),
    AfterValidator(_refuse_unprintable),
    AfterValidator(_refuse_blank_looking),
]
Email = Annotated[
    str, StringConstraints(pattern=r"^[^\s@]+@[^\s@]+$", max_length=320), AfterValidator(_refuse_unprintable)
]
UserId = Annotated[str, StringConstraints(pattern=USER_ID)]
RecordedUserId = Annotated[str, StringConstraints(pattern=RECORDED_USER_ID)]
