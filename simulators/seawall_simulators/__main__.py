"""`python -m seawall_simulators serve`: the same command without the client's."""

from seawall_simulators.cli import providers

if __name__ == "__main__":
    providers(prog_name="python -m seawall_simulators")
