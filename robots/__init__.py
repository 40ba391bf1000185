"""The pure engine: what should happen to a card, decided from facts and the moment alone.

Law of this room: no await, clock, file, network, log or dice, and nothing of `connector/` or `sandbox/`.
Time is an argument; facts are frozen values; the answer is a value (`decision.Decision`) that others carry out.
"""
