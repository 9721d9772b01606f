"""An agent as what other frameworks ask for, one file each; nothing here is imported before it is asked for."""
