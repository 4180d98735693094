"""What to try: spaces, search files and their checks, proposals, and the rules that stop a trial early."""
