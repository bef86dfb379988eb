"""The index of a project: facts of its files, shapes of responses, and which file uses what."""
