"""ftplan: Terraform for fine-tuned models."""

__version__ = "0.1.0"
