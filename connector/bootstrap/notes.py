"""What the daemon leaves in the notebook for the commands beside it, and what a command leaves for the daemon.

Names of the entries and their JSON shapes stand here once, for writers and readers. Light: read-outs import it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from robots import model

HERE: Final = model.PortalId("@")
"""Entries of the installation, not of a portal."""

PORTALS: Final = "portals"
"""HERE: portal id -> {address, file}."""
NAMES: Final = "names"
"""Of a portal: pipelines and stages as people see them, and the zone (see `names`)."""
ROBOTS: Final = "robots"
"""Of a portal: {robots: {id: mode}, broken: [{robot, place, text}]}."""
ACCEPTED: Final = "config"
"""Of a portal: the configuration at work: {hash, at, texts: {file: text}}."""
HISTORY: Final = "config_history"
"""Of a portal: the last configurations, newest last, each as ACCEPTED."""
WAITING: Final = "config_waiting"
"""Of a portal: {hash, at} of a changed good file that waits for `apply`; None: none waits."""
APPLY: Final = "config_apply"
"""Of a portal, written by the command: {hash} of the texts that the daemon may take."""
HTTP: Final = "http"
"""Of a portal: {url, pid} of the running daemon."""
DIGEST_KEY: Final = "digest_key"
"""Of a portal: hex; the key of the hashes of phones and e-mails. Changing it would make every comm look new."""
GONE: Final = "problem.gone"
"""Of a portal, written by the loops: {count, cards, at, text} of cards that vanished together and are held."""
SHARED: Final = "problem.foreign"
"""Of a portal, written by the loops: {count, at, text} of what another Voronka did there; None: nothing was seen."""
GONE_APPROVED: Final = "gone_approved"
"""Of a portal: until when (ISO) a person lets cards vanish in any number."""
PUBLIC_URL: Final = "public_url"
"""Of a portal, written by `connect --app`: where the portal reaches us."""
KEPT_CONFIGS: Final = 50


def names(directory: model.Directory) -> dict[str, Any]:
    """The directory's words for stories, small enough for the notebook."""
    pipelines = [
        {
            "id": int(pipeline.id),
            "name": pipeline.name,
            "kind": pipeline.kind.value,
            "stages": [[str(s.id), s.name, s.sort, s.semantic.value] for s in pipeline.stages],
        }
        for pipeline in directory.pipelines
    ]
    zone = directory.calendar.timezone if directory.calendar else "UTC"
    people = {str(int(user.id)): user.full_name for user in directory.users.values()}
    return {
        "address": directory.address,
        "scheme": directory.scheme,
        "zone": zone,
        "pipelines": pipelines,
        "people": people,
        "money": [directory.base_currency, {name: str(rate) for name, rate in directory.rates.items()}],
        "fields": {owner: list(_spoken_fields(fields)) for owner, fields in directory.fields.items()},
    }


def _spoken_fields(fields: Mapping[model.FieldCode, model.Field]) -> Iterator[list[Any]]:
    """[code, title, type, options] of what reports speak of: the card's own fields of kind «employee», and the channels."""
    for code, one in fields.items():
        if one.type is model.FieldType.USER and code.startswith("UF_"):
            yield [str(code), one.title, one.type.value, {}]
        elif code == "sourceId":
            yield [
                str(code),
                one.title,
                one.type.value,
                {str(key): name for key, name in one.options.items()},
            ]


def zone(written: Mapping[str, Any] | None) -> str:
    return str(written.get("zone", "UTC")) if written else "UTC"


def directory(portal: model.PortalId, written: Mapping[str, Any] | None) -> model.Directory:
    """A directory that knows the words of `names` and nothing else."""
    if not written:
        return model.Directory(portal=portal, address=str(portal))
    pipelines = tuple(
        model.Pipeline(
            model.PipelineId(int(one["id"])),
            str(one["name"]),
            model.CardKind(one["kind"]),
            tuple(
                model.Stage(model.StageId(str(sid)), str(name), int(sort), model.Semantic(semantic))
                for sid, name, sort, semantic in one["stages"]
            ),
        )
        for one in written["pipelines"]
    )
    users = {
        model.UserId(int(number)): model.User(model.UserId(int(number)), "", str(name))
        for number, name in written.get("people", {}).items()
    }
    base, rates = written.get("money", ["RUB", {}])
    return model.Directory(
        portal=portal,
        address=str(written["address"]),
        scheme=str(written.get("scheme", "https")),
        pipelines=pipelines,
        users=users,
        base_currency=str(base),
        rates={str(currency): Decimal(rate) for currency, rate in rates.items()},
        fields={
            str(owner): {
                model.FieldCode(code): model.Field(
                    model.FieldCode(code), title, model.FieldType(kind), options=options
                )
                for code, title, kind, options in fields
            }
            for owner, fields in written.get("fields", {}).items()
        },
    )
