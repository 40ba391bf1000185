"""The preset `lead-basics` taken by an admin and lived in: checked, dealt out, never two managers, never forgotten (S4).

Nobody waits here: what the preset does after half an hour of work is done at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.acceptance import driver, taken
from tests.acceptance.driver import wait_for

OVER = """\
people:
  дежурный:
    round_robin: {except: Петрова Анна}
    within: off
leads:
  unattended: {after: 0 minutes, first: {after: 0 minutes}, at_most: 1 time}
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[taken.Taken]:
    made = taken.Taken(tmp_path_factory.mktemp("leads"), "lead-basics", over=OVER)
    try:
        yield made
    finally:
        made.close()


def test_nothing_has_to_be_made_for_it(pair: taken.Taken) -> None:
    """It works with what every portal has, and asks of no pipeline."""
    assert pair.told == []
    assert "pipeline" not in pair.daemon.file.read_text("utf-8")


def test_a_phone_that_can_t_be_called_is_told_at_once(pair: taken.Taken) -> None:
    """S4.1, S4.2: with what is wrong in it, so that the manager mends it before the client is lost."""
    pair.lead("Плохой номер", phone="8 916 123", by=driver.SIDOROVA)
    wait_for("the word", lambda: bad_phone(pair))
    assert bad_phone(pair)[0].splitlines()[1] == (
        "телефон «8 916 123»: 7 цифр, а в номере России их 11 вместе с кодом страны"
    )


def bad_phone(pair: taken.Taken) -> list[str]:
    everybody = [
        text for user in (driver.IVANOV, driver.SIDOROVA, driver.HEAD) for text in pair.sandbox.notices(user)
    ]
    return [text for text in everybody if text.startswith("«Плохой номер»: проверьте: телефон\n")]


def test_a_lead_that_nobody_takes_goes_on_and_then_the_head_knows(pair: taken.Taken) -> None:
    """S4.4, S1.2, F28: in turn to one, then to the other, who keeps it; both are told, and the head is."""
    lead = pair.lead("Ничей")
    wait_for("the head", lambda: pair.told_to(driver.HEAD, "Ничей"))
    wait_for("calm", pair.daemon.settled)

    last = pair.lead_card(lead)["assignedById"]
    first = driver.IVANOV + driver.SIDOROVA - last
    assert {first, last} == {driver.IVANOV, driver.SIDOROVA}
    told = {user: pair.told_to(user, "Ничей") for user in (first, last)}
    names = {driver.IVANOV: "Иванов Пётр", driver.SIDOROVA: "Сидорова Ольга"}
    assert told[first][0] == "«Ничей» теперь ваша карточка"
    assert told[first][-1] == f"«Ничей»: теперь ведёт {names[last]}"
    assert "«Ничей» теперь ваша карточка" in told[last]


def test_a_known_client_stays_with_his_manager(pair: taken.Taken) -> None:
    """S4.3, S4.5: past the queue to whoever leads him, however long he takes; the client's second inquiry too."""
    pair.sandbox.contact("Вера", "+7 916 555-55-55", by=driver.SIDOROVA)
    time.sleep(
        1.1
    )  # the portal's moments are whole seconds, and an earlier client is one of an earlier second
    leads = [pair.lead(f"Вера {at}", phone="8 916 555-55-55") for at in ("раз", "два")]
    wait_for("the head", lambda: len(kept(pair)) == 2)

    assert [pair.lead_card(one)["assignedById"] for one in leads] == [driver.SIDOROVA] * 2
    assert pair.told_to(driver.IVANOV, "Вера") == []


def kept(pair: taken.Taken) -> list[str]:
    """What the head was told of leads that stay where they are."""
    return [text for text in pair.sandbox.notices(driver.HEAD) if "Вера" in text and "это его клиент" in text]
