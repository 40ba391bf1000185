"""The loops of one portal: look, carry out, settle, sweep, wake, copy. Each is a step that may be repeated at any time.

    worker     one portal: its desk, its loops, reload, stop
    desk       what every loop is given: ports, settings, health, the rules in force
    supervisor tasks by name, restart with back-off, waiting that a stop interrupts
    health     what is red and why; whether the portal is shut
    reconcile  which dirty things go into which batch, what becomes of those that fail
    looking    one batch: gather, decide, record (design.md «The look»)
    seats      one card of a batch: its facts as a Look and back as a Looked; pure
    absences   cards that the portal no longer shows
    executor   which wishes go out, and what each answer means
    still      whether a wish is still wanted; pure
    sending    the last gate before the socket
    settle     wishes of unknown outcome: look twice, adopt or send again
    sweep      what the doorbells lost, and the first watermarks
    activation from when a robot acts
    moments    stored moments
    backfill   the first copy
    comms      keyed hashes of phones and e-mails
    pauses     robots that a person has paused
    holding    what is above a robot's limit or a person's day
    letters    messages whose hour has come, to each person as one
    reporting  numbers of `reports:` at their hour, to each reader those of his cards
    errands    what commands ask of the daemon: enrolling (with care), undoing
    config     periods, windows, sizes

Law: no loop keeps anything in memory that it couldn't lose. Log events (their sentences are in connector/log_events.py):
card.looked card.gone card.torn card.parked robot.decided intent.sent intent.done intent.refused intent.unknown
intent.superseded intent.waiting intent.held intent.adopted intent.retrying intent.given_up portal.throttled portal.closed portal.opened
sweep.done sweep.failed backfill.page backfill.done loop.failed store.failed store.recovered.

Crash points (`Desk.at`): before_record after_record before_send after_answer before_end after_bundle after_report in_settle in_sweep_before_cursor.
"""
