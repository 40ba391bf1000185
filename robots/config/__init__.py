"""From the admin's YAML to robots: text in, `load.Loaded` out. Nothing here reads a file.

source, slips      what people type that isn't YAML (V001…V011), before the parser speaks
loader, nodes      YAML 1.2 to a tree with a place on every node
presets            `use:`: a ready-made tree under the admin's own
shapes, grammar_*  the file's shape, declared once: checks, suggestions and the JSON schema come of it
names, people      names as people see them to the portal's ids
compile_*          the tree to robots, gates, settings
problems, formats  every problem at once, as text, JSON, GitHub notes, SARIF
load               the one entrance

Law: no problem hides another; a node with an error is `faulty`, and a robot with a faulty node inside is broken alone.
"""
