"""How fast polyhop is, against the bare libraries it stands on."""
