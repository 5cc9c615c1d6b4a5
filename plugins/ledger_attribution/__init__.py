"""First-party plugin: attribution."""
