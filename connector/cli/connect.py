"""stub"""


def register(app): ...
