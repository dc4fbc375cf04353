"""The cloud on one machine: stand-ins for COS, CI and SCF on loopback, so that the functions run unchanged."""
