"""The store: what must outlive the process. SQLAlchemy and Alembic live here and nowhere else.

Map: `api` is the door (light; what is heavy is imported when a store is opened). `engine` and `writer` carry work to
SQLite, `tables` and `migrations` are its shape, `codec` turns values into JSON and back, `transitions` is the law of a
wish's life; `inbox`, `mirror` (with `clientele`), `ledger`, `notebook`, `journal` keep the promises of `connector.ports`.

Law: every key begins with the portal; moments are whole microseconds UTC; cards, clients and things are written as
`deal:12`. All the work is done by plain functions over a `sqlalchemy.Connection`, so another database needs another
`engine.Engine` and nothing else.
"""
