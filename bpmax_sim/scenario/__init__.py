"""Scenario files: model, values, expectations, events, runner."""
