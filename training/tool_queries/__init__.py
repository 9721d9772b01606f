"""Training of query generators: a language model that writes one query for each tool that a request needs.

Kachuee et al., "Improving Tool Retrieval by Leveraging Large Language Models for Query Generation", 2025 (arXiv
2412.03573): zero-shot, fine-tuned on tool descriptions, and aligned with the retrieval metric; and, for models that
cannot be trained, the same reward over wordings and examples.
"""
