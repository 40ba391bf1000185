"""The board: the portal as people see it. `add_routes(app, portal)` puts it under /board/ of an application."""

from sandbox.bitrix24.board.routes import add_routes

__all__ = ["add_routes"]
