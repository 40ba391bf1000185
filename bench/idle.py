"""A quiet portal: how soon one event has its effect, and what the daemon costs while nothing happens.

    effect   a deal is made, its РОП stands in it: median over 15 deals, four seconds apart (a deal and its echoes
             take some six requests; faster, and the bucket fills and small batches wait for company), from the answer that the
             deal is there; the portal is asked every few milliseconds
    floor    what the portal's own latency makes of it: two requests that must follow one another (read the card, write the
             field), each the median of the same commands sent by hand in the same run
    rest     memory of the daemon, and its processor's seconds in a minute without events: the sweep goes on

The naive rival is the handler that a user would write: told by the same webhook it reads the card, writes the field, one
call at a time; two calls, so that its figure is what durability, batches and rules cost. Run: `python -m bench idle`.
"""

from __future__ import annotations

import argparse
import http.server
import pathlib
import statistics
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import requests

from bench import far, report
from tests.acceptance import driver

DEALS, PAUSE, POLL = 15, 4.0, 0.003
MINUTE = 60.0
LONGEST = 10.0
FORMULA = "two requests that must follow one another, by hand, on the same sandbox"
RIVAL = "a webhook's handler of two calls, nothing saved, no rules"


def effect(portal: driver.Sandbox, deals: int) -> list[float]:
    """Milliseconds from the deal to its РОП, deal by deal."""
    took = []
    for number in range(deals):
        deal = portal.deal(title=f"Тихая {number}", by=driver.IVANOV)
        began = time.perf_counter()
        while not portal.card(deal).get(driver.ROP):
            if time.perf_counter() - began > LONGEST:
                raise TimeoutError(f"deal {deal} has no head after {LONGEST} s")
            time.sleep(POLL)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE)
    return took


def by_hand(portal: driver.Sandbox, deals: int) -> float:
    """Milliseconds of both requests, the median."""
    url = _url(portal)
    deal = portal.deal(title="Вручную", by=driver.HEAD)
    with requests.Session() as session:
        took = [_timed(lambda: _both(session, url, deal)) for _ in range(deals)]
    return statistics.median(took)


def _both(session: requests.Session, url: str, deal: int) -> None:
    lines = [
        f"crm.item.list?entityTypeId=2&filter[@id][0]={deal}&useOriginalUfNames=Y&start=-1",
        f"crm.item.update?entityTypeId=2&id={deal}&fields[{driver.ROP}]={driver.HEAD}&useOriginalUfNames=Y",
    ]
    for line in lines:
        far.call(session, url, "batch", {"halt": 0, "cmd": {"0": line}})


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _url(portal: driver.Sandbox) -> str:
    return f"http://127.0.0.1:{portal.port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"


class _Script(http.server.BaseHTTPRequestHandler):
    """The rival: what it is told of it does before it answers."""

    url = ""
    session = requests.Session()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields = dict(urllib.parse.parse_qsl(body.decode()))
        if fields.get("event") == "ONCRMDEALADD":
            deal = int(fields["data[FIELDS][ID]"])
            asked = {"entityTypeId": 2, "id": deal, "useOriginalUfNames": "Y"}
            card = far.call(self.session, self.url, "crm.item.get", asked)["result"]["item"]
            if not card.get(driver.ROP):
                far.call(
                    self.session, self.url, "crm.item.update", {**asked, "fields": {driver.ROP: driver.HEAD}}
                )
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ARG002 - the base's
        return


def rival(deals: int) -> list[float]:
    with tempfile.TemporaryDirectory() as place:
        server = http.server.HTTPServer(("127.0.0.1", 0), _Script)
        portal = driver.Sandbox(pathlib.Path(place), daemon_port=server.server_port)
        _Script.url = _url(portal)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            return effect(portal, deals)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            portal.close()


def ours(deals: int, minute: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder, port = pathlib.Path(place), driver.free_port()
        portal = driver.Sandbox(folder, daemon_port=port)
        daemon = driver.Daemon(
            folder, portal.port, port, VORONKA_SWEEP_PERIOD="30", VORONKA_REQUEST_TIMEOUT="70"
        )
        try:
            daemon.start().ready()
            time.sleep(5)
            took = effect(portal, deals)
            driver.wait_for("quiet", daemon.settled, 60)
            assert daemon.process is not None
            pid, asked = daemon.process.child.pid, portal.requests()["requests"]
            used, began = far.cpu(pid), time.monotonic()
            time.sleep(minute)
            spent = (far.cpu(pid) - used) / (time.monotonic() - began) * MINUTE
            asked = portal.requests()["requests"] - asked
            return {
                "ms": took,
                "floor_ms": by_hand(portal, deals),
                "mib": far.rss(pid) / far.MIB,
                "cpu_s": spent,
                "asked": asked,
            }
        finally:
            daemon.kill()
            portal.close()


def run(deals: int = DEALS, minute: float = MINUTE) -> report.Report:
    mine, theirs = ours(deals, minute), rival(deals)
    middle, worst = statistics.median(mine["ms"]), max(mine["ms"])
    figures = [
        report.Figure("event to effect, p50", middle, "ms", mine["floor_ms"], statistics.median(theirs)),
        report.Figure("event to effect, the slowest", worst, "ms", mine["floor_ms"], max(theirs)),
        report.Figure("at rest: memory of the daemon", mine["mib"], "MiB"),
        report.Figure("at rest: processor in a minute", mine["cpu_s"], "s"),
        report.Figure("at rest: requests in a minute", mine["asked"] * MINUTE / minute, "", 2.0),
    ]  # fmt: skip
    note = f"{deals} deals, {PAUSE:.0f} s apart; one portal to a daemon; the floor of requests is a sweep each 30 s"
    return report.Report(
        "idle", figures, FORMULA, RIVAL, [note], {"ours": mine, "rival_ms": theirs, "deals": deals}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=DEALS)
    parser.add_argument("--minute", type=float, default=MINUTE, help="seconds of rest that are watched")
    given = parser.parse_args()
    print(report.table([run(given.deals, given.minute)]))


if __name__ == "__main__":
    main()
