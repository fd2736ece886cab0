"""Hiding callers' data from those who may not see it: what is left tells two callers apart and reaches neither (R279).

The number of stars says nothing about the length of what they hide, except in telephone numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

STARS = "**"

_CHINESE_PLACE = re.compile(r".{1,20}?(?:特别行政区|自治区|自治州|地区|省|市|盟)")


def mask(kind: str, text: str) -> str:
    """A personal text as others see it: 张**, 138****1234. Empty stays empty.

    ``kind``: ``name``, ``phone``, ``address``, ``org`` or ``contact`` (anything that reaches somebody); any other is
    taken for ``contact``. A text that does not look like its kind is hidden but for its first character.
    """
    plain = text.strip()
    if not plain:
        return ""
    return _MASKS.get(kind, _contact)(plain)


def mask_name(name: str) -> str:
    """张三 → 张**; Anna Smith → A**. A single character is hidden altogether."""
    return _first(name) + STARS if _length(name) > 1 else STARS


def mask_phone(phone: str) -> str:
    """13812341234 → 138****1234; 0571-87651234 → 057****1234; shorter numbers keep their last two digits, and very
    short ones (95588) nothing."""
    folded = unicodedata.normalize("NFKC", phone).strip()
    digits = "".join(character for character in folded if character in "0123456789")
    if folded.startswith(("+86", "0086", "86 ")) and len(digits) > 11:
        digits = digits[-11:]
    if len(digits) >= 10:
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) >= 7:
        return f"****{digits[-2:]}"
    return "****"


def mask_address(address: str) -> str:
    """杭州市西湖区文三路1号 → 杭州市**: the province or city, nothing below it; elsewhere the first character."""
    place = _CHINESE_PLACE.match(address)
    return (place.group() if place and place.end() < len(address) else _first_of_many(address)) + STARS


def _contact(contact: str) -> str:
    """Anything that reaches somebody: a telephone number as one, li.ming@example.com → l**@example.com, else the
    first character."""
    folded = unicodedata.normalize("NFKC", contact)
    if all(character in "0123456789+-() 转" for character in folded) and any(map(str.isdigit, folded)):
        return mask_phone(contact)
    name, at, host = folded.partition("@")
    if at and name and "." in host and "@" not in host and not any(map(str.isspace, folded)) and _length(host) <= 100:
        return f"{_first_of_many(name)}{STARS}@{host}"
    return _first_of_many(contact) + STARS


def _first_of_many(text: str) -> str:
    return _first(text) if _length(text) > 2 else ""


def _first(text: str) -> str:
    """The first character a person sees, its combining marks included (at most three of them)."""
    end = 1
    while end < len(text) and end <= 3 and unicodedata.combining(text[end]):
        end += 1
    return text[:end]


def _length(text: str) -> int:
    return sum(1 for character in text if not unicodedata.combining(character))


_MASKS: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "phone": mask_phone,
    "address": mask_address,
    "org": mask_address,
    "contact": _contact,
}
