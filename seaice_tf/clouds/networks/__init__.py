"""Networks, losses and the exported model."""
