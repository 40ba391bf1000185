"""Every behaviour on which the documentation is silent, as a named switch.

The sandbox must take some position where the reference says «docs silent» or «memory»; a program that works only
with that position is not proven. So each such place reads its switch, and a test can put it the other way.
The first position of a switch is its default. A switch without positions takes a number of seconds >= 0.
"""

from __future__ import annotations

from dataclasses import dataclass

Position = str | float


class UnknownSwitch(ValueError):
    """No such switch, or not one of its positions."""


@dataclass(frozen=True, slots=True)
class Switch:
    name: str
    positions: tuple[str, ...]
    doc: str

    @property
    def default(self) -> Position:
        return self.positions[0] if self.positions else 0.0

    def accept(self, value: object) -> Position:
        if self.positions:
            if isinstance(value, str) and value in self.positions:
                return value
            raise UnknownSwitch(f"{self.name}: {value!r} is not one of {', '.join(self.positions)}")
        try:
            seconds = float(str(value))
        except ValueError:
            raise UnknownSwitch(f"{self.name}: {value!r} is not a number") from None
        if not 0 <= seconds < float("inf"):
            raise UnknownSwitch(f"{self.name}: {value!r} is not a number of seconds")
        return seconds


def _switch(name: str, positions: str, doc: str) -> Switch:
    return Switch(name, tuple(positions.split()), doc)


ALL: dict[str, Switch] = {
    switch.name: switch
    for switch in (
        # history, lists, paging
        _switch("history", "modern late_commit old_box", "§5.4 stage history: complete at once; rows seen late and out of id order for two seconds; quick intermediate moves leave no row"),
        _switch("history_of_deleted", "gone kept", "§9.13 stage history of a deleted owner"),
        _switch("lists_lag", "", "§9.12 seconds for which a created object is not yet in lists and searches"),
        _switch("start_minus_one_total", "absent zero", "§2.4, §10.1a `total` with start=-1"),
        _switch("unknown_filter_key", "error ignored", "§5.1 crm.item.list with a filter key it does not know (classic lists and tasks stay silent)"),
        _switch("more_than_nothing", "no_row every_row", "§5.1 a filter such as >ID with an empty value: no row is more than nothing, or each is"),
        _switch("array_filter", "in error", "§5.1, §10.1m an array under a filter key without @"),
        _switch("fm_when_empty", "empty missing", "§9.4, §10.1l `fm` of a card without phones and mails"),
        # batch
        _switch("batch_reference", "empty error", "§3 a $result reference that leads nowhere: an empty string, or the command fails"),
        _switch("batch_overflow", "refuse per_command", "§3 more than 50 commands: the whole request, or each command beyond the limit"),
        _switch("batch_time_operating", "absent present", "§1.3 operating keys in result_time inside a batch"),
        # authorisation
        _switch("wrong_secret", "no_auth_found invalid_credentials", "§1.5, §10.1c 401 NO_AUTH_FOUND or 401 INVALID_CREDENTIALS for a wrong or revoked webhook"),
        _switch("old_refresh_token", "refused kept", "§6 a refresh token that was used once: dead at once, or good for another while"),
        _switch("oauth_error_status", "400 401 200", "§6 HTTP status of the authorization server's refusals"),
        _switch("event_bound_twice", "refused doubled", "§4.5 the same event bound to the same handler again"),
        # cards
        _switch("findbycomm", "digits exact ru", "§5.5, §10.1b phones compared by digits, as written, or with 8 and +7 equal"),
        _switch("raw_uf_names", "with_flag always", "§5.1 raw UF_CRM_… names in crm.item.* without useOriginalUfNames"),
        _switch("restore_id", "same new", "§9.13, §10.1r id of a card restored from the recycle bin"),
        _switch("required_code", "CRM_FIELD_ERROR_REQUIRED 100 empty", "§5.1, §10.1g error code of a missing required field"),
        _switch("crm_mode", "classic simple", "§5.2 simple mode turns a created lead into a deal at once"),
        _switch("simple_lead", "converted gone", "§5.2 what is left of the lead in simple mode"),
        _switch("merge_events", "yes no", "§10.1h events during crm.entity.mergeBatch"),
        _switch("import_events", "no yes", "§4.3, §10.1h events on crm.item.import"),
        _switch("move_event_to_webhooks", "no yes", "§10.1i ONCRMDEALMOVETOCATEGORY offered to outgoing webhooks"),
        _switch("uf_head_presence", "when_set always", "§5.11, §10.1f UF_HEAD in department.get"),
        # tasks, timeline, notices
        _switch("task_filter_xml_id", "ignored works error", "§5.10, §10.1d tasks.task.list filtered by XML_ID"),
        _switch("deadline_history", "unix iso", "§5.10, §10.1e from/to of DEADLINE in task history"),
        _switch("creator_kept", "yes no", "§5.10 CREATED_BY given by a non-admin is kept, or forced to the caller"),
        _switch("comment_event", "flat fields", "§4.3, §10.1k comment event: data[ID] or data[FIELDS][ID]"),
        _switch("document_pdf_later", "", "crm.documentgenerator.document.add: seconds after which the PDF of a document is ready (its page: converted later)"),
        _switch("notify_client_id_required", "yes no", "§5.9 TAG by webhook works only with CLIENT_ID"),
    )
}  # fmt: skip


class Switches:
    """The positions of one portal; only what differs from the defaults is stored."""

    def __init__(self, **positions: Position) -> None:
        self._set: dict[str, Position] = {}
        for name, value in positions.items():
            self.set(name, value)

    def get(self, name: str) -> Position:
        if name in self._set:
            return self._set[name]
        return _known(name).default

    def seconds(self, name: str) -> float:
        return float(self.get(name))

    def set(self, name: str, value: object) -> None:
        self._set[name] = _known(name).accept(value)

    def reset(self) -> None:
        self._set.clear()

    def table(self) -> list[dict[str, object]]:
        """Name, position, default, allowed positions and documentation line of every switch."""
        return [
            {
                "name": switch.name,
                "position": self.get(switch.name),
                "default": switch.default,
                "positions": list(switch.positions),
                "doc": switch.doc,
            }
            for switch in ALL.values()
        ]


def _known(name: str) -> Switch:
    try:
        return ALL[name]
    except KeyError:
        raise UnknownSwitch(f"no switch {name!r}; there are {', '.join(ALL)}") from None
