"""Profiles of Hypothesis: `ci` is quick and repeatable, `deep` is for the night."""

from __future__ import annotations

import os

import hypothesis

hypothesis.settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True)
hypothesis.settings.register_profile("deep", max_examples=2000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
