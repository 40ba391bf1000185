"""What is kept of values written into a contact or company: exactly, and without a word of people's once forgotten."""

from __future__ import annotations

import dataclasses

from connector.store import codec, retention
from robots import intents, model
from tests.contract import stores

ACT = intents.SetClient(
    model.ClientRef(model.ClientKind.CONTACT, 7),
    {model.FieldCode("name"): "Мария", model.FieldCode("UF_CRM_PAYS"): 2},
    {model.FieldCode("name"): "Маша"},
)


def test_it_comes_back_as_it_was_kept() -> None:
    """Values, what they replace, whose they are."""
    wish = stores.wish("k", act=ACT)

    assert codec.load(intents.Wish, codec.dump(wish)) == wish


def test_long_after_only_ids_are_left() -> None:
    """Retention: names go, numbers of options and people stay."""
    left = retention.forgotten(stores.wish("k", act=ACT))
    values = {model.FieldCode("name"): None, model.FieldCode("UF_CRM_PAYS"): 2}

    assert left.act == dataclasses.replace(ACT, values=values, replaces={})
    assert codec.load(intents.Wish, codec.dump(left)) == left
