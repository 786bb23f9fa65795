"""The size of each module as boards get it."""

from .bench import Bench


def table(bench: Bench) -> list:
    """Markdown lines: .mpy bytes per module, those that stay in the heap first."""
    folder = bench.board / "lib" / "aws_iot"
    sizes = {path.stem: path.stat().st_size for path in folder.glob("*.mpy")}
    sizes.pop("_cpython", None)  # boards do not carry it
    lines = ["| module | .mpy, bytes |", "|---|---:|"]
    lines += [f"| {name} | {size:,} |" for name, size in sorted(sizes.items())]
    lines.append(f"| all | {sum(sizes.values()):,} |")
    return lines
