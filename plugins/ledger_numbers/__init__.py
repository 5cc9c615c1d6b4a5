"""First-party plugin: numbers."""
