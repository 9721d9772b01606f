"""The query side: encoding, checking, merging query vectors."""
