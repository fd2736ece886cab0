"""What others see of a caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.masking import mask


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("name", "张三", "张**"),
        ("name", "欧阳修文", "欧**"),
        ("name", "张", "**"),
        ("name", "Anna Smith", "A**"),
        ("name", " 李四 ", "李**"),
        ("phone", "13812341234", "138****1234"),
        ("phone", "138 1234 1234", "138****1234"),
        ("phone", "+86 138-1234-1234", "138****1234"),
        ("phone", "１３８１２３４１２３４", "138****1234"),
        ("phone", "0571-87651234", "057****1234"),
        ("phone", "87651234", "****34"),
        ("phone", "95588", "****"),
        ("phone", "无", "****"),
        ("address", "杭州市西湖区文三路1号", "杭州市**"),
        ("address", "新疆维吾尔自治区乌鲁木齐市", "新疆维吾尔自治区**"),
        ("address", "12 Baker Street", "1**"),
        ("address", "杭州市", "杭**"),
        ("org", "某某有限公司", "某**"),
        ("contact", "13812341234", "138****1234"),
        ("contact", "li.ming@example.com", "l**@example.com"),
        ("contact", "li@example.com", "**@example.com"),
        ("contact", "微信 wx_12345", "微**"),
        ("contact", "a@b c@d.e", "a**"),
        ("contact", "ab", "**"),
        ("unheard-of", "13812341234", "138****1234"),
        ("name", "", ""),
        ("phone", "   ", ""),
    ],
)
def test_what_is_left(kind: str, text: str, shown: str) -> None:
    assert mask(kind, text) == shown


@given(
    st.sampled_from(["name", "address", "org", "contact"]),
    st.text(min_size=3, max_size=60).filter(
        lambda text: "@" not in text and text.strip() == text and not any(character.isdigit() for character in text)
    ),
)
def test_what_is_hidden_is_hidden(kind: str, text: str) -> None:
    shown = mask(kind, text)
    assert "**" in shown
    assert len(shown) < len(text) + 3
    if kind == "name":
        assert len(shown) <= 6


@given(st.text(alphabet="0123456789", min_size=5, max_size=20))
def test_a_number_never_shows_more_than_seven_digits(digits: str) -> None:
    shown = mask("phone", digits)
    kept = [character for character in shown if character.isdigit()]
    assert len(kept) <= min(7, max(0, len(digits) - 3))


@given(st.text(max_size=2_000))
def test_masking_takes_anything(text: str) -> None:
    for kind in ("name", "phone", "address", "org", "contact"):
        assert isinstance(mask(kind, text), str)
