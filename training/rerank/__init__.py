"""Training of the rerankers: candidate lists, the cross-encoder, and the listwise scorer with its calibration."""
