"""What every seed shares: the funnel's YAML compiled once, and the portal's dictionaries, read once by the adapter.

The directory is read through the real adapter from a real sandbox portal in a loop of its own; ids of a seeded portal are
always the same, so it serves every world.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.bitrix24 import portal as adapter
from connector.bitrix24 import secret, transport
from connector.bootstrap import configuration, files
from connector.clock import SystemClock
from robots import decision, model
from sandbox.bitrix24 import batch, dispatch, kernel, seed, wire

PORTAL = model.PortalId("romashka")
ADDRESS = "romashka.bitrix24.ru"
URL = f"https://{ADDRESS}/rest/{seed.ROBOT}/{seed.ROBOT_SECRET}/"
TASK = "task"

FUNNEL = """\
version: 1
portal: {kind: bitrix24, address: romashka.bitrix24.ru, events: webhook}
people:
  менеджер: {field: Ответственный}
  руководитель: {head_of: менеджер, if_self: up, else: Орлов Сергей}
  РОП: {field: РОП, else: руководитель}
pipelines:
  Продажи:
    mode: on
    on_create:
      - fill:
          field: РОП
          with: руководитель
          also_if: dismissed
          if_nobody:
            task: {title: Укажите руководителя отдела продаж, for: менеджер, closes: {filled: РОП}}
      - duplicates:
          by: [телефон, e-mail]
          other_owner:
            - tell: [менеджер, владелец]
    every_task: {creator: РОП, for: менеджер, closes: on_leave}
    if_missing: {do: move_back, wait: 0 minutes, checks: all earlier stages, not_when: {moved: back, to: lost}, at_most: 3 per day}
    stages:
      Новый лид:
        to_leave: [Требования]
        task: {title: Взять в работу новый лид, deadline: 2 work hours}
      Обрабатываем запрос:
        to_leave: [Предмет сделки]
        task:
          title: "{{Контакт: Имя}}. Сделать КП"
          deadline: 1 work day
          checklist: [Уточните размеры, Посчитайте цену]
      Сделали предложение:
        task: {title: Получить ответ на КП, deadline: 2 work days}
      Получили ответ:
        on_enter:
          - comment: Проверьте адрес доставки
      Дорого: {to_enter: [Комментарий при провале]}
    on_won:
      - hand_over: {to: Доставка / Новый заказ, copy: all, once: per deal}
  Доставка:
    mode: on
    on_create:
      - fill: {field: РОП, with: Орлов Сергей}
    stages:
      Новый заказ:
        task: {title: Собрать заказ, for: менеджер, deadline: 1 work day, closes: on_leave}
"""


@dataclass(frozen=True, slots=True)
class Shared:
    directory: model.Directory
    rules: decision.Rules


class _Plain:
    """The portal at once, without time, limits and faults: for the directory alone."""

    def __init__(self) -> None:
        self._portal = seed.rop_funnel()

    async def post(self, method: str, payload: Mapping[str, Any]) -> transport.Reply:
        if method != "batch":
            return transport.Reply(200, {"result": self._one(method, dict(payload))})
        results = batch.Results()
        for command in batch.commands(dict(payload), refuse_long=True):
            try:
                made = self._one(command.method, batch.parameters(command, results, strict=False))
                results.good(command.key, kernel.Answer(made), {})
            except kernel.Refusal as refusal:
                results.bad(command.key, refusal)
        return transport.Reply(200, json.loads(wire.to_json({"result": results.envelope()})))

    def _one(self, method: str, params: dict[str, Any]) -> Any:
        return dispatch.call(self._portal, method, params, user_id=seed.ROBOT)

    async def close(self) -> None:
        return


def on_wire(found: adapter.Bitrix24Portal, wired: Any) -> adapter.Bitrix24Portal:
    """The adapter with another wire under it: the transport is its only seam to the outside."""
    found._wire = wired
    found.client._wire = wired
    return found


@functools.cache
def shared() -> Shared:
    directory = asyncio.run(_directory())
    made = configuration.compiled(files.Bundle({"romashka.yaml": FUNNEL.encode()}), directory)
    if made.errors:
        raise AssertionError(made.shown())
    return Shared(configuration.worked(made, directory), made.rules())


async def _directory() -> model.Directory:
    found = adapter.Bitrix24Portal(
        secret.WebhookUrl(URL), portal=PORTAL, clock=SystemClock(), address=ADDRESS
    )
    on_wire(found, _Plain())
    read = await found.directory()
    await found.close()
    return read
