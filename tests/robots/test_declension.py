"""Names as free texts write them: in every case, and in no word that isn't the name's."""

from __future__ import annotations

import pytest

from robots import declension, forgetting

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("марианна", "марианны марианне марианну марианной"),
        ("канарейкина", "канарейкиной канарейкину"),
        ("ольга", "ольги ольге ольгу ольгой"),
        ("мария", "марии марию марией"),
        ("наталья", "натальи наталье наталью натальей"),
        ("достоевская", "достоевской достоевскую"),
        ("петр", "петра петру петром петре"),
        ("павел", "павла павлу павлом павле"),
        ("андрей", "андрея андрею андреем андрее"),
        ("дмитрий", "дмитрия дмитрию дмитрием дмитрии"),
        ("достоевский", "достоевского достоевскому достоевским достоевском"),
        ("иванов", "иванова иванову ивановым иванове"),
        ("игорь", "игоря игорю игорем игоре"),
        ("любовь", "любови любовью"),
        ("шевченко", "шевченко"),
        ("smith", "smith"),
    ],
)
def test_a_name_is_known_in_every_case(word: str, told: str) -> None:
    """Whatever else the rules make beside it."""
    assert declension.forms(word) >= {word, *told.split()}
    assert declension.cases(word)[0] == (word,)


def scrubbed(text: str, *names: str, alone: frozenset[str] = frozenset()) -> str:
    return forgetting.marks(forgetting.name_marks(names, alone, KEY), KEY).text(text)


def test_an_erased_name_goes_from_texts_in_every_case() -> None:
    """In both orders; words of different cases side by side are no name."""
    text = "позвонить Марианне Канарейкиной; счёт Канарейкиной Марианны; говорила с Марианной Канарейкиной"
    assert scrubbed(text, "Марианна", "Канарейкина") == "позвонить клиент; счёт клиент; говорила с клиент"
    assert scrubbed("Марианна Канарейкину видела", "Марианна", "Канарейкина") == "Марианна Канарейкину видела"


def test_a_word_alone_goes_only_if_it_is_nobody_elses() -> None:
    """«Иванова» may be Иванов's genitive and another client's name."""
    said = "Иванову и Иванова"
    assert scrubbed(said, "Пётр", "Иванов", alone=frozenset({"иванов", "иванову"})) == "клиент и Иванова"
    assert scrubbed(said, "Пётр", "Иванов", alone=frozenset({"иванову"})) == said
