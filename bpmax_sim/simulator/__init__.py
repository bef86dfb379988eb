"""Stand-ins of third parties: stateful, in virtual time, built from platform files and rule tables.

A simulator is a transport. What a table in ``rules/`` says of a third party wins; whatever else
the platform file declares is answered by what the file alone tells.
"""
