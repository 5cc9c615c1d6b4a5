"""First-party plugin: sentiment."""
