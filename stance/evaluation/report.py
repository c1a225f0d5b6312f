"""Prints the evaluation as one table, and writes it as JSON and Markdown, with figures and pages of errors beside."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from stance.document import Document, Quote
from stance.evaluation.scores import StanceItem, match_contents, same_source
from stance.evaluation.stances import risk_coverage


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        set: The labelled set.
        system: Model, baseline or people.
        metric: What is measured.
        value: The figure.
        interval: Its bootstrap 95 % interval over articles.
        count: Gold items it rests on.
        precision, recall, right: Where the metric has them.
    """

    set: str
    system: str
    metric: str
    value: float
    interval: tuple[float, float]
    count: int
    precision: float | None = None
    recall: float | None = None
    right: int | None = None


def write_report(
    out: Path, rows: Sequence[Row], read: Mapping[str, Sequence[tuple[Document, Document]]], judged: Sequence[StanceItem]
) -> None:
    """Prints the table to stdout and writes `results.json`, `table.md`, `errors-*.html` and figures.

    Args:
        out: The folder.
        rows: All figures.
        read: For each set its gold documents beside the model's.
        judged: Gold stances beside the model's, for the figures.
    """
    out.mkdir(parents=True, exist_ok=True)
    table = to_markdown(rows)
    print(table)
    (out / "table.md").write_text(table + "\n", encoding="utf-8")
    (out / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    for title, pairs in read.items():
        page = errors_page(title, pairs)
        (out / f"errors-{title.lower().replace(' ', '-')}.html").write_text(page, encoding="utf-8", errors="replace")
    if judged:
        draw_figures(out, judged)


def to_markdown(rows: Sequence[Row]) -> str:
    """The figures as a Markdown table: a line a set and metric, a column a system, systems without the metric left out."""
    lines: list[str] = []
    for title in dict.fromkeys(row.set for row in rows):
        for metrics in _blocks([row for row in rows if row.set == title]):
            systems = list(dict.fromkeys(row.system for row in metrics))
            lines += [f"| {title} | " + " | ".join(systems) + " | n |", "| --- |" + " --- |" * (len(systems) + 1)]
            for metric in dict.fromkeys(row.metric for row in metrics):
                cells = {row.system: row for row in metrics if row.metric == metric}
                written = [_cell(cells[system]) if system in cells else "" for system in systems]
                lines.append(f"| {metric} | " + " | ".join(written) + f" | {next(iter(cells.values())).count} |")
            lines.append("")
    return "\n".join(lines).rstrip()


def _blocks(rows: Sequence[Row]) -> list[list[Row]]:
    stances = [row for row in rows if row.metric.startswith(("stance macro", "stance F1", "stance cal", "stance Brier"))]
    others = [row for row in rows if row not in stances]
    return [block for block in (others, stances) if block]


def _cell(row: Row) -> str:
    return f"{row.value:.3f} ({row.interval[0]:.2f}–{row.interval[1]:.2f})"


def errors_page(title: str, pairs: Sequence[tuple[Document, Document]]) -> str:
    """A page of what was missed, wrongly found or given to the wrong source, article by article."""
    name = html.escape(title)
    parts = [f"<!doctype html><meta charset=utf-8><title>Errors: {name}</title><style>{_STYLE}</style><h1>{name}</h1>"]
    for gold, found in pairs:
        matches = match_contents(gold, found)
        ours, theirs = dict(matches), {f: g for g, f in matches}
        parts.append(f"<h2>{html.escape(gold.id or '')}</h2>")
        parts += [_line("missed", quote, gold) for g, quote in enumerate(gold.quotes) if g not in ours]
        parts += [_line("spurious", quote, found) for f, quote in enumerate(found.quotes) if f not in theirs]
        parts += [
            _line("source", gold.quotes[g], gold) + _line("", found.quotes[f], found)
            for g, f in matches
            if not same_source(gold.quotes[g], found.quotes[f])
        ]
    return "\n".join(parts)


_STYLE = "body{font:15px/1.5 Georgia,serif;max-width:52em;margin:2em auto;padding:0 1em}b{display:inline-block;min-width:5em}i{color:#555}"


def _line(what: str, quote: Quote, document: Document) -> str:
    source = " … ".join(document.text[span.start : span.end] for span in quote.source) or "no source"
    return f"<p><b>{what}</b> {html.escape(quote.text)} <i>— {html.escape(source)}, {quote.kind}</i></p>"


def draw_figures(out: Path, items: Sequence[StanceItem]) -> None:
    """Draws reliability and risk–coverage of stances, where matplotlib is installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    order = sorted(items, key=lambda item: max(item.probabilities.values(), default=1.0))
    size = max(1, len(order) // 8)
    groups = [order[at : at + size] for at in range(0, len(order), size)]
    sure = [sum(max(item.probabilities.values(), default=1.0) for item in group) / len(group) for group in groups]
    left.plot([0, 1], [0, 1], color="#999", linewidth=1)
    left.plot(sure, [sum(item.gold == item.found for item in group) / len(group) for group in groups], marker="o", color="#0b5394")
    left.set(xlabel="probability given", ylabel="share right", title="Reliability of stances", xlim=(0.3, 1), ylim=(0.3, 1))
    points = risk_coverage(items)
    right.plot([x for x, _ in points], [y for _, y in points], color="#0b5394")
    right.set(xlabel="share of quotes kept, the surest first", ylabel="share of them wrong", title="Risk and coverage", ylim=(0, None))
    figure.savefig(out / "stances.png", dpi=150)
