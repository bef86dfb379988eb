"""What a scenario drives: a form or a flow."""
