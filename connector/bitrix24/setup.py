"""`connect`: one-shot, synchronous calls (requests) before any daemon runs, and what a webhook may do.

Passing troubles are tried again for reads and for refusals that surely did nothing; a write without an answer is Unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import tenacity

from connector import errors
from connector.bitrix24 import answers, classify, secret, transport, values

TIMEOUT = 70.0
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What the portal says of a webhook."""

    scopes: frozenset[str]
    admin: bool
    owner: str
    owner_id: int
    owner_deals: int | None = None
    """How many open deals the webhook's owner leads himself; None if it can't be seen."""
    simple_crm: bool = False


class Setup:
    """`sleep` and `session` are given by tests."""

    def __init__(
        self,
        url: secret.WebhookUrl | secret.AppAddress,
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = tenacity.nap.sleep,
    ) -> None:
        self._url, self._session, self._sleep = url, session or requests.Session(), sleep

    def probe(self) -> Found:
        """Raises PortalClosed for a tariff without REST or a bad webhook."""
        scopes = self.call("scope")
        profile = self.call("profile")
        me = values.required_id(profile.get("ID") if isinstance(profile, dict) else None)
        name = " ".join(str(profile.get(part) or "") for part in ("LAST_NAME", "NAME")).strip()
        return Found(
            scopes=frozenset(str(one) for one in scopes) if isinstance(scopes, list) else frozenset(),
            admin=values.flag(profile.get("ADMIN")) is True,
            owner=name or f"#{me}",
            owner_id=me,
            owner_deals=self._deals_of(me),
            simple_crm=self._simple(),
        )

    # --- what there is

    def _deals_of(self, user: int) -> int | None:
        params = {
            "entityTypeId": 2,
            "select": ["id"],
            "filter": {"=assignedById": user, "=stageSemanticId": "P"},
        }
        try:
            return answers.whole(self._post("crm.item.list", params, write=False).get("total"))
        except errors.Rejected:
            return None

    def _simple(self) -> bool:
        try:
            return str(self.call("crm.settings.mode.get")) == "2"
        except errors.Rejected:
            return False

    # --- calls

    def call(self, method: str, params: Mapping[str, Any] | None = None, *, write: bool = False) -> Any:
        return self._post(method, params or {}, write=write).get("result")

    def _post(self, method: str, params: Mapping[str, Any], *, write: bool) -> dict[str, Any]:
        retrying = tenacity.Retrying(
            sleep=self._sleep,
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=tenacity.wait_exponential(0.5, 8),
            retry=tenacity.retry_if_exception(_passing),
            reraise=True,
        )
        return retrying(self._once, method, params, write)

    def _once(self, method: str, params: Mapping[str, Any], write: bool) -> dict[str, Any]:
        try:
            answer = self._session.post(
                self._url.reveal(method), json=self._url.signed(params), timeout=TIMEOUT, allow_redirects=False,
                headers={"User-Agent": transport.USER_AGENT},
            )  # fmt: skip
        except requests.ConnectTimeout as error:
            raise errors.Retryable(f"портал недоступен: {type(error).__name__}", method=method) from None
        except requests.RequestException as error:
            told = f"портал не ответил: {type(error).__name__}"
            raise classify.unanswered(told, method=method, write=write) from None
        return self._judged(method, answer, write)

    def _judged(self, method: str, answer: requests.Response, write: bool) -> dict[str, Any]:
        status = answer.status_code
        try:
            data = {} if 300 <= status < 400 else transport.decode(answer.content)
        except ValueError:
            told = f"ответ портала не читается (HTTP {status})"
            raise classify.unanswered(told, status=status, method=method, write=write) from None
        if status != 200 or "error" in data:
            code, text = classify.code_of(data)
            # Here methods are called by themselves: a 403 speaks of the tariff unless the method has rights of its own.
            raise classify.refusal(status, code, text, method=method, write=write, system=True)
        found: dict[str, Any] = data
        return found


def _passing(error: BaseException) -> bool:
    return isinstance(error, errors.Retryable) and not isinstance(error, errors.PortalClosed)
