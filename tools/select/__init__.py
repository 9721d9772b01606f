"""Selection: the few tools out of thousands that a request needs, or none."""
