"""First-party plugin: claims."""
