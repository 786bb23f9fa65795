"""The size of each module as boards get it."""

from .bench import Bench


def table(bench: Bench) -> list:
    """Markdown lines: .mpy bytes per module, those that stay in the heap first."""
    folder = bench.board / "lib" / "aws_iot"
    files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.mpy")}
    sizes = {name: path.stat().st_size for name, path in files.items()}
    lines = ["| module | .mpy, bytes |", "|---|---:|"]
    lines += [f"| {name} | {size:,} |" for name, size in sorted(sizes.items())]
    lines.append(f"| all | {sum(sizes.values()):,} |")
    return lines
