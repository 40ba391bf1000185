"""One file per step, numbered in order; a step that was released is never edited."""
