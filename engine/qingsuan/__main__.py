"""``python -m qingsuan``: the command line, where its script is not on the path."""

from qingsuan.cli import main

if __name__ == "__main__":
    main()
