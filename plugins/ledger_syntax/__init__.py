"""First-party plugin: syntax."""
