"""Rehearsals (`voronka test`): stories of one card, played by the pure engine on a clock of their own."""
