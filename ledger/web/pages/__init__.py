"""The pages, one module per noun. Each builds a `Page`, and rendering gives it the form that was asked for."""
