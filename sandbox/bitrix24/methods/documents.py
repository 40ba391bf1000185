"""crm.documentgenerator.*: templates and documents (apidocs.bitrix24.ru, api-reference/crm/document-generator; scope crm).

The documentation's page of `document.list` says that `entityTypeId` can't be selected; `values` come back as they were given,
but for a number that the portal keeps beside them.
"""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import args, documents, kernel, rows

TYPES = frozenset([1, 2, 3, 4, 5, 7, 31])
KNOWN = frozenset(["ID", "NAME", "ACTIVE", "ENTITYTYPEID"])
FILES = {"docx": "download", "pdf": "getPdf"}


@kernel.method("crm.documentgenerator.template.list", scope="crm")
def templates(call: kernel.Call) -> kernel.Answer:
    if not call.portal.documents.shown:
        raise kernel.Refusal(400, "", "You do not have permissions to modify templates")
    conditions = [
        (*rows.split(key), value)
        for key, value in ({"active": "Y"} | args.as_map(call.param("filter"))).items()
    ]
    found = [
        one
        for one in call.portal.documents.templates.values()
        if all(
            rows.matches(one.read(name), prefix, value) for prefix, name, value in conditions if name in KNOWN
        )
    ]
    found = rows.ordered(found, call.param("order"), lambda one, name: one.read(name), {"ID": "ASC"})
    select = args.names(call.param("select"))

    def show(one: documents.Template) -> dict[str, Any]:
        """The kinds of cards are told to those alone who ask for them by name."""
        shown: dict[str, Any] = {
            "id": str(one.id),
            "name": one.name,
            "region": "ru",
            "active": one.read("ACTIVE"),
        }
        return shown | ({"entityTypeId": list(one.bindings)} if "entityTypeId" in select else {})

    return rows.page(call, found, show, lambda shown: {"templates": {one["id"]: one for one in shown} or []})


@kernel.method("crm.documentgenerator.document.add", scope="crm")
def add(call: kernel.Call) -> Any:
    template = call.portal.documents.templates.get(args.needed_int(call, "templateId"))
    kind, number = args.needed_int(call, "entityTypeId"), args.needed_int(call, "entityId")
    if template is None:
        raise kernel.Refusal(400, "0", "Шаблон не найден")
    if kind not in TYPES and kind < 128:
        raise kernel.Refusal(400, "0", "No provider for entityTypeId")
    if not call.portal.crm.exists(kind, number) or not call.portal.crm.can_update(kind, number, call.user_id):
        raise kernel.Refusal(400, "DOCGEN_ACCESS_ERROR", "Access denied")
    values = args.as_map(call.param("values")) | {
        "_creationMethod": "rest",
        "stampsEnabled": args.is_yes(call.param("stampsEnabled")),
    }
    made = call.portal.documents.add(call.user_id, template, (kind, number), values)
    return {"document": _whole(call, made) | {"id": made.id, "createdBy": made.author_id}}


@kernel.method("crm.documentgenerator.document.get", scope="crm")
def get(call: kernel.Call) -> Any:
    one = call.portal.documents.rows.get(args.needed_int(call, "id"))
    if one is None or not _readable(call, one):
        raise kernel.Refusal(400, "DOCGEN_ACCESS_ERROR", "Access denied")
    return {"document": _whole(call, one)}


@kernel.method("crm.documentgenerator.document.list", scope="crm")
def find(call: kernel.Call) -> kernel.Answer:
    if "entityTypeId" in args.names(call.param("select")):
        text = "Unknown field definition ENTITY_TYPE_ID (ENTITY_TYPE_ID) for \\Bitrix\\DocumentGenerator\\Model\\Document Entity"
        raise kernel.Refusal(400, "100", text)
    conditions = [(*rows.split(key), value) for key, value in args.as_map(call.param("filter")).items()]
    found = [
        one
        for one in rows.visible(call.portal, call.portal.documents.rows.values())
        if _readable(call, one)
        and all(rows.matches(one.read(name), prefix, value) for prefix, name, value in conditions)
    ]
    found = rows.ordered(found, call.param("order"), lambda one, name: one.read(name), {"ID": "ASC"})
    return rows.page(call, found, lambda one: _shown(call, one), lambda shown: {"documents": shown})


def _readable(call: kernel.Call, one: documents.Document) -> bool:
    return call.portal.crm.can_read(*one.owner, call.user_id)


def _whole(call: kernel.Call, one: documents.Document) -> dict[str, Any]:
    more: dict[str, Any] = {"isTransformationError": one.failed, "publicUrl": None}
    if one.failed:
        more |= {"transformationErrorMessage": "Файл не преобразован", "transformationErrorCode": "1"}
    return _shown(call, one) | more


def _shown(call: kernel.Call, one: documents.Document) -> dict[str, Any]:
    """Addresses are without a host: the sandbox doesn't know the one it is reached by."""
    ready = ["docx"] + ["pdf"] * call.portal.documents.pdf_ready(one)
    urls: dict[str, Any] = {}
    for what in ready:
        name = "downloadUrl" if what == "docx" else "pdfUrl"
        action = f"crm.documentgenerator.document.{FILES[what]}"
        urls[name] = f"/bitrix/services/main/ajax.php?action={action}&SITE_ID=s1&id={one.id}"
        urls[f"{name}Machine"] = f"/rest/{action}.json?auth={call.webhook.secret}&token={what}{one.id}"
    kept = {name: value for name, value in one.values.items() if name != "DocumentNumber"}
    moment = one.at.isoformat(timespec="seconds")
    return {
        "id": str(one.id), "title": one.title, "number": one.number, "templateId": str(one.template),
        "createTime": moment, "updateTime": moment, "createdBy": str(one.author_id), "updatedBy": None,
        "values": kept, "stampsEnabled": one.values["stampsEnabled"],
        "entityTypeId": str(one.owner[0]), "entityId": str(one.owner[1]), **urls,
    }  # fmt: skip
