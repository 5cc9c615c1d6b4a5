"""newsledger: an event-sourced ledger of what is reported, by whom, since when, and how well it is sourced."""
