"""One run: the only place that knows modes and wires platforms, transport, cassette and scripts."""
