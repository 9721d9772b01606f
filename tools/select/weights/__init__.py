"""Weights of tool selection, and the card that says what they were made of and what they bring."""
