"""`outside:`, `call_url:` and `message:` to values: which addresses may be called is checked here, once."""

from __future__ import annotations

from robots import outside, templates
from robots.config import nodes, shape_checks
from robots.config.context import Context, Scope
from robots.kinds import call_url, message


def compile_outside(root: nodes.Node, context: Context) -> outside.Outside:
    written = nodes.get(root, "outside")
    insecure = shape_checks.flag(nodes.get(nodes.get(root, "portal"), "insecure_http"), default=False)
    hosts = frozenset(nodes.text(one).strip().lower() for one in nodes.items(nodes.get(written, "hosts")))
    allowed = outside.Outside(hosts, None, insecure)
    sms = nodes.get(written, "sms")
    return outside.Outside(hosts, _provider(sms, allowed, context) if sms is not None else None, insecure)


def _provider(node: nodes.Node, allowed: outside.Outside, context: Context) -> outside.Provider | None:
    fields = _pairs(nodes.get(node, "fields"))
    if {outside.PHONE, outside.TEXT} - {value for _, value in fields} and not nodes.is_faulty(node):
        hint = "например, fields: {to: $phone, text: $text}"
        context.error(node, "V037", "в fields: нет $phone или $text: некуда подставить телефон и текст", hint)
    url = _url(nodes.get(node, "url"), allowed, context)
    if nodes.is_faulty(node):
        return None
    return outside.Provider(
        url=url,
        fields=fields,
        secret=nodes.text(nodes.get(node, "secret")),
        seconds=_seconds(nodes.get(node, "timeout")),
        form=nodes.text(nodes.get(node, "as")) == "form",
        expect=_pairs(nodes.get(node, "expect")),
    )


def _pairs(node: nodes.Node | None) -> tuple[tuple[str, str], ...]:
    return tuple((key.text, nodes.text(value)) for key, value in nodes.pairs(node))


def _url(node: nodes.Node | None, allowed: outside.Outside, context: Context) -> str:
    """An address as written: a value of the card in it could lead anywhere."""
    url = nodes.text(node).strip()
    if node is None or node.faulty:
        return url
    if "{{" in url:
        context.error(node, "V037", "в адрес значения не подставляются", "передайте их в send:")
    elif trouble := outside.wrong(url, allowed):
        context.error(node, "V037", trouble)
    return url


def _seconds(node: nodes.Node | None) -> int:
    """«10», «10 seconds»."""
    written = nodes.text(node).split(" ")[0]
    return min(max(int(written), 1), outside.MOST_SECONDS) if written.isdecimal() else outside.SECONDS


def compile_call_url(node: nodes.Node, scope: Scope) -> call_url.Options:
    written = node if isinstance(node, nodes.Scalar) else nodes.get(node, "url")
    context = scope.context
    return call_url.Options(
        url=_url(written, context.outside, context),
        data=tuple((key.text, scope.template(value)) for key, value in nodes.pairs(nodes.get(node, "send"))),
        secret=nodes.text(nodes.get(node, "secret")),
        seconds=_seconds(nodes.get(node, "timeout")),
    )


def compile_message(node: nodes.Node, scope: Scope) -> message.Options:
    letter, sms = nodes.get(node, "email"), nodes.get(node, "sms")
    if letter is None and sms is None:
        scope.context.error(node, "V018", "message: не сказано, что послать", "email: или sms:")
    return message.Options(
        compile_letter(letter, scope) if letter is not None else None,
        _sms(sms, scope) if sms is not None else None,
    )


def compile_letter(node: nodes.Node, scope: Scope) -> message.Letter:
    subject, text = nodes.get(node, "subject"), nodes.get(node, "text")
    empty = templates.literal("")
    return message.Letter(
        scope.template(subject) if subject is not None else empty,
        scope.template(text) if text is not None else empty,
        nodes.text(nodes.get(node, "from")),
    )


def _sms(node: nodes.Node, scope: Scope) -> message.Sms | None:
    by = scope.context.outside.sms
    if by is None:
        hint = "outside: {hosts: […], sms: {url: …, fields: {to: $phone, text: $text}}}"
        scope.context.error(node, "V037", "не описано, через кого посылать SMS", hint)
        return None
    return message.Sms(scope.template(node), by)
