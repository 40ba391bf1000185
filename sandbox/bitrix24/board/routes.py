"""The board over HTTP: pages are rendered here, forms become the portal's own verbs as the chosen user.

Pages refresh by fetching a fragment every two seconds; an unchanged one is answered with 304. Colours of stages come
as a stylesheet of their own, so that the policy can forbid everything inline.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from sandbox.bitrix24 import kernel, schema, store
from sandbox.bitrix24 import portal as portals
from sandbox.bitrix24.board import views

HERE = Path(__file__).parent
COOKIE = "board_user"
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
MOST_TEXT = 10_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application, portal: portals.Portal) -> None:
    board = Board(portal)
    app.router.add_get("/", board.home)
    app.router.add_static("/board/static/", HERE / "static")
    app.add_routes(
        [
            web.get("/crm/deal/details/{id:\\d+}/", board.as_linked),
            web.get("/board/", board.kanban),
            web.get("/board/columns", board.columns),
            web.get("/board/bell", board.bell),
            web.get("/board/stages.css", board.stage_colours),
            web.get("/board/deals/{id:\\d+}", board.deal),
            web.get("/board/deals/{id:\\d+}/body", board.deal_body),
            web.post("/board/deals", board.posted(board.create)),
            web.post("/board/deals/{id:\\d+}/move", board.posted(board.move)),
            web.post("/board/deals/{id:\\d+}/fields", board.posted(board.save)),
            web.post("/board/deals/{id:\\d+}/comment", board.posted(board.comment)),
            web.post("/board/deals/{id:\\d+}/delete", board.posted(board.delete)),
            web.post("/board/tasks/{id:\\d+}/{action:complete|renew}", board.posted(board.task)),
            web.post("/board/tasks/{id:\\d+}/items/{item:\\d+}", board.posted(board.tick)),
            web.post("/board/user", board.posted(board.choose)),
        ]
    )


class Board:
    def __init__(self, portal: portals.Portal) -> None:
        self.portal = portal
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    # pages

    async def home(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/board/")

    async def as_linked(self, request: web.Request) -> web.StreamResponse:
        """A card's address as a portal has it, and as notices and status pages name it."""
        raise web.HTTPFound(f"/board/deals/{request.match_info['id']}")

    async def kanban(self, request: web.Request) -> web.StreamResponse:
        pipeline = self._pipeline(request)
        return self._page(
            request,
            "kanban.html",
            pipeline=pipeline,
            pipelines=views.pipelines(self.portal),
            columns=views.columns(self.portal, pipeline),
        )

    async def columns(self, request: web.Request) -> web.StreamResponse:
        pipeline = self._pipeline(request)
        return self._page(
            request, "columns.html", pipeline=pipeline, columns=views.columns(self.portal, pipeline)
        )

    async def bell(self, request: web.Request) -> web.StreamResponse:
        return self._page(request, "bell.html")

    async def deal(self, request: web.Request) -> web.StreamResponse:
        return self._page(
            request, "deal.html", **self._card(request), inputs=views.inputs(self.portal, self._deal(request))
        )

    async def deal_body(self, request: web.Request) -> web.StreamResponse:
        return self._page(request, "deal_body.html", **self._card(request))

    async def stage_colours(self, request: web.Request) -> web.StreamResponse:
        colours = [stage.color for stage in views.stages(self.portal, self._pipeline(request))]
        safe = [one if re.fullmatch(r"#[0-9a-fA-F]{6}", one) else "#a8b4c2" for one in colours]
        text = "\n".join(f".stage-{index}{{--stage:{colour}}}" for index, colour in enumerate(safe))
        return web.Response(text=text, content_type="text/css", headers=HEADERS)

    # what people do

    def posted(self, act: Callable[[web.Request, Any, int], str]) -> Handler:
        """A form: carried out as the chosen user, then back to a page; a refusal is shown in words."""

        async def handle(request: web.Request) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            if origin is not None and origin.partition("://")[2] != request.host:
                raise web.HTTPForbidden(text="чужая страница")
            form = await request.post()
            try:
                where = act(request, form, self._user(request))
            except kernel.Refusal as no:
                return web.json_response({"error": no.text or str(no.code)}, status=409, headers=HEADERS)
            if request.headers.get("X-Requested-With") == "board":
                return web.json_response({"to": where}, headers=HEADERS)
            answer = web.Response(status=303, headers={"Location": where})
            if act == self.choose:
                answer.set_cookie(COOKIE, str(_number(form.get("user"))), samesite="Strict", httponly=True)
            return answer

        return handle

    def create(self, _request: web.Request, form: Any, user: int) -> str:
        pipeline = _number(form.get("pipeline"))
        fields: dict[str, Any] = {"title": _text(form, "title"), "categoryId": pipeline, "assignedById": user}
        if _text(form, "sum"):
            fields["opportunity"] = _text(form, "sum")
        if _text(form, "client"):
            fields["contactIds"] = [self._new_contact(form, user)]
        self.portal.crm.add(schema.DEAL, fields, user)
        return f"/board/?pipeline={pipeline}"

    def move(self, request: web.Request, form: Any, user: int) -> str:
        deal = self._deal(request)
        self.portal.crm.update(schema.DEAL, deal.id, {"stageId": _text(form, "stage")}, user)
        return f"/board/deals/{deal.id}"

    def save(self, request: web.Request, form: Any, user: int) -> str:
        deal = self._deal(request)
        known = {one.name for one in views.inputs(self.portal, deal)}
        fields = {name: str(value)[:MOST_TEXT] for name, value in form.items() if name in known}
        self.portal.crm.update(schema.DEAL, deal.id, fields, user)
        return f"/board/deals/{deal.id}"

    def comment(self, request: web.Request, form: Any, user: int) -> str:
        deal = self._deal(request)
        self.portal.timeline.comment(user, (schema.DEAL, deal.id), _text(form, "text"))
        return f"/board/deals/{deal.id}"

    def delete(self, request: web.Request, _form: Any, _user: int) -> str:
        deal = self._deal(request)
        self.portal.crm.delete(schema.DEAL, deal.id)
        return f"/board/?pipeline={deal.get('categoryId') or 0}"

    def task(self, request: web.Request, _form: Any, user: int) -> str:
        task = self.portal.taskbook.act(user, request.match_info["action"], int(request.match_info["id"]))
        return self._card_of(task["UF_CRM_TASK"])

    def tick(self, request: web.Request, form: Any, user: int) -> str:
        number, item = int(request.match_info["id"]), int(request.match_info["item"])
        complete = {"IS_COMPLETE": "Y" if _text(form, "done") == "Y" else "N"}
        self.portal.taskbook.change_item(user, number, item, complete)
        return self._card_of(self.portal.taskbook.tasks[number]["UF_CRM_TASK"])

    def choose(self, request: web.Request, form: Any, _user: int) -> str:
        if _number(form.get("user")) not in self.portal.users:
            raise kernel.Refusal(400, "", "нет такого сотрудника")
        back = str(form.get("back") or "/board/")
        return back if back.startswith("/board/") else str(request.rel_url.with_path("/board/"))

    # inside

    def _user(self, request: web.Request) -> int:
        number = _number(request.cookies.get(COOKIE))
        return number if number in self.portal.users else min(self.portal.users)

    def _pipeline(self, request: web.Request) -> int:
        known = [row.id for row in views.pipelines(self.portal)]
        asked = request.query.get("pipeline")
        if asked is not None and _number(asked) in known:
            return _number(asked)
        count = self.portal.crm.table(schema.DEAL)
        busiest = dict.fromkeys(known, 0)
        for item_id in count.ids[-200:]:
            number = count.rows[item_id].get("categoryId") or 0
            busiest[number] = busiest.get(number, 0) + 1
        return max(known, key=lambda number: (busiest[number], number > 0, -number))

    def _deal(self, request: web.Request) -> store.Item:
        deal = self.portal.crm.item(schema.DEAL, int(request.match_info["id"]))
        if deal is None:
            raise web.HTTPNotFound(text="Сделка удалена или её не было.")
        return deal

    def _card(self, request: web.Request) -> dict[str, Any]:
        deal = self._deal(request)
        pipeline = deal.get("categoryId") or 0
        names = {row.id: row.name for row in views.pipelines(self.portal)}
        return {
            "deal": deal, "card": views.card(self.portal, deal), "pipeline": pipeline, "pipeline_name": names.get(pipeline, ""),
            "stages": views.stages(self.portal, pipeline), "contacts": views.contacts(self.portal, deal),
            "tasks": views.tasks(self.portal, deal.id), "feed": views.feed(self.portal, deal.id),
        }  # fmt: skip

    def _card_of(self, bindings: list[str]) -> str:
        deal = next((one[2:] for one in bindings if one.startswith("D_")), None)
        return f"/board/deals/{deal}" if deal else "/board/"

    def _new_contact(self, form: Any, user: int) -> int:
        name, _, last = _text(form, "client").partition(" ")
        fields: dict[str, Any] = {"name": name, "lastName": last, "assignedById": user}
        if phone := _text(form, "phone"):
            fields["fm"] = [{"typeId": "PHONE", "valueType": "WORK", "value": phone}]
        return self.portal.crm.add(schema.CONTACT, fields, user).id

    def _page(self, request: web.Request, template: str, **values: Any) -> web.Response:
        user = self._user(request)
        text = self.templates.get_template(template).render(
            user=views.person(self.portal, user),
            staff=views.staff(self.portal),
            notices=views.notices(self.portal, user),
            here=str(request.rel_url),
            now=views.moment(self.portal, self.portal.clock.now()),
            **values,
        )
        tag = f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(
            text=text, content_type="text/html", headers=HEADERS | {"ETag": tag, "Cache-Control": "no-cache"}
        )


def _number(value: object) -> int:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else 0


def _text(form: Any, name: str) -> str:
    return str(form.get(name) or "").strip()[:MOST_TEXT]
