"""Weights of the gate before a reformulation."""
