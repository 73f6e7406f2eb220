"""The hunt for leaks: features that know what nobody knew at their cutoff. Start reading at `training.leaks.hunt`."""
