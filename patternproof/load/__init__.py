"""Load: many users at once, in real time, over HTTP.

A server does one piece of work after the other with an implementation, and tells what became of each, with ticks that order all
that has happened there; locust's users ask for it; what all of it together says is judged by pure functions.
"""

VERSION = 1
"""Of what passes between users and a server of work."""
