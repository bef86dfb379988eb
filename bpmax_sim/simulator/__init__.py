"""Simulators of third parties: stateful, in virtual time, from platform files and rule tables.

A simulator is a transport. A table in ``rules/`` takes precedence; everything else that the
platform file declares is answered from that file alone.
"""
