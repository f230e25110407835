"""`python -m xpander_client.cli`: the command, where its script is not on the path."""

from xpander_client.cli import main

main()
