"""The load rig: what a request costs, as a ratio to a floor that is measured in the same run."""
