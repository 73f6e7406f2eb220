"""Events into features: sources, the catalogue, the array kernel, snapshots, and the only Feast."""
