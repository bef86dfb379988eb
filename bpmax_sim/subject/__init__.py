"""What a scenario drives: a form, a flow, or a flow with its forms."""
