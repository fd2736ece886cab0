"""Reading XML from people we do not know: no entities, no DTD, no network, bounded size and depth (ADR 0006)."""

from __future__ import annotations

from lxml import etree

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100
MAX_ELEMENTS = 300_000
#: Attributes of one element: reading them takes time with the square of their number.
MAX_ATTRIBUTES = 1_000


class XmlRefused(Exception):
    """The bytes are not XML we accept. ``zh`` and ``en`` say why and where."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def parse_xml(content: bytes) -> etree._Element:
    """The root element of a document. Raises ``XmlRefused``; never reads anything but ``content``."""
    if len(content) > MAX_BYTES:
        raise XmlRefused(
            f"文件超过 {MAX_BYTES // 1024 // 1024} MB。", f"The file is larger than {MAX_BYTES // 1024 // 1024} MB."
        )
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or "<!DOCTYPE".encode("utf-16-le") in content:
        raise XmlRefused(
            "文件含有 DOCTYPE 或实体声明，不予接受。请删除后重试。",
            "The file declares a DOCTYPE or entities, which is not accepted. Remove them.",
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlRefused(f"不是有效的 XML：{error}", f"This is not valid XML: {error}") from None
    # A declaration in another encoding than the search above looks for.
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("文件含有 DOCTYPE 声明，不予接受。", "The file declares a DOCTYPE, which is not accepted.")
    _check_size(root)
    return root


def _check_size(root: etree._Element) -> None:
    count = 0
    level = [(root, 1)]
    while level:
        element, depth = level.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise XmlRefused(
                f"XML 嵌套超过 {MAX_DEPTH} 层或元素超过 {MAX_ELEMENTS} 个。",
                f"The XML is nested deeper than {MAX_DEPTH} or has more than {MAX_ELEMENTS} elements.",
            )
        if len(element.attrib) > MAX_ATTRIBUTES:
            raise XmlRefused(
                f"第 {element.sourceline} 行的元素有超过 {MAX_ATTRIBUTES} 个属性。",
                f"The element in line {element.sourceline} has more than {MAX_ATTRIBUTES} attributes.",
            )
        level.extend((child, depth + 1) for child in element)
