"""`python -m cockpit` is `cockpit`."""

from cockpit.cli.main import main

if __name__ == "__main__":
    main()
