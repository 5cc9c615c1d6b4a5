"""Pages, the programming interface over HTTP, charts and feeds of changes. Everything is rendered on the server."""
