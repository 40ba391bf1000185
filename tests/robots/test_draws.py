"""Draws: fair, durable, once for a key (S4.4)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import hypothesis
from hypothesis import strategies as st

from robots import draws, intents, model
from tests.robots import builders

A, B, C = (model.UserId(n) for n in (11, 12, 13))
NOBODY = draws.Load({}, {})


def candidate(user: model.UserId, weight: int = 1) -> intents.Candidate:
    return intents.Candidate(user, f"сотрудник {user}", weight)


def wish(
    card: int, *among: intents.Candidate, how: intents.PickHow = intents.PickHow.TURNS, **rest: bool
) -> intents.Wish:
    ref = model.CardRef(model.CardKind.LEAD, card)
    return intents.Wish(
        key=intents.WishKey(f"Лиды/on_create/assign/{ref}/created/assign"),
        robot=intents.RobotId("Лиды/on_create/assign"),
        digest="d",
        card=ref,
        cause="created",
        act=intents.SetFields({draws.RESPONSIBLE: intents.DRAWN}),
        because=f"ответственный — {intents.DRAWN_NAME}",
        pick=intents.Pick("дежурный", among, how),
        **rest,
    )


def drawn(drawing: draws.Drawing, *wishes: intents.Wish) -> list[int | None]:
    return [draws.who(one.act) for one in drawing.settle(wishes, builders.NOW)]


def test_fifty_cards_of_one_look_get_fifty_turns() -> None:
    """In turn, and the ring goes on where it stopped, in another transaction too."""
    tallies: dict[str, draws.Tally] = {}
    among = (candidate(A), candidate(B), candidate(C))
    first = drawn(draws.Drawing(tallies, {}, lambda _: NOBODY), *(wish(n, *among) for n in range(50)))
    then = drawn(draws.Drawing(tallies, {}, lambda _: NOBODY), *(wish(n, *among) for n in range(50, 60)))

    assert [*first, *then] == [(A, B, C)[n % 3] for n in range(60)]


def test_weights_are_kept_and_mixed() -> None:
    """Two of three for a weight of 2, never all at once."""
    turns = drawn(
        draws.Drawing({}, {}, lambda _: NOBODY), *(wish(n, candidate(A, 2), candidate(B)) for n in range(6))
    )
    assert turns == [A, B, A, A, B, A]


def test_a_key_known_already_draws_nothing() -> None:
    """The same look twice, a crash after the record: the same person, and nobody's turn is lost."""
    tallies: dict[str, draws.Tally] = {}
    among = (candidate(A), candidate(B))
    one = wish(1, *among)
    assert drawn(draws.Drawing(tallies, {}, lambda _: NOBODY), one) == [A]
    assert drawn(draws.Drawing(tallies, {one.key: A}, lambda _: NOBODY), one, wish(2, *among)) == [A, B]


def test_who_was_away_isn_t_flooded_when_back() -> None:
    """Ten cards without B, then everybody: B gets his turns, not ten of them."""
    drawing = draws.Drawing({}, {}, lambda _: NOBODY)
    drawn(drawing, *(wish(n, candidate(A), candidate(C)) for n in range(10)))
    back = drawn(drawing, *(wish(n, candidate(A), candidate(B), candidate(C)) for n in range(10, 19)))

    assert Counter(back) == {A: 3, B: 3, C: 3}


def test_robots_that_watch_take_nobody_s_turn() -> None:
    """mode: watch turns a ring of its own."""
    drawing = draws.Drawing({}, {}, lambda _: NOBODY)
    among = (candidate(A), candidate(B))
    watched = drawn(drawing, *(wish(n, *among, dry_run=True) for n in (1, 2, 3)))

    assert (watched, drawn(drawing, wish(4, *among))) == ([A, B, A], [A])


def test_what_stands_on_a_draw_learns_the_name() -> None:
    """The words to the new responsible and about him, and why."""
    move = wish(1, candidate(A), candidate(B))
    to_new = intents.Wish(
        intents.WishKey("new"), move.robot, "d", move.card, "created",
        intents.Notify(intents.DRAWN, "Теперь ваша", "tag"), f"сказать: {intents.DRAWN_NAME}", stands_on=move.key,
    )  # fmt: skip
    to_old = intents.Wish(
        intents.WishKey("old"), move.robot, "d", move.card, "created",
        intents.Notify(C, f"Теперь ведёт {intents.DRAWN_NAME}", "tag"), "сказать", stands_on=to_new.key,
    )  # fmt: skip
    made = draws.Drawing({}, {}, lambda _: NOBODY).settle((move, to_new, to_old), builders.NOW)

    assert [(one.act, one.because, one.pick) for one in made] == [
        (intents.SetFields({draws.RESPONSIBLE: A}), "ответственный — сотрудник 11", None),
        (intents.Notify(A, "Теперь ваша", "tag"), "сказать: сотрудник 11", None),
        (intents.Notify(C, "Теперь ведёт сотрудник 11", "tag"), "сказать", None),
    ]


def test_load_counts_what_was_given_before_the_mirror_shows_it() -> None:
    """Three cards at once go to three people; the card itself counts for nobody; a given one moves its weight."""
    lead = [model.CardRef(model.CardKind.LEAD, n) for n in range(4)]
    known = draws.Load({A: 4, B: 2, C: 3}, dict.fromkeys(lead, A))
    tallies: dict[str, draws.Tally] = {}
    among = (candidate(A), candidate(B), candidate(C))
    drawing = draws.Drawing(tallies, {}, lambda _: known)
    one_by_one = drawn(drawing, *(wish(n, *among, how=intents.PickHow.LOAD) for n in range(4)))

    # Without the card itself A has 3; once the first is B's, only 2: what A is given again was his already.
    assert one_by_one == [B, A, A, A]
    assert [one.user for one in tallies["дежурный"].given] == [B, A]


def test_load_forgets_a_gift_that_somebody_undid() -> None:
    """A card drawn long ago that still stands under another counts where it stands."""
    lead = model.CardRef(model.CardKind.LEAD, 1)
    known = draws.Load({A: 1, B: 1}, {lead: A})
    old = draws.Tally(given=(draws.Given(lead, B, builders.NOW - timedelta(hours=1)),))
    drawing = draws.Drawing({"дежурный": old}, {}, lambda _: known)

    assert drawn(drawing, wish(2, candidate(B), candidate(A), how=intents.PickHow.LOAD)) == [B]


@hypothesis.given(
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.lists(st.integers(0, 63), min_size=1, max_size=60),
)
def test_shares_follow_the_weights_whoever_is_away(weights: list[int], away: list[int]) -> None:
    """While the same people are free, after any past, everybody gets his share of a whole round, one off at most."""
    everybody = [candidate(model.UserId(100 + at), weight) for at, weight in enumerate(weights)]
    drawing = draws.Drawing({}, {}, lambda _: NOBODY)
    for number, mask in enumerate(away):
        free = [one for at, one in enumerate(everybody) if not mask >> at & 1]
        if free:
            assert drawn(drawing, wish(number, *free))[0] in {one.user for one in free}
    rounds = [wish(1000 + n, *everybody) for n in range(sum(weights) * 4)]
    got = Counter(drawn(drawing, *rounds))

    for one in everybody:
        assert abs(got[one.user] - one.weight * 4) <= max(weights) + len(everybody)
