"""What every command line of ours needs. Needs nothing else of ours.

In reading order:

    streams       standard output and error, also where they are closed or nobody listens
    command_line  one line for what is wrong
"""
