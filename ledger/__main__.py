"""`python -m ledger` is the command `newsledger`."""

from ledger.cli import main

main()
