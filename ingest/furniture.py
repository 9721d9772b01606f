"""What of a web page is not its article: menus, banners, footers, link marks, and what it hides."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .markup import UNSEEN, Node

_TOKEN = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?<![\w-])opacity\s*:\s*0(?![.\d]*[1-9])"
)
_SIMPLE_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*)?([.#][\w-]+)")
_HIDDEN_CLASSES = frozenset(
    "visually-hidden visuallyhidden sr-only screen-reader-text screen-reader-only screenreader-only "
    "assistive-text a11y-hidden element-invisible is-hidden d-none hidden".split()
)
_SHOWN_CLASS = re.compile(r"(?:\w+:|d-\w+-)(?:block|flex|grid|inline|table|contents)\S*")  # on wide screens
_ASKS_CONSENT = re.compile(
    r"accept|agree|consent|we use|allow|akzept|zustimm|einwillig|wir verwenden|accepter|nous utilisons|acept",
    re.IGNORECASE,
)
_LINK_MARKS = frozenset("¶ # § 🔗 ⚓ ∞ ⇧ ↑ ^ [¶] [#] [source] [edit] edit".split()) | {"🔗\ufe0e", "🔗\ufe0f"}
_MARK_CLASSES = frozenset(
    "headerlink hash-link header-anchor anchorjs-link heading-anchor anchor-link permalink".split()
)
_ROLES = {
    "navigation": "navigation",
    "menu": "navigation",
    "menubar": "navigation",
    "toolbar": "navigation",
    "search": "search form",
    "contentinfo": "footer",
    "banner": "header",
    "complementary": "aside",
    "dialog": "banner",
    "alertdialog": "banner",
    "doc-toc": "navigation",
    "doc-pagelist": "navigation",
}
#: names that say it by themselves, whatever is inside
_SURE = {
    "cookie": "banner",
    "cookies": "banner",
    "consent": "banner",
    "gdpr": "banner",
    "breadcrumb": "navigation",
    "breadcrumbs": "navigation",
    "navbar": "navigation",
    "navheader": "navigation",
    "navfooter": "navigation",
    "navigation": "navigation",
    "nav": "navigation",
    "pagination": "navigation",
    "sphinxsidebar": "navigation",
    "prevnext": "navigation",
    "skiplink": "navigation",
    "skip": "navigation",
    "searchbox": "search form",
    "searchform": "search form",
    "editsection": "edit link",
    "viewcode": "edit link",
    "footer": "footer",
    "sitefooter": "footer",
    "noprint": "navigation",
}
#: names that also stand for content (a restaurant's menu): only where most words are links
_LIKELY = {
    "menu": "navigation",
    "sidebar": "navigation",
    "toc": "navigation",
    "related": "navigation",
    "pager": "navigation",
    "header": "header",
    "masthead": "header",
    "topbar": "header",
    "toolbar": "navigation",
    "social": "navigation",
    "share": "navigation",
    "newsletter": "banner",
    "subscribe": "banner",
    "contents": "navigation",
    "edit": "edit link",
    "feedback": "footer",
}
_GROUPS = frozenset(["div", "ul", "ol", "form", "table", "header"])
_WORDS = frozenset("h1 h2 h3 h4 h5 h6 td th tr dt dd p pre code em strong b i img label".split())
_TAGS = {"nav": "navigation", "menu": "navigation", "dialog": "banner", "button": "button", "footer": "footer"}
_FORMS = frozenset(["input", "textarea", "button", "option", "select", "progress", "meter"])
_EDIT = re.compile(
    r"\W*(?:(?:edit|improve|suggest edits? (?:to|for)) (?:this|the) (?:page|article|section)\b.*"
    r"|edit (?:this )?(?:page )?on \w+|view (?:page )?source|show source|report an? (?:issue|bug).{0,40}"
    r"|(?:back )?to top|skip to (?:main )?(?:content|navigation)|jump to (?:content|navigation|search)"
    r"|(?:copy|copied)!?|print this page)\W*",
    re.IGNORECASE,
)


def hidden_selectors(root: Node) -> frozenset[str]:
    """Return the `.class` and `#id` selectors that the page's own style sheets hide."""
    sheets = (node for node in root.nodes() if node.tag == "style" and "print" not in node.get("media"))
    rules = (rule for sheet in sheets for rule in _rules(sheet.text()[:200_000]))
    hiding = (selectors for selectors, body in rules if _HIDDEN_STYLE.search(body.lower()))
    single = (_SIMPLE_SELECTOR.fullmatch(part.strip()) for selectors in hiding for part in selectors.split(","))
    return frozenset(one[1] for one in single if one)


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield the selectors and bodies of the rules that are in no other, such as one for print."""
    depth = 0
    for part in sheet.split("}"):
        *outer, body = part.split("{")
        if depth + len(outer) == 1:
            yield outer[0] if outer else "", body
        depth = max(0, depth + len(outer) - 1)


def link_share(node: Node) -> float:
    """Return how many of the letters of an element are in links, from 0 to 1."""
    return _linked(node) / node.words if node.words else 0.0


def _linked(node: Node) -> int:
    return sum(
        (child.words if child.tag == "a" and child.get("href") else _linked(child))
        for child in node.children
        if isinstance(child, Node) and child.tag not in UNSEEN
    )


class Furniture:
    """Tells what an element is, if it is not the article's; a page that was made here (`own`) has no menus."""

    def __init__(self, root: Node, body: Node, *, own: bool = False) -> None:
        self._own = own
        self._hidden = frozenset() if own else hidden_selectors(root)
        self._size = body.words

    def kind(self, node: Node, *, inside: bool) -> str:
        """Return "navigation", "banner" or the like, or nothing; `inside` the page's main part headers are content."""
        if self._is_hidden(node):
            return "hidden text"
        if node.tag == "a":
            return _link_kind(node)
        if self._own:
            return ""
        if node.tag in ("body", "main", "html") or node.get("role") == "main":
            return ""
        kind = _TAGS.get(node.tag, "") or _ROLES.get(node.get("role").lower(), "")
        if node.tag == "footer" and node.find("cite"):
            return ""  # of a quotation
        if kind:
            return "" if kind == "header" and (inside or node.find("h1")) else kind
        if node.tag in _FORMS:
            return "form"
        if node.tag in ("header", "aside"):
            return "" if inside or node.find("h1") or _is_note(node) else node.tag
        return self._named(node, inside=inside)

    def _is_hidden(self, node: Node) -> bool:
        if "hidden" in node.attributes or node.get("aria-hidden").lower() == "true":
            return True
        if _HIDDEN_STYLE.search(node.get("style").lower()):
            return True
        names = node.get("class").split()
        if not _HIDDEN_CLASSES.isdisjoint(name.lower() for name in names):
            return not any(map(_SHOWN_CLASS.fullmatch, names))
        own = {f".{name}" for name in names} | ({f"#{node.get('id')}"} if node.get("id") else set())
        return not self._hidden.isdisjoint(own)

    def _named(self, node: Node, *, inside: bool) -> str:
        """Judge by class names and id, never of what holds the main heading or half of the page."""
        names = node.get("class")
        if node.tag in _GROUPS and not node.find("h1", "h2", "h3", "h4", "h5", "h6"):
            names += f" {node.get('id')}"  # the id of a section is its name, not its kind
        if node.tag in _WORDS or not names.strip():
            return ""
        tokens = {token.lower() for token in _TOKEN.findall(names)}
        if node.tag in ("span", "sup", "small"):
            return next((kind for name, kind in _SURE.items() if kind == "edit link" and name in tokens), "")
        sure = next((kind for name, kind in _SURE.items() if name in tokens), "")
        likely = next((kind for name, kind in _LIKELY.items() if name in tokens), "")
        if not (sure or likely) or node.words * 2 > self._size or node.find("h1", "main", "article"):
            return ""
        if sure and not (inside and _is_content(node, sure)):
            return sure
        return likely if likely and _is_menu(node, toc=bool(tokens & {"toc", "contents"})) else ""


def _is_content(node: Node, kind: str) -> bool:
    """Tell what stands in the main part and only is called like furniture: long text, a card's foot, cookies to eat."""
    if kind == "banner":
        return not _ASKS_CONSENT.search(node.text())
    return kind == "footer" or (node.words > 2_000 and link_share(node) < 0.5)


def _is_menu(node: Node, *, toc: bool) -> bool:
    """Tell whether most of an element is links; a list of contents counts only if it points into its own page."""
    if link_share(node) < 0.5:
        return False
    targets = [link.get("href") for link in node.nodes() if link.tag == "a" and link.get("href")]
    return not toc or (
        all("#" in target for target in targets) and len({target.split("#")[0] for target in targets}) < 2
    )


def _is_note(node: Node) -> bool:
    """Tell an aside that is a footnote or a remark of the text."""
    names = " ".join(node.classes())
    return node.get("role").startswith("doc-") or bool(re.search(r"footnote|topic|admonition|note|callout|tip", names))


def _link_kind(node: Node) -> str:
    text = " ".join(node.text().split())
    names = set(node.classes())
    mark = text in _LINK_MARKS or not any(map(str.isalnum, text))
    if text and (mark and (node.get("href").startswith("#") or names & _MARK_CLASSES)):
        return "link mark"
    if names & (_MARK_CLASSES - {"permalink"}) and len(text) < 3:
        return "link mark"
    if names & {"skip-link", "skip", "skip-to-content", "skipnav"}:
        return "navigation"
    return "edit link" if text and len(text) < 60 and _EDIT.fullmatch(text) else ""
