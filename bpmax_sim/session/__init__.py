"""Sessions: the only place that knows modes.

It connects platforms, transport, cassette, scripts.
"""
