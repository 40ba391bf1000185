"""How long the portal takes (shared/reliability.md, «Two profiles»): `instant`, bucket only, and `cloud`.

Latency is slept for real, made shorter by the clock's speed; it is also what operating time is charged with.
A request may last 60 s of the portal's time: what would go beyond ends with a gateway's 504 page, and how much of
it was executed nobody tells the client.
"""

from __future__ import annotations

from dataclasses import dataclass, field

REQUEST_CAP = 60.0
GATEWAY_TIMEOUT = (
    b"<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n"
    b"<center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_CLOUD = {
    "crm.item.update": 0.4,
    "crm.deal.update": 0.4,
    "crm.lead.update": 0.4,
    "crm.contact.update": 0.4,
    "crm.company.update": 0.4,
    "crm.item.add": 0.5,
    "crm.deal.add": 0.5,
    "crm.lead.add": 0.5,
    "crm.contact.add": 0.5,
    "crm.company.add": 0.5,
    "crm.item.delete": 0.4,
    "crm.entity.mergebatch": 1.0,
    "tasks.task.add": 0.9,
    "tasks.task.update": 0.4,
    "tasks.task.complete": 0.4,
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds per method (lower-case names), and for all others; operating limit or None."""

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    other: float = 0.0
    operating_limit: float | None = None
    cap: float = REQUEST_CAP

    def cost(self, method: str) -> float:
        return self.seconds.get(method, self.other)


PROFILES = {
    "instant": Profile("instant"),
    "cloud": Profile("cloud", _CLOUD, 0.05, 480.0),
}
