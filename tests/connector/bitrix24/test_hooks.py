"""Doorbells: forms of the portal's, and everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import ports
from connector.bitrix24 import hooks

AUTH = b"&auth[domain]=Acme.bitrix24.ru&auth[member_id]=m1&auth[application_token]=tok&ts=1736405807"
Kind = ports.Kind


@pytest.mark.parametrize(
    ("body", "thing", "gone"),
    [
        (b"event=ONCRMDEALUPDATE&data[FIELDS][ID]=759", (Kind.DEAL, 759), False),
        (b"event=ONCRMDEALUPDATE&data%5BFIELDS%5D%5BID%5D=759", (Kind.DEAL, 759), False),
        (b"event=onCrmLeadDelete&data[FIELDS][ID]=5", (Kind.LEAD, 5), True),
        (
            b"event=ONCRMDEALMOVETOCATEGORY&data[FIELDS][ID]=5&data[FIELDS][STAGE_ID]=C5:NEW",
            (Kind.DEAL, 5),
            False,
        ),
        (b"event=onCrmActivityUpdate&data[FIELDS][ID]=8", (Kind.ACTIVITY, 8), False),
        (b"event=ONCRMTIMELINECOMMENTADD&data[ID]=9", (Kind.COMMENT, 9), False),
        (b"event=ONCRMTIMELINECOMMENTADD&data[FIELDS][ID]=9", (Kind.COMMENT, 9), False),
        (b"event=ONTASKADD&data[FIELDS_BEFORE]=undefined&data[FIELDS_AFTER][ID]=4", (Kind.TASK, 4), False),
        (b"event=ONTASKDELETE&data[FIELDS_BEFORE][ID]=4&data[FIELDS_AFTER]=undefined", (Kind.TASK, 4), True),
        (
            b"event=ONTASKCOMMENTADD&data[FIELDS_AFTER][ID]=0&data[FIELDS_AFTER][TASK_ID]=4",
            (Kind.TASK, 4),
            False,
        ),
        (b"event=ONCRMDEALUSERFIELDADD&data[FIELDS][ID]=4", None, False),
        (b"event=ONSOMETHINGNEW&data[FIELDS][ID]=4", None, False),
        (b"event=ONCRMDEALUPDATE&data[FIELDS][ID]=undefined", None, False),
        (b"event=ONCRMDEALUPDATE&data[FIELDS][ID]=-4", None, False),
    ],
)
def test_a_doorbell_says_where_to_look(body: bytes, thing: tuple[Kind, int] | None, gone: bool) -> None:
    """Every documented shape, and those that name nothing."""
    bell = hooks.parse(body + AUTH)
    assert bell.thing == (ports.Thing(*thing) if thing else None)
    assert (bell.gone, bell.token, bell.domain, bell.member_id) == (gone, b"tok", "acme.bitrix24.ru", "m1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"data[FIELDS][ID]=1",
        b"event=",
        b"\xff\xfe",
        b"event=A&" + b"&".join(b"x=1" for _ in range(300)),
        b"event=A&data" + b"[x]" * 40 + b"=1",
        b"event=A&" + b"k" * 500 + b"=1",
        b"event=A&x=" + b"y" * 70_000,
        b"event=A&x=%ff",
    ],
)
def test_what_is_no_doorbell_is_malformed(body: bytes) -> None:
    """Not a form, too large, too wide, too deep."""
    with pytest.raises(hooks.Malformed):
        hooks.parse(body)


@given(body=st.binary(max_size=300) | st.text("event=ON[]&%DATAID012", max_size=80).map(str.encode))
def test_no_body_crashes_the_parser(body: bytes) -> None:
    """A bell or Malformed."""
    try:
        hooks.parse(body)
    except hooks.Malformed:
        return
