"""The nodes of the graphs, one file each: `State -> the keys it changes`."""
