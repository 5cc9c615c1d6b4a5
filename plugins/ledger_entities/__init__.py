"""First-party plugin: entities."""
