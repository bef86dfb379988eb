"""Between a live BPMAX and a project: what runs there is captured, and comes here as a draft."""
