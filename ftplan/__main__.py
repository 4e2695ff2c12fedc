"""`python -m ftplan`: the same as the command `ftplan`."""

from ftplan.cli.main import run

if __name__ == "__main__":
    run()
