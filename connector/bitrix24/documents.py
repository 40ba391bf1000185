"""Documents of cards by templates of the portal, and their files for letters.

The wish's mark is one of the document's `values`: the portal keeps the values it was given and shows them in its list of
documents, and a template without a place for it prints nothing of it. Methods of `crm.documentgenerator` ask for the scope
`crm` alone (apidocs.bitrix24.ru, api-reference/crm/document-generator).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, values, writing
from robots import intents, model

MARK = "VoronkaMark"
PAGE = 50
PAGES = 10
"""So many documents of one card are looked through, newest first, or to those made before the wish was wished."""
SKEW = timedelta(hours=1)
PDF_DELAY = 20.0
"""Seconds until the next question whether the PDF is ready."""
_WORDS: Mapping[str, str] = {
    "DOCGEN_ACCESS_ERROR": "вебхуку нельзя создавать документы: дайте его пользователю право изменять документы (настройки CRM)",
    "DOCGEN_LIMIT_ERROR": "исчерпано число документов по тарифу портала",
}
_UNSAFE = re.compile(r'[\x00-\x1f\\/:*?"<>|]+')


async def perform(at: desk.Desk, row: ports.Row, act: intents.MakeDocument) -> ports.Done:
    if row.tries > 0:
        found = await find(at, row)
        if found is not None:
            return found
    ref, key = row.wish.card, row.wish.key
    params = {
        "templateId": act.template,
        "entityTypeId": names.type_id(ref),
        "entityId": ref.id,
        "values": {**act.values, MARK: writing.marker(key)},
        "stampsEnabled": int(act.stamps),
    }
    method = "crm.documentgenerator.document.add"
    try:
        answer = await at.client.call(method, params, lane=at.lane, write=True, key=key)
    except errors.Rejected as no:
        if no.code not in _WORDS:
            raise
        raise errors.Rejected(_WORDS[no.code], code=no.code, method=method) from no
    made = parsing.item_of(answer.result, "document")
    number = values.ident(made.get("id")) if made is not None else None
    if number is None:
        raise errors.Unknown("портал не назвал номер документа", method=method)
    return ports.Done(made=number)


async def find(at: desk.Desk, row: ports.Row) -> ports.Done | None:
    """By the mark among the card's documents: what the portal found is read and not believed."""
    mark = writing.marker(row.wish.key)
    for page in range(PAGES):
        command = _page(row.wish.card, page * PAGE)
        answer = await at.client.call(command.method, command.params, lane=at.lane)
        rows = parsing.rows_of(answer.result, "documents")
        for raw in rows:
            kept = raw.get("values")
            if isinstance(kept, Mapping) and str(kept.get(MARK)) == mark:
                return ports.Done(made=values.required_id(raw.get("id")))
        if len(rows) < PAGE or _before(rows, row.wished_at - SKEW, at):
            return None
    return None


async def attachment(at: desk.Desk, number: int | None, form: str) -> dict[str, Any]:
    """The document's file as an element of an activity's FILES. A PDF is converted later: Retryable until it is there; one
    that can't be converted goes as it was written, in DOCX. Raises Rejected where there is no document."""
    if number is None:
        raise errors.Rejected("документ для письма не найден")
    method = "crm.documentgenerator.document.get"
    answer = await at.client.call(method, {"id": number}, lane=at.lane)
    raw = parsing.item_of(answer.result, "document")
    if raw is None:
        raise errors.Unreadable("документ не читается", method=method)
    as_pdf = form == "pdf" and values.flag(raw.get("isTransformationError")) is not True
    url = values.text(raw.get("pdfUrlMachine" if as_pdf else "downloadUrlMachine"))
    if url is None and as_pdf:
        raise errors.Retryable("PDF документа ещё готовится", delay=PDF_DELAY, method=method)
    if url is None:
        raise errors.Rejected("у документа нет файла", method=method)
    name = _UNSAFE.sub(" ", values.text(raw.get("title")) or f"document {number}").strip()
    body = await at.download(url)
    return {"fileData": [f"{name}.{'pdf' if as_pdf else 'docx'}", base64.b64encode(body).decode()]}


def _page(ref: model.CardRef, start: int) -> client.Command:
    """Whole documents: the page of the method says that the card's kind can't be selected by name."""
    asked = {"entityTypeId": names.type_id(ref), "entityId": ref.id}
    params = {"select": ["*"], "filter": asked, "order": {"id": "DESC"}, "start": start}
    return client.Command("crm.documentgenerator.document.list", params)


def _before(rows: list[dict[str, Any]], moment: datetime, at: desk.Desk) -> bool:
    dates = [values.moment(raw.get("createTime"), at.context.zone) for raw in rows]
    return any(one is not None and one < moment for one in dates)


async def templates(at: desk.Desk) -> tuple[model.DocumentTemplate, ...] | None:
    """None: the portal doesn't show them (no right to change templates, no such module)."""
    found: list[model.DocumentTemplate] = []
    start: int | None = 0
    while start is not None:
        params = {"select": ["id", "name", "entityTypeId"], "filter": {"active": "Y"}, "start": start}
        try:
            answer = await at.client.call("crm.documentgenerator.template.list", params, lane=ports.Lane.LIVE)
        except errors.Rejected:
            return None
        rows = parsing.rows_of(answer.result, "templates")
        found += [_template(raw) for raw in rows]
        start = answer.next if rows and answer.next is not None and answer.next > start else None
    return tuple(sorted(found, key=lambda one: one.id))


def _template(raw: Mapping[str, Any]) -> model.DocumentTemplate:
    number = values.required_id(raw.get("id"), "template.id")
    bound = raw.get("entityTypeId")
    listed = list(bound.values()) if isinstance(bound, Mapping) else bound
    kinds = tuple(str(one) for one in listed) if isinstance(listed, list) else ()
    return model.DocumentTemplate(number, values.text(raw.get("name")) or f"#{number}", kinds)
