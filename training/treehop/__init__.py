"""Training TreeHop: examples, the network in torch, losses, the loop, and the gate that refuses what does not help."""
