"""Documents as text in a terminal, or in a file or pipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from stance.document import UNNAMED, Document, Quote, Speaker, join_pieces
from stance.render.words import heading, interval_words, readable, sides_of, signed, stance_words, summary

_STYLES = {"positive": "blue", "negative": "dark_orange", "mixed": "magenta"}
_GAP = "  "
_SPEAKER_FIGURES = 46
_PLAIN = str.maketrans({"−": "-", "–": "-", "—": "-", "…": "...", "·": "|", "“": '"', "”": '"', "‘": "'", "’": "'"})


def render_document(document: Document, console: Console) -> None:
    """Prints a document: heading, quotes in text order, speakers.

    A terminal gets one line a quote, shortened to its width; a file or pipe gets the whole of each quote, also on one line.

    Args:
        document: The article.
        console: Where to print.
    """
    title, kicker = heading(document)
    _print(console, Text(title, "bold"))
    if kicker:
        _print(console, Text(kicker, "dim"))
    _print(console, Text(summary(document)))
    styles = {label: _STYLES.get(side, "") for label, side in sides_of(document).items()}
    if document.quotes:
        _print(console, Text())
        explained = any(quote.stance and quote.stance.evidence for quote in document.quotes)
        rows = [_header("#", "speaker", "kind", "stance", *(["because of"] if explained else []), "quote")]
        for number, quote in enumerate(document.quotes, 1):
            because = [Text(join_pieces(document.text, quote.stance.evidence) if quote.stance else "")] if explained else []
            rows.append([*_quote_cells(number, quote, styles), *because, Text(quote.text)])
        _print_table(console, rows, right={0}, name=1, longest=console.width // 4)
    if document.speakers:
        _print(console, Text())
        rows = [
            _header("speaker", "stance", "score", "95% interval", "quotes"),
            *(_speaker_row(speaker, styles) for speaker in document.speakers),
        ]
        _print_table(console, rows, right={2, 4}, name=0, longest=console.width - _SPEAKER_FIGURES)
    _print(console, Text())


def _header(*names: str) -> list[Text]:
    return [Text(name, "dim") for name in names]


def _quote_cells(number: int, quote: Quote, styles: Mapping[str, str]) -> list[Text]:
    stance = Text(stance_words(quote.stance), styles.get(quote.stance.label, "") if quote.stance else "dim")
    return [Text(str(number)), Text(quote.speaker.name if quote.speaker else UNNAMED), Text(quote.kind), stance]


def _speaker_row(speaker: Speaker, styles: Mapping[str, str]) -> list[Text]:
    stance, count = speaker.stance, Text(str(len(speaker.quotes)))
    if stance is None:
        return [Text(speaker.name), Text("–"), Text("–"), Text("–"), count]
    label = Text(stance.label, styles.get(stance.label, ""))
    return [Text(speaker.name), label, Text(signed(stance.score)), Text(interval_words(stance)), count]


def _print_table(console: Console, rows: Sequence[Sequence[Text]], right: set[int], name: int, longest: int) -> None:
    """Prints aligned columns, the last one as long as it is; on a terminal the column `name` leaves room for the others."""
    for row in rows:
        for cell in row:
            cell.plain = _encodable(cell.plain, console)
        if console.is_terminal:
            row[name].truncate(max(12, longest), overflow="ellipsis")
    widths = [max(cell_len(cell.plain) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for n, cell in enumerate(row):
            if n in right:
                cell.align("right", widths[n])
            elif n < len(row) - 1:
                cell.align("left", widths[n])
            cells.append(cell)
        _print(console, Text(_GAP).join(cells))


def _print(console: Console, line: Text) -> None:
    line.plain = _encodable(line.plain, console)
    if console.is_terminal:
        line.truncate(console.width, overflow="ellipsis")
    console.print(line, soft_wrap=True, highlight=False)


def _encodable(text: str, console: Console) -> str:
    shown = readable(text)
    try:
        shown.encode(console.encoding)
    except UnicodeEncodeError:
        # A minus sign that became a question mark would turn a score round.
        return shown.translate(_PLAIN).encode(console.encoding, "replace").decode(console.encoding)
    return shown
