"""A story per day of the people around the robots (users.md), on the preset that most of them begin with."""
