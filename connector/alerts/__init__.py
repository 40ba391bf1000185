"""A word outside the portal when the robots themselves are ill (users.md F18): mail, and a ping whose absence is the alarm.

`watch` decides what is said and when, `channels` say it. Nothing of a client and no secret is ever in it.
"""
