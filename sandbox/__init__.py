"""Sandbox portals: programs that behave as the vendors' documentation says, for robots to be tried on.

Law of this room: written from the documentation of the portals alone. It shares no code with `connector/`
or `robots/`, so that one misreading of an API can't sit on both sides and agree with itself.
"""
