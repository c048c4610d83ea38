"""`steve worker`: finding the manager, running its worker, and a fleet of processes."""
