"""The composition root: the only place that knows which class stands behind which port.

`runtime` runs the daemon; `configuration` turns files into rules; `views` tell how it is; `notes` names what the daemon
leaves in the notebook for the commands.
"""
