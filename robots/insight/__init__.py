"""Numbers of a funnel: pure functions over lives of cards, without a clock and without a store.

`rows` is what goes in; `conversion`, `timing`, `skipping`, `people`, `forecast`, `calls`, `audit` each read the lives once,
in any order, and keep only counters: a quarter of a million lives may be streamed through them.
"""
