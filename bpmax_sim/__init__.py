"""Put $proxy scripts on the bench: recorded once, replayed for ever."""
