"""The grammar of expressions: text → tokens → checked tree. Nothing is worked out here.

The text is read by our own scanner first, which knows every token there is and turns JUEL's ``&& || !`` into words;
``ast.parse`` then only sees text made of known tokens. The tree is checked node by node against a list of what is
allowed: what is not named here does not exist. Neither the scanner nor the check recurses without bound.
"""

from __future__ import annotations

import ast
import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator

from engine.rules.expressions.values import MAX_INT, ExpressionError, checked

MAX_LENGTH = 2_000
MAX_DEPTH = 40

#: Words that are never variables.
CONSTANTS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
WORDS = ("and", "or", "not", "in", "if", "else")
RESERVED = frozenset(
    {
        *CONSTANTS,
        *WORDS,
        "is",
        "lambda",
        "for",
        "async",
        "await",
        "yield",
        "del",
        "def",
        "class",
        "from",
        "import",
        "global",
        "nonlocal",
        "pass",
        "return",
        "while",
        "with",
        "try",
        "except",
        "finally",
        "raise",
        "assert",
        "break",
        "continue",
        "as",
        "elif",
        "typename",
    }
)


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n\u00a0\u3000]+)
  | (?P<string>'(?:[^'\\\r\n]|\\.)*' | "(?:[^"\\\r\n]|\\.)*")
  | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<name>[^\W\d]\w*)
  | (?P<operator>&&|\|\||==|!=|<=|>=|//|[!<>+\-*/%()\[\]{},.:])
""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:['\"\\nrt]|u[0-9a-fA-F]{4})|(\\.)")

_OPERANDS = ("string", "number", "name")

#: What people write, and what they should have written.
_HINTS = {
    "=": ("比较用 ==", "compare with =="),
    "?": ("条件请写成 a if 条件 else b", "write a choice as: a if condition else b"),
    "&": ("请写 && 或 and", "write && or and"),
    "|": ("请写 || 或 or", "write || or or"),
    "#": ("注释只能单独成行，且只在脚本中", "comments stand on a line of their own, in scripts only"),
    ";": ("一个表达式只有一个值", "an expression is one value"),
    "“": ("引号请用半角 ' 或 \"", "quote with ' or \""),
    "”": ("引号请用半角 ' 或 \"", "quote with ' or \""),
    "‘": ("引号请用半角 ' 或 \"", "quote with ' or \""),
    "’": ("引号请用半角 ' 或 \"", "quote with ' or \""),
    "'": ("引号没有配对，或写了三引号", "the quote is not closed"),
    '"': ("引号没有配对，或写了三引号", "the quote is not closed"),
    "（": ("括号请用半角 ( )", "use ( )"),
    "）": ("括号请用半角 ( )", "use ( )"),
    "，": ("逗号请用半角 ,", "use ,"),
    "＝": ("请用半角 ==", "use =="),
    "：": ("冒号请用半角 :", "use :"),
}

_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_COMPARE = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
#: ``!x`` binds tighter than any comparison, as Python's ``~`` does and its ``not`` does not; so ``!`` travels as ``~``,
#: which the scanner lets nobody else write.
_UNARY = (ast.Not, ast.Invert, ast.USub, ast.UAdd)

_NAMES = {
    ast.Lambda: ("匿名函数", "lambdas"),
    ast.ListComp: ("推导式", "comprehensions"),
    ast.SetComp: ("推导式", "comprehensions"),
    ast.DictComp: ("推导式", "comprehensions"),
    ast.GeneratorExp: ("推导式", "comprehensions"),
    ast.NamedExpr: ("赋值", "assignments"),
    ast.Starred: ("星号展开", "unpacking"),
    ast.Set: ("集合", "sets"),
    ast.Slice: ("切片", "slices"),
    ast.Await: ("await", "await"),
    ast.JoinedStr: ("格式化文本", "f-strings"),
}


def syntax_error(zh: str, en: str) -> ExpressionError:
    """The text cannot be read as an expression."""
    return ExpressionError(f"表达式写法有误：{zh}。", f"The expression cannot be read: {en}.")


def tree_of(text: str, functions: Collection[str]) -> ast.expr:
    """The checked tree of an expression. Raises ``ExpressionError`` and nothing else."""
    if len(text) > MAX_LENGTH:
        raise syntax_error(f"超过 {MAX_LENGTH} 个字符", f"it is longer than {MAX_LENGTH} characters")
    python = "".join(_scan(text)).strip()
    if not python:
        raise syntax_error("内容为空", "it is empty")
    try:
        tree = ast.parse(python, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, Warning) as error:
        raise _unreadable(error) from None
    _check(tree, functions)
    return tree


def _scan(text: str) -> Iterator[str]:
    """Python tokens for the tokens of an expression."""
    position, before, last, nesting = 0, "", "", 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _unknown(text[position], position)
        kind, value = str(token.lastgroup), token.group()
        # A word and a quote with nothing between them are a prefix (r'', 0x1f, 1_000) we do not know; two texts in a
        # row are a forgotten comma that Python would silently join.
        operands_meet = before in _OPERANDS and kind in _OPERANDS
        if operands_meet or (kind == "string" and last == "string"):
            raise syntax_error(
                f"第 {position + 1} 个字符“{value[:10]}”之前缺少运算符或逗号",
                f"an operator or comma is missing before “{value[:10]}” at character {position + 1}",
            )
        if kind == "operator":
            nesting += (value in "([{") - (value in ")]}")
        if nesting > MAX_DEPTH:
            raise _too_deep()
        yield _python(kind, value)
        position, before, last = token.end(), kind, last if kind == "space" else kind


def _python(kind: str, value: str) -> str:
    if kind == "space":
        return " "
    if kind == "string":
        for bad in _ESCAPE.finditer(value):
            if bad.group(1):
                raise syntax_error(
                    f"不认识的转义 {bad.group(1)}，反斜杠请写成 \\\\",
                    f"unknown escape {bad.group(1)}; write a backslash as \\\\",
                )
        return value
    if kind == "number" and len(value) > 40:
        raise ExpressionError("数字超过 30 位。", "The number has more than 30 digits.")
    return {"&&": " and ", "||": " or ", "!": " ~"}.get(value, value)


def _unknown(character: str, position: int) -> ExpressionError:
    zh, en = _HINTS.get(character, ("", ""))
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return syntax_error(
        f"第 {position + 1} 个字符“{shown}”不能用在这里" + (f"（{zh}）" if zh else ""),
        f"“{shown}” at character {position + 1} cannot stand there" + (f" ({en})" if en else ""),
    )


def _unreadable(error: BaseException) -> ExpressionError:
    if isinstance(error, (RecursionError, MemoryError)):
        return _too_deep()
    if isinstance(error, SyntaxError) and "too many nested" in (error.msg or ""):
        return _too_deep()
    return syntax_error(
        "不是一个完整的表达式，请检查括号、逗号与运算符",
        "it is not one complete expression; look at brackets, commas and operators",
    )


def _too_deep() -> ExpressionError:
    return syntax_error(f"嵌套超过 {MAX_DEPTH} 层", f"it is nested deeper than {MAX_DEPTH}")


def operands(node: ast.BinOp) -> tuple[ast.expr, list[tuple[ast.operator, ast.expr]]]:
    """``a + b - c`` as its first operand and the rest in order, so that long sums are wide and not deep."""
    rest: list[tuple[ast.operator, ast.expr]] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        rest.append((first.op, first.right))
        first = first.left
    return first, rest[::-1]


def children(node: ast.expr) -> list[ast.expr]:
    """The expressions a checked node is made of."""
    if isinstance(node, ast.BinOp):
        first, rest = operands(node)
        return [first, *(operand for _, operand in rest)]
    if isinstance(node, ast.Call):
        return list(node.args)
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _check(tree: ast.expr, functions: Collection[str]) -> None:
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        _check_node(node, functions)
        waiting.extend((child, depth + 1) for child in children(node))


def _check_node(node: ast.expr, functions: Collection[str]) -> None:
    if isinstance(node, ast.Constant):
        _check_constant(node.value)
    elif isinstance(node, ast.Name):
        if node.id.startswith("__") or (node.id in RESERVED and node.id not in CONSTANTS):
            raise syntax_error(f"“{node.id}”不能作变量名", f"“{node.id}” cannot be a variable")
    elif isinstance(node, ast.Attribute):
        if node.attr.startswith("__"):
            raise syntax_error(f"“.{node.attr}”不可用", f"“.{node.attr}” is not available")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, _UNARY):
        return
    elif isinstance(node, ast.BinOp):
        for operator, _ in operands(node)[1]:
            if not isinstance(operator, _BINARY):
                raise syntax_error("不支持乘方、移位和按位运算", "powers, shifts and bit operations do not exist")
    elif isinstance(node, ast.Compare):
        if not all(isinstance(operator, _COMPARE) for operator in node.ops):
            raise syntax_error("不支持 is，请用 == 比较", "there is no “is”; compare with ==")
    elif isinstance(node, ast.Dict):
        if any(key is None for key in node.keys):
            raise syntax_error("不支持用 ** 展开", "there is no unpacking with **")
        # FEEL's {a: 1} means the key "a" and Python's the variable a; so neither is guessed
        if not all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in node.keys):
            raise syntax_error(
                "记录的键请写成带引号的文本，例如 {'a': 1}", "write the keys of a record as text: {'a': 1}"
            )
    elif isinstance(node, ast.Call):
        _check_call(node, functions)
    elif not isinstance(node, (ast.BoolOp, ast.IfExp, ast.List, ast.Tuple, ast.Subscript)):
        zh, en = _NAMES.get(type(node), ("这种写法", type(node).__name__))
        raise syntax_error(f"不支持{zh}", f"{en} cannot be used")


def _check_constant(value: object) -> None:
    if value is None or isinstance(value, (bool, str)):
        checked(value)
    elif isinstance(value, (int, float)):
        if abs(value) >= MAX_INT:
            raise ExpressionError("数字超过 30 位。", "The number has more than 30 digits.")
    else:
        raise syntax_error("不支持这种常量", "there are no such constants")


def _check_call(node: ast.Call, functions: Collection[str]) -> None:
    if not isinstance(node.func, ast.Name):
        raise syntax_error(
            "只能调用函数表中的函数，不能调用方法", "only the functions of the table can be called, not methods"
        )
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise syntax_error("函数参数不能带名称或星号", "arguments are given by position, without names or *")
    if node.func.id not in functions:
        zh, en = did_you_mean(node.func.id, functions)
        raise ExpressionError(
            f"没有函数 {node.func.id}()。{zh}", f"There is no function {node.func.id}(). {en}".strip()
        )


def did_you_mean(wrong: str, known: Collection[str]) -> tuple[str, str]:
    """A suggestion in both languages, or two empty texts."""
    cutoff = 0.6 if len(wrong) > 3 else 0.5
    likely = sorted(name for name in known if len(name) <= 100 and abs(len(name) - len(wrong)) <= len(wrong))
    close = difflib.get_close_matches(wrong[:100], likely[:2_000], n=3, cutoff=cutoff)
    if not close:
        return "", ""
    return f"是不是指 {'、'.join(close)}？", f"Did you mean {', '.join(close)}?"


def is_identifier(text: str) -> bool:
    """Whether a text can name a variable: a word in any script, none of the reserved ones, not ``__…``."""
    return (
        text.isidentifier()
        and text not in RESERVED
        and not text.startswith("__")
        and unicodedata.normalize("NFKC", text) == text
    )
