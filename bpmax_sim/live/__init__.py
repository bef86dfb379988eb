"""Tools around a live BPMAX: capture of its runs, calibration, and a recording proxy."""
